"""QUANTIZE at the beginning and DEQUANTIZE at the end: taken away, and nothing lost by it."""

import numpy as np
import pytest
from float_ends import dense_with_ends

import tinykit as tk
import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError
from tinykit.quantization import process
from tinykit.quantization.tiny_model import TinyModel

ENDS = [(a, b) for a in ("float32", "uint8") for b in ("float32", "uint8")]


def awkward_floats(scale: float, n: int) -> np.ndarray:
    """float32 (n, 8) around every half step, where a rounding shows, and far outside.

    Not beyond 2^31 steps: there C++ leaves open what a float is as an int32, and PC and ARM differ.
    """
    halves = np.arange(-140, 140, dtype=np.float32) * np.float32(scale) / 2
    values = np.concatenate([halves, np.nextafter(halves, 9), np.nextafter(halves, -9)])
    far = np.float32([1e8, -1e8, 1e5, -1e5, 0.0, -0.0, 1e-30])
    return np.random.default_rng(0).choice(np.concatenate([values, far]), (n, 8))


@pytest.mark.parametrize("sides", ENDS, ids="-".join)
def test_the_int8_file_is_the_same_network(sides):
    """Read again, the shortened file holds what the whole one does but its first and last layer."""
    whole = dense_with_ends(*sides)
    file = tflite_file.read(whole)
    assert len(file.operators) == 3 and file.input.dtype == sides[0]
    core = tflite_file.read(tflite_file.with_int8_ends(whole))
    assert core == tflite_file.int8_ends(file) == tflite_file.check(whole)
    assert (core.ops, core.input.dtype, core.output.dtype) == (["FULLY_CONNECTED"], "int8", "int8")
    assert core.tensors == file.tensors, "scales and weights stay as they are"


def test_an_int8_file_stays_as_it_is(real_models):
    content = (real_models / "kws_ref_model.tflite").read_bytes()
    assert tflite_file.with_int8_ends(content) is content


@pytest.mark.tflm
@pytest.mark.parametrize("sides", ENDS, ids="-".join)
def test_inside_and_outside_are_tflms_own_conversions(sides):
    """TFLM runs the whole file and the shortened one; the ends computed in Python lie between."""
    whole = dense_with_ends(*sides)
    first, last = tflite_file.ends(tflite_file.read(whole))
    x = awkward_floats(0.1, 400)
    if sides[0] == "uint8":
        x = np.random.default_rng(0).integers(0, 256, (400, 8)).astype(np.uint8)
    expected = process.run(whole, x, "tflm").outputs
    core = tflite_file.with_int8_ends(whole)
    outputs = process.run(core, first.inside(x), "tflm").outputs
    assert last.outside(outputs).tobytes() == expected.tobytes()
    assert expected.dtype == sides[1] and len(np.unique(expected)) > 20
    q = np.arange(-128, 128).astype(np.int8)
    assert (first.inside(first.outside(q)) == q).all(), "every int8 comes back"


@pytest.mark.tflm
@pytest.mark.parametrize("engine", ["tflm", "board"])
def test_a_tiny_model_predicts_what_the_file_does_with_floats(tmp_path, engine):
    """Bit for bit: from_tflite(...).predict against TFLM on the file as it is.

    TensorFlow Lite is left out: its newer releases round FULLY_CONNECTED in another way.
    """
    path = tmp_path / "net.tflite"
    path.write_bytes(dense_with_ends("float32", "float32"))
    tiny = TinyModel.from_tflite(path)
    x = awkward_floats(0.1, 60)
    expected = process.run(path.read_bytes(), x, "tflm").outputs
    if engine == "board":
        run = tk.VirtualBoard("nano33ble").run_model(tk.compile(tiny), tiny.quantize(x))
        scores = tiny.dequantize(run.outputs)
    else:
        scores = tiny.predict(x, engine=engine)
    assert scores.tobytes() == expected.tobytes()
    again = TinyModel(tiny.tflite, labels=["a", "b", "c", "d"], float_ends=True)
    loaded = TinyModel.load(again.save(tmp_path / "saved"))
    assert loaded.predict(x, engine="tflm").tobytes() == expected.tobytes(), (
        "also after it was saved"
    )


def test_other_files_keep_their_ends():
    """A scale that differs by more than a shift is a layer of its own, and is computed."""
    shifted = dense_with_ends("uint8", "uint8", outer_scale=0.2)
    assert tflite_file.ends(tflite_file.read(shifted)) is None
    with pytest.raises(TinykitError, match="has a uint8 input, and no QUANTIZE layer"):
        tflite_file.check(shifted)


def test_a_converted_model_is_taken_in_all_its_forms():
    """What TensorFlow's converter writes: by default float ends, or uint8, or int8."""
    import tensorflow as tf
    from float_ends import converted

    kinds = {"float32": tf.float32, "uint8": tf.uint8, "int8": tf.int8}
    whole = {name: converted(kind) for name, kind in kinds.items()}
    assert [tflite_file.read(whole[name]).input.dtype for name in kinds] == list(kinds)
    sources = [tk.compile(data, name="same").sources() for data in whole.values()]
    assert sources[0] == sources[1] == sources[2], "the same network between them: the same C++"


def test_a_sketch_is_exported_as_of_the_int8_model(tmp_path):
    """With a front end: file by file the same, with both engines."""
    import tensorflow as tf
    from float_ends import converted

    frontend, labels = tk.features.Picture(size=16), ["a", "b", "c"]
    made = {}
    for kind in (tf.float32, tf.int8):
        tiny = TinyModel(converted(kind), labels, frontend, name="visual_wake_words")
        out = tmp_path / kind.name / "visual_wake_words"
        tk.export_sketch(tiny, out=out, board="nano33ble")
        made[kind] = {path.name: path.read_text() for path in out.rglob("*") if path.is_file()}
        x = np.random.default_rng(0).normal(size=(20, 16, 16, 1)).astype(np.float32)
        made[kind]["quantized"] = tiny.quantize(x).tobytes()
    assert made[tf.float32] == made[tf.int8]
    assert "kInputScale" in made[tf.float32]["model.h"]
