"""`verify_file`: whatever TensorFlow Lite Micro runs is run, and what it does not run is named."""

import dataclasses
import json

import numpy as np
import pytest
from float_ends import dense_with_ends
from odd_models import (
    crashing_arena,
    largest,
    moved,
    running_sum,
    strange_axis,
    two_of_each,
    with_custom_operator,
)
from tflite_writer import TfliteWriter

from tinykit.common.errors import TinykitError
from tinykit.quantization import process
from tinykit.quantization.tflite import read
from tinykit.verification import model_file, verify_file

pytestmark = pytest.mark.tflm

FAULTS = (
    *("autoencoder_bn", "cnn_dynbatch", "cnn_floatio", "group_conv"),
    *("mww_v1_hey_jarvis", "mww_v2_vad"),
)
RUN = {
    "a state": running_sum(),
    "scales along an axis that is not there": strange_axis(),
    "two inputs, two outputs": two_of_each(),
    "uint8 ends": dense_with_ends("uint8", "uint8"),
    "float ends": dense_with_ends("float32", "float32"),
    "an arena that crashes": crashing_arena(),
    **{f"values of type {kind}": moved(kind) for kind in ("uint8", "int16", "int32", "bool")},
}


@pytest.fixture
def verify_bytes(tmp_path):
    """`verify_file` of a file with these bytes."""

    def verify(content: bytes, **options):
        path = tmp_path / "net.tflite"
        path.write_bytes(content)
        return verify_file(path, **{"samples": 64, **options})

    return verify


def refusal(function, *arguments, **named) -> str:
    with pytest.raises(TinykitError) as caught:
        function(*arguments, **named)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400 and "damaged" not in message, message
    return message


@pytest.mark.parametrize("name", RUN)
def test_what_tflm_runs_is_run(name, verify_bytes):
    report = verify_bytes(RUN[name])
    assert report.verdict == "PASS" and report.identical, str(report)
    assert report.samples == 64 and report.arena_bytes > 0
    json.dumps(report.to_dict())


@pytest.mark.parametrize("name", FAULTS)
def test_files_by_strangers_pass(real_faults, name):
    """Each went wrong once: see the folder's README."""
    path = real_faults / f"{name}.tflite"
    report = verify_file(path, samples=100)
    if report.engine_versions["litert"].startswith("tflite-runtime"):
        assert report.passed and report.identical, str(report)
    assert report.arena["total"] <= report.arena_bytes <= report.arena["total"] + 4096


def test_a_state_is_kept_from_one_input_to_the_next(tmp_path):
    """The sum of all inputs so far, counted here; the first one is 3, which stands for 0."""
    x = np.full((70, 4), 3, np.int8) + np.arange(4, dtype=np.int8)
    result = process.run(running_sum(), x, "tflm").outputs
    expected = np.minimum(3 + np.outer(np.arange(1, 71), np.arange(4)), 127)
    np.testing.assert_array_equal(result, expected)
    path = tmp_path / "net.tflite"
    path.write_bytes(running_sum())
    assert any("as one sequence" in note for note in verify_file(path).notes)


def test_each_of_several_outputs_has_a_line(verify_bytes):
    report = verify_bytes(two_of_each())
    assert ("  output 1", "float32 8: every byte of 64", "PASS") in report.rows()
    assert ("  output 2", "int8 1x1x2: every byte of 64", "PASS") in report.rows()
    kinds = [(output["dtype"], output["different"]) for output in report.to_dict()["outputs"]]
    assert kinds == [("float32", 0), ("int8", 0)]


def test_one_byte_in_the_second_output_fails_the_check():
    """In the float output one step of the integers behind it, in the other three."""
    file, content = read(two_of_each()), two_of_each()
    x = [np.zeros((5, 8), np.int8)] * 2
    results = process.run_engines({"tflm": content, "litert": content}, x)
    results["tflm"].every_output[0][1, 2] += np.float32(0.3)
    results["tflm"].every_output[1][4, 0, 0, 1] -= 3
    outputs = model_file.compare_outputs(file, results["tflm"], results["litert"])
    assert [(o.different, o.max_lsb) for o in outputs] == [(1, 1), (1, 3)]
    report = model_file.report_on_file("two", file, content, results, "")
    assert (report.different, report.max_lsb, report.verdict) == (2, 3, "FAIL")


def test_what_tflm_does_not_run_is_named(verify_bytes, tmp_path):
    """By its own name, with the file's."""
    message = refusal(verify_bytes, with_custom_operator())
    assert "no operator 'TheirOwn'" in message and str(tmp_path / "net.tflite") in message
    writer = TfliteWriter()
    x, y = (writer.tensor((1, 8), 0.1, 3) for _ in range(2))
    writer.operator("GELU", [x], [y])
    assert "no operator GELU" in refusal(verify_bytes, writer.to_bytes([x], [y]))
    assert "type complex64" in refusal(verify_bytes, moved("complex64"))


