"""The .tflite reader: right about real models, unshaken by damaged ones."""

import struct
import time
import warnings

import numpy as np
import pytest
from odd_models import running_sum, strange_axis
from tflite_writer import TfliteWriter

import tinykit.quantization.tflite as tflite_file
from tinykit.common.errors import TinykitError

# Counted by the MLPerf Tiny authors' own tools, layer by layer.
MACS = {
    "kws_ref_model": 2_656_768,
    "vww_96_int8": 7_489_664,
    "pretrainedResnet_quant": 12_501_632,
    "ad01_int8": 264_192,
}


@pytest.fixture(scope="module")
def kws(real_models) -> bytes:
    return (real_models / "kws_ref_model.tflite").read_bytes()


def refusal(function, *arguments) -> str:
    """The error's text, which must be one line a student can act on."""
    with pytest.raises(TinykitError) as caught:
        function(*arguments)
    message = str(caught.value)
    assert "\n" not in message and message.endswith("."), message
    assert len(message) < 400, message
    return message


@pytest.mark.parametrize("name", MACS)
def test_macs_are_those_of_the_reference_models(real_models, name):
    file = tflite_file.check(real_models / f"{name}.tflite")
    assert file.macs == MACS[name]
    assert sum(layer.macs for layer in file.layers) == MACS[name]


@pytest.mark.parametrize("name", MACS)
def test_tensors_are_those_that_tensorflow_lite_sees(real_models, name):
    """Shape, scale, zero point and weights of every tensor, with TensorFlow Lite as the oracle."""
    from tinykit.quantization import engines

    content = (real_models / f"{name}.tflite").read_bytes()
    oracle = engines.ReferenceEngine(content)._interpreter
    details = {detail["index"]: detail for detail in oracle.get_tensor_details()}
    for index, tensor in enumerate(tflite_file.read(content).tensors):
        detail = details[index]
        assert tensor.shape == tuple(detail["shape"]), tensor.name
        assert np.dtype(tensor.dtype) == detail["dtype"], tensor.name
        quantization = detail["quantization_parameters"]
        if tensor.quantization:
            scale = np.float32(tensor.quantization.scale)
            np.testing.assert_array_equal(scale, quantization["scales"])
            np.testing.assert_array_equal(
                tensor.quantization.zero_point, quantization["zero_points"]
            )
        if tensor.data is not None:
            np.testing.assert_array_equal(tensor.array(), oracle.get_tensor(index))


@pytest.mark.parametrize("name", MACS)
def test_options_are_those_of_the_schema(real_models, name):
    """Strides, padding, activations ... of every operator, read by the code that TensorFlow
    generates from its schema."""
    from tensorflow.lite.python import schema_py_generated as schema

    content = (real_models / f"{name}.tflite").read_bytes()
    oracle = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0)).subgraphs[0]
    fields = {
        "stride_width": "strideW",
        "stride_height": "strideH",
        "dilation_width": "dilationWFactor",
        "dilation_height": "dilationHFactor",
        "depth_multiplier": "depthMultiplier",
        "filter_width": "filterWidth",
        "filter_height": "filterHeight",
        "keep_num_dims": "keepNumDims",
        "weights_format": "weightsFormat",
        "beta": "beta",
    }
    words = {"padding": schema.Padding, "activation": schema.ActivationFunctionType}
    attributes = {"padding": "padding", "activation": "fusedActivationFunction"}
    for operator, expected in zip(
        tflite_file.read(content).operators, oracle.operators, strict=True
    ):
        for option, value in operator.options.items():
            attribute = fields.get(option) or attributes[option]
            found = getattr(expected.builtinOptions, attribute)
            if option in words:
                value = getattr(words[option], value)
            assert value == found, f"{operator.name}: {option}"


