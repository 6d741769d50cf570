"""report.json of a technique lesson: results, claims, and what is refused."""

import json

import numpy as np
import pytest

import tinykit as tk
from tinykit.verification.report_json import summary

FLOAT = {"name": "float", "accuracy": 0.95, "bytes": 80_000}
INT4 = {
    "name": "int4, per channel",
    "accuracy": np.float32(0.9375),  # what notebooks have at hand: NumPy's numbers
    "low": 0.92,
    "high": 0.96,
    "seeds": np.int64(5),
    "bytes": 10_400.0,
    "code_bytes": 1_200,
    "ram_bytes": 9_216,
    "macs": 2_766_016,
    "instructions": 4_100_000,
}
SMALLER = {"claim": "int4 is 7 times smaller", "target": 7, "measured": 80 / 10.4, "holds": True}
AS_GOOD = {
    "claim": "int4 is as good as float",
    "target": "within 1.0 points",
    "measured": "1.3 points",
    "holds": np.bool_(False),
}


def written(tmp_path, **content) -> dict:
    path = tk.write_report(tmp_path, lesson="quantization", **content)
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_technique_lesson_needs_no_model_and_no_data(tmp_path):
    report = written(tmp_path, results=[FLOAT, INT4], claims=[SMALLER, AS_GOOD])
    assert set(report) == {"lesson", "seconds", "results", "claims"}
    assert report["results"] == [FLOAT, INT4], "as measured, in the order given"
    assert [claim["holds"] for claim in report["claims"]] == [True, False]
    assert report["claims"][1]["measured"] == "1.3 points", "what does not hold stays in"


def test_counts_are_whole_numbers_in_the_file(tmp_path):
    tk.write_report(tmp_path, lesson="quantization", results=[INT4])
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert '"bytes": 10400,' in text and '"seeds": 5,' in text


@pytest.mark.tflm
def test_with_a_model_it_has_the_keys_of_a_project_too(small_tiny, small_features, tmp_path):
    found = tk.verify(small_tiny, small_features)
    report = written(tmp_path, data="bundled", report=found, results=[INT4], claims=[SMALLER])
    keys = {"lesson", "data", "labels", "accuracy", "parity", "size", "macs", "results", "claims"}
    assert keys <= set(report) and "project" not in report
    assert "every byte identical" in summary(report)


def test_the_summary_is_a_table_that_people_read(tmp_path):
    report = written(tmp_path, results=[FLOAT, INT4], claims=[SMALLER, AS_GOOD])
    lines = summary(report).splitlines()
    assert lines[0] == "quantization"
    head = next(i for i, line in enumerate(lines) if "accuracy" in line)
    assert lines[head].split() == (
        ["accuracy", "low", "high", "seeds", "bytes", "code", "RAM", "MACs", "instructions"]
    )
    assert lines[head + 1].split() == ["float", "95.0%", *"---", "80,000", *"----"]
    assert lines[head + 2].split()[-6:] == (
        ["5", "10,400", "1,200", "9,216", "2,766,016", "4,100,000"]
    )
    assert len({len(line) for line in lines[head : head + 3]}) == 1, "columns stand in line"
    text = "\n".join(lines)
    assert "holds          int4 is 7 times smaller" in text
    assert "measured 7.69231, target 7" in text
    assert "DOES NOT HOLD  int4 is as good as float" in text


def without(row: dict, key: str) -> dict:
    return {name: value for name, value in row.items() if name != key}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"name": "int4", "acc": 0.9}, "Row 1 of results has the unknown key 'acc'. Use name, acc"),
        ({"accuracy": 0.9}, "Row 1 of results has no name"),
        ({"name": "int4", "accuracy": 93.7}, "accuracy is 93.7. Give a share from 0 to 1"),
        ({"name": "int4", "accuracy": float("nan")}, "accuracy is nan"),
        ({"name": "int4", "accuracy": None}, "accuracy is None"),
        ({"name": "int4", "bytes": 10.5}, "bytes is 10.5. Give a whole number"),
        ({"name": "int4", "ram_bytes": -1}, "ram_bytes is -1"),
        ({"name": "int4", "macs": "2 M"}, "macs is '2 M'"),
        ({"name": "int4", "seeds": True}, "seeds is True"),
        (INT4 | {"low": 0.95}, "accuracy is not between low and high"),
        ("int4", "Row 1 of results is 'int4'. Give a dict"),
    ],
)
def test_a_row_of_results_that_is_not_right_is_refused(row, said, tmp_path):
    with pytest.raises(tk.TinykitError) as refused:
        written(tmp_path, results=[row])
    assert said in str(refused.value)
    assert not (tmp_path / "report.json").exists()


def test_two_results_of_one_name_cannot_be_told_apart(tmp_path):
    with pytest.raises(tk.TinykitError, match='Row 2 of results \\("float"\\) is named as one'):
        written(tmp_path, results=[FLOAT, FLOAT])


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (SMALLER | {"margin": 2}, "Claim 1 has the unknown key 'margin'. Use claim, target"),
        (without(SMALLER, "target"), "Claim 1 has no 'target'"),
        (SMALLER | {"claim": " "}, "Claim 1 says nothing"),
        (SMALLER | {"holds": "yes"}, "holds is 'yes'. Give True or False"),
        (SMALLER | {"holds": np.float64(1)}, "Give True or False"),
        (SMALLER | {"holds": 1}, "holds is 1. Give True or False"),
        (SMALLER | {"measured": float("inf")}, "measured is inf"),
        (SMALLER | {"measured": None}, "measured is None"),
    ],
)
def test_a_claim_that_is_not_right_is_refused(claim, said, tmp_path):
    with pytest.raises(tk.TinykitError) as refused:
        written(tmp_path, claims=[claim])
    assert said in str(refused.value)


def test_a_project_is_not_done_without_its_check(tmp_path):
    with pytest.raises(tk.TinykitError, match="give report="):
        tk.write_report(tmp_path, project="keyword_spotting", data="bundled")
    with pytest.raises(tk.TinykitError, match="either project"):
        tk.write_report(tmp_path, results=[FLOAT])