def test_what_tensorflow_lite_does_not_run_is_not_compared(verify_bytes, monkeypatch):
    """TFLM has operators of its own, such as those of its audio front end."""

    def refuses(*arguments, **named):
        results = attempt(*arguments, **named)
        return results | {"litert": TinykitError("TensorFlow Lite has no operator SignalWindow.")}

    attempt = process.attempt_engines
    monkeypatch.setattr(process, "attempt_engines", refuses)
    report = verify_bytes(dense_with_ends("int8", "int8"))
    assert report.verdict == "SKIP" and report.passed and report.identical is None
    assert report.arena_bytes > 0 and list(report.engine_versions) == ["tflm"]
    assert "not compared: TensorFlow Lite has no operator SignalWindow" in str(report)


def test_a_float_model_is_sent_to_quantization(verify_bytes):
    writer = TfliteWriter()
    x, y = writer.tensor((1, 2), dtype="float32"), writer.tensor((1, 3), dtype="float32")
    kernel = writer.constant(np.ones((3, 2), np.float32))
    writer.operator("FULLY_CONNECTED", [x, kernel, -1], [y])
    message = refusal(verify_bytes, writer.to_bytes([x], [y]))
    assert "is a float model: it computes FULLY_CONNECTED in floating point" in message


# ---- The smallest arena ----


def test_an_arena_trial_that_crashes_means_too_small(verify_bytes):
    """The size that was found works in a process of its own; 16 bytes less do not."""
    report = verify_bytes(crashing_arena())
    assert report.passed and report.arena_bytes >= report.arena["total"]


def test_the_search_is_quick(verify_bytes):
    """A trial is a copy of the process, not a start: the whole check takes seconds."""
    import time

    started = time.perf_counter()
    for _ in range(2):
        verify_bytes(crashing_arena(), samples=1)
    assert time.perf_counter() - started < 30


# ---- With a board ----


def test_the_board_computes_the_bytes_of_float_and_uint8_ends(verify_bytes):
    for ends in (("float32", "float32"), ("uint8", "uint8"), ("float32", "uint8")):
        report = verify_bytes(dense_with_ends(*ends), board="nano33ble")
        assert report.passed and report.board.identical and report.board.samples == 64


def test_the_board_computes_each_step_of_a_sequence(verify_bytes):
    report = verify_bytes(running_sum(), board="nano33ble")
    assert report.passed and report.board.identical and report.board.samples == report.steps == 64
    assert verify_bytes(strange_axis()).steps == 1, (
        "these inputs have nothing to do with each other"
    )


def test_the_board_computes_each_of_several_outputs(verify_bytes):
    """A float one and an int8 one, of two inputs."""
    report = verify_bytes(two_of_each(), board="nano33ble")
    assert report.passed and report.board.identical and len(report.outputs) == 2


def test_a_model_that_only_the_compiler_refuses_keeps_tflms_result(verify_bytes, tmp_path):
    report = verify_bytes(largest(), board="nano33ble")
    assert report.verdict == "PASS" and report.board is None
    row = next(row for row in report.rows() if row[0] == "compiled C++ = TFLM")
    assert row[2] == "SKIP" and "int32 output" in row[1] and str(tmp_path) in row[1]
    facts = report.to_dict()
    assert facts["board"] is None and "int32 output" in facts["board_missing"]


def test_a_failed_comparison_fails_with_a_missing_board_too(verify_bytes):
    report = verify_bytes(largest(), board="nano33ble")
    assert not dataclasses.replace(report, different=1, max_lsb=1).passed


def test_a_model_too_big_for_the_board_keeps_tflms_result(verify_bytes):
    writer = TfliteWriter()
    x, y = (writer.tensor((1, 300_000), 0.1, 3) for _ in range(2))
    writer.operator("ADD", [x, x], [y], activation=0)
    report = verify_bytes(writer.to_bytes([x], [y]), board="nano33ble", samples=2)
    assert report.identical and report.board is None and "is too big for" in report.board_missing


@pytest.mark.parametrize("name", ["group_conv", "mww_v2_vad", "mww_v1_hey_jarvis"])
def test_the_command_shows_both(real_faults, name, capsys):
    from tinykit.cli.main import main

    path = real_faults / f"{name}.tflite"
    assert main(["verify", str(path), "--board", "nano33ble"]) == 0
    shown = capsys.readouterr().out
    assert "PASS  TFLM = TensorFlow Lite" in shown and "PASS  compiled C++ = TFLM" in shown
    assert name in shown and "damaged" not in shown


# ---- Inputs of a file ----


def test_inputs_may_be_of_the_models_type_int8_or_float(verify_bytes, tmp_path):
    q = np.arange(-40, 40, dtype=np.int8).reshape(10, 8)
    floats = (q - 3) * np.float32(0.1)
    unsigned = (q.astype(int) + 128).astype(np.uint8)
    for kind, inputs in (("float32", (q, floats)), ("uint8", (q, floats, unsigned))):
        for x in inputs:
            np.save(tmp_path / "x.npy", x)
            report = verify_bytes(dense_with_ends(kind, "float32"), inputs=tmp_path / "x.npy")
            assert report.samples == 10 and report.passed
    np.save(tmp_path / "x.npy", q.astype(np.int64))
    message = refusal(verify_bytes, dense_with_ends("int8", "int8"), inputs=tmp_path / "x.npy")
    assert "int64" in message
    assert "takes 2" in refusal(verify_bytes, two_of_each(), inputs=tmp_path / "x.npy")