def test_options_of_a_wrong_kind_are_refused(kws):
    """The type of the first convolution's options, changed to that of a softmax."""
    from tensorflow.lite.python import schema_py_generated as schema

    operator = schema.Model.GetRootAs(kws, 0).Subgraphs(0).Operators(0)
    position = operator._tab.Pos + operator._tab.Offset(10)
    assert kws[position] == schema.BuiltinOptions.Conv2DOptions
    changed = bytearray(kws)
    changed[position] = schema.BuiltinOptions.SoftmaxOptions
    assert "options of type 9" in refusal(tflite_file.read, bytes(changed))


def test_layers_are_listed_in_the_order_they_run(kws):
    file = tflite_file.read(kws)
    blocks = ["DEPTHWISE_CONV_2D", "CONV_2D"] * 4
    tail = ["AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
    assert file.ops == ["CONV_2D", *blocks, *tail]
    first = file.layers[0]
    assert (first.name, first.input_shape, first.output_shape) == (
        "conv_2d_1",
        (1, 49, 10, 1),
        (1, 25, 5, 64),
    )
    assert first.weight_bytes == 64 * 10 * 4 + 64 * 4  # int8 weights, int32 biases
    assert first.macs == 25 * 5 * 64 * 10 * 4


def test_a_file_cut_short_anywhere_is_refused_in_one_line(kws):
    for length in [*range(0, 64), *range(64, len(kws), 997), len(kws) - 4]:
        message = refusal(tflite_file.check, kws[:length])
        assert "not a .tflite" in message or "empty" in message or "cut short" in message


def test_what_is_not_a_model_is_refused_in_one_line(tmp_path):
    for content in (b"", b"\0" * 4096, np.random.default_rng(0).bytes(50_000), b"PK\3\4" * 99):
        path = tmp_path / "model.tflite"
        path.write_bytes(content)
        assert str(path) in refusal(tflite_file.check, path)
    assert "cannot be read" in refusal(tflite_file.check, tmp_path / "missing.tflite")
    assert "cannot be read" in refusal(tflite_file.check, tmp_path)
    header = struct.pack("<I4s", 16, b"TFL3") + np.random.default_rng(1).bytes(4096)
    assert "damaged" in refusal(tflite_file.check, header)


@pytest.mark.parametrize("name", MACS)
def test_a_mutated_model_is_read_or_refused_never_worse(real_models, name):
    """200 damaged copies of each model: bytes changed in the structure, blocks moved or lost.

    Half of the changes hit the last 8 kB, where the tables are; a changed weight harms nobody.
    """
    sound = (real_models / f"{name}.tflite").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        damaged = _mutated(sound, rng)
        started = time.perf_counter()
        try:
            tflite_file.check(damaged)
        except TinykitError as error:
            assert "\n" not in str(error)
            refused += 1
        assert time.perf_counter() - started < 2, "a damaged file kept the reader busy"
    assert refused > 50, f"only {refused} of 200 damaged models were noticed"


def _mutated(sound: bytes, rng: np.random.Generator) -> bytes:
    damaged = bytearray(sound)
    kind = rng.integers(4)
    if kind == 0:  # a piece is missing
        start = rng.integers(len(sound))
        del damaged[start : start + rng.integers(1, 64)]
    elif kind == 1:  # a piece stands in another place
        start, to = rng.integers(len(sound) - 64, size=2)
        damaged[to : to + 64] = sound[start : start + 64]
    else:  # single bytes or whole offsets
        for _ in range(rng.integers(1, 20)):
            reach = len(sound) if rng.random() < 0.5 else 8_000
            at = len(sound) - 1 - int(rng.integers(reach - 4))
            if kind == 2:
                damaged[at] = rng.integers(256)
            else:
                value = int(rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, len(sound)]))
                struct.pack_into("<I", damaged, at // 4 * 4 - 4, value)
    return bytes(damaged)


def test_a_small_file_that_poses_as_a_huge_one_is_refused_at_once():
    """60,000 tensors that are all one table with a name of 1 MB: 60 GB for a naive reader."""
    assert "without layers" in refusal(tflite_file.check, _model_of_one_tensor(times=1))
    started = time.perf_counter()
    assert "items at byte" in refusal(tflite_file.check, _model_of_one_tensor(times=60_000))
    assert time.perf_counter() - started < 2


def _model_of_one_tensor(times: int) -> bytes:
    """A model without layers, whose list of tensors names one tensor `times` times."""
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema

    builder = flatbuffers.Builder()

    def vector(offsets: list[int]) -> int:
        builder.StartVector(4, len(offsets), 4)
        for offset in offsets:
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()

    schema.BufferStart(builder)
    buffers = vector([schema.BufferEnd(builder)])
    name = builder.CreateString("n" * (1 << 20))
    schema.TensorStart(builder)
    schema.TensorAddName(builder, name)
    tensors = vector([schema.TensorEnd(builder)] * times)
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    graphs = vector([schema.SubGraphEnd(builder)])
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, graphs)
    schema.ModelAddBuffers(builder, buffers)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


def _keras_dense():
    import keras

    inputs = keras.Input(batch_shape=(1, 8))
    return keras.Model(inputs, keras.layers.Dense(4)(inputs))


def _converted(**settings) -> bytes:
    import tensorflow as tf

    from tinykit.common.quiet import captured_output

    with captured_output(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converter = tf.lite.TFLiteConverter.from_keras_model(_keras_dense())
        converter.representative_dataset = lambda: ([np.ones((1, 8), np.float32)] for _ in "12")
        for name, value in settings.items():
            setattr(converter, name, value)
        return converter.convert()


def test_a_float_model_is_sent_to_quantization():
    assert "float model" in refusal(tflite_file.check, _converted())
    assert "float model" in refusal(tflite_file.check, _converted(**_float16()))


def test_a_model_of_which_only_the_weights_are_int8_is_sent_to_quantization():
    """What Optimize.DEFAULT gives without data: the arithmetic is in floating point."""
    writer = TfliteWriter()
    x, y = writer.tensor((1, 8), dtype="float32"), writer.tensor((1, 4), dtype="float32")
    kernel = writer.constant(np.ones((4, 8), np.int8), 0.1)
    writer.operator("FULLY_CONNECTED", [x, kernel, -1], [y])
    message = refusal(tflite_file.check, writer.to_bytes([x], [y]))
    assert "only its weights are int8" in message


def _float16() -> dict:
    import tensorflow as tf

    types = tf.lite.TargetSpec(supported_types=[tf.float16])
    return {"optimizations": [tf.lite.Optimize.DEFAULT], "target_spec": types}


def test_int16_activations_are_named():
    import tensorflow as tf

    ops = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    spec = tf.lite.TargetSpec(supported_ops=ops)
    wide = {"optimizations": [tf.lite.Optimize.DEFAULT], "target_spec": spec}
    message = refusal(tflite_file.check, _converted(**wide))
    assert "its activations are int16" in message
    assert "damaged" not in message and "float model" not in message


# ---- Whole files that are no plain int8 network ----


def test_every_type_of_the_schema_is_read():
    """With the schema's own list, from TensorFlow, as the oracle of names and numbers."""
    from tensorflow.lite.python import schema_py_generated as schema

    names = {
        number: name.lower() for name, number in vars(schema.TensorType).items() if name[0] != "_"
    }
    for number, name in names.items():
        writer = TfliteWriter()
        x, y = (writer.tensor((1, 8), 0.1, 0, name) for _ in range(2))
        writer.operator("RESHAPE", [x], [y])
        content = writer.to_bytes([x], [y])
        oracle = schema.Model.GetRootAs(content, 0).Subgraphs(0).Tensors(0)
        assert oracle.Type() == number and tflite_file.read(content).input.dtype == name


def test_every_operator_of_the_schema_has_its_name():
    from tensorflow.lite.python import schema_py_generated as schema

    from tinykit.quantization.tflite.schema import OPERATORS

    operators = {n: name for name, n in vars(schema.BuiltinOperator).items() if name[0] != "_"}
    assert dict(enumerate(OPERATORS)) == operators


def test_four_bits_lie_two_in_a_byte_the_first_in_its_low_half():
    """15 weights take 8 bytes; 0x0F is -1 and then 0."""
    writer = TfliteWriter()
    pairs = np.array([0x0F, 0x70, 0x08, 0, 0, 0, 0, 0x77], np.int8)
    weights = writer.tensor((3, 5), 0.1, 0, "int4", 0, pairs)
    x, y = writer.tensor((1, 5), 0.1), writer.tensor((1, 3), 0.1)
    writer.operator("FULLY_CONNECTED", [x, weights, -1], [y])
    tensor = tflite_file.read(writer.to_bytes([x], [y])).tensors[weights]
    assert tensor.n_bytes == 8
    assert tensor.array().dtype == np.int8
    assert tensor.array().tolist() == [[-1, 0, 0, 7, -8], [0] * 5, [0, 0, 0, 0, 7]]


def test_several_graphs_and_a_state_are_read():
    file = tflite_file.read(running_sum())
    assert file.is_stateful and file.ops[:2] == ["CALL_ONCE", "VAR_HANDLE"]
    assert [graph.ops for graph in file.others] == [["VAR_HANDLE", "ASSIGN_VARIABLE"]]
    assert file.others[0].tensors[1].array().tolist() == [[3, 3, 3, 3]]
    assert len(file.layers) == len(file.operators)
    message = refusal(tflite_file.check, running_sum())
    assert "keeps a state" in message and "CALL_ONCE" in message and "damaged" not in message


def test_scales_of_biases_may_name_an_axis_that_biases_do_not_have():
    """quantized_dimension 3, the weights', on biases of one dimension: TFLM's person_detect."""
    file = tflite_file.check(strange_axis())
    biases = file.tensors[file.operators[0].inputs[2]]
    assert biases.shape == (4,) and biases.quantization.axis == 3
    assert len(biases.quantization.scale) == 4


def test_empty_tensors_are_no_damage():
    """Converters leave some behind, such as an LSTM's intermediates."""
    writer = TfliteWriter()
    x, y = (writer.tensor((1, 8), 0.1) for _ in range(2))
    empty = writer.tensor((0,), 0.1)
    writer.operator("ADD", [x, x], [y])
    file = tflite_file.check(writer.to_bytes([x], [y]))
    assert file.tensors[empty].size == file.tensors[empty].n_bytes == 0


def test_what_has_no_fixed_size_or_a_huge_one_is_named():
    for shape, what in (((1, -1), "varying size"), ((1, 1 << 27), "no board has room for")):
        writer = TfliteWriter()
        x, y = (writer.tensor(shape, 0.1) for _ in range(2))
        writer.operator("ADD", [x, x], [y])
        message = refusal(tflite_file.read, writer.to_bytes([x], [y]))
        assert what in message and "damaged" not in message


def test_files_by_strangers_are_read(real_faults):
    """As TensorFlow's own schema reads them: graphs, tensors, operators."""
    from tensorflow.lite.python import schema_py_generated as schema

    paths = sorted(real_faults.glob("*.tflite"))
    assert paths
    for path in paths:
        file, oracle = tflite_file.read(path), schema.Model.GetRootAs(path.read_bytes(), 0)
        graphs = [file, *file.others]
        assert len(graphs) == oracle.SubgraphsLength(), path
        for i, graph in enumerate(graphs):
            expected = oracle.Subgraphs(i)
            assert len(graph.tensors) == expected.TensorsLength()
            assert len(graph.operators) == expected.OperatorsLength()
            for j, operator in enumerate(graph.operators):
                inputs = expected.Operators(j).InputsAsNumpy()
                assert list(operator.inputs) == (list(inputs) if len(operator.inputs) else [])
