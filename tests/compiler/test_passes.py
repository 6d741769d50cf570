"""The passes of the compiler: what they remove and join, and that no value changes."""

from dataclasses import replace

import numpy as np
import pytest
from graph_interpreter import run
from random_models import random_model
from tflite_writer import ACTIVATION, PADDING, TfliteWriter

import tinykit as tk
import tinykit.quantization.tflite as tflite_file
from tinykit.compiler.dead_channels import remove_dead_channels
from tinykit.compiler.fusion import fuse_additions
from tinykit.compiler.graph import Graph, Matrix, macs
from tinykit.compiler.intervals import intervals
from tinykit.compiler.padding import fold_padding
from tinykit.compiler.reading import read_graph

SEEDS = range(100)
SIGNS = np.array([-1, 1], np.int8)


def graph_of(tflite: bytes) -> Graph:
    return read_graph(tflite_file.check_int8(tflite))


def total_macs(graph: Graph) -> int:
    return sum(macs(graph, op) for op in graph.ops)


@pytest.fixture(scope="module")
def graphs() -> dict[int, Graph]:
    """Random networks; many of them have dead channels."""
    return {seed: graph_of(random_model(seed).tflite) for seed in SEEDS}


def test_no_value_leaves_its_interval(graphs):
    """Every value that occurs for some input lies between the bounds that hold for all."""
    for seed, graph in graphs.items():
        known = intervals(graph)
        for x in random_model(seed).inputs(6):
            for value, q in run(graph, x[None]).items():
                rows = q.reshape(-1, graph.values[value].channels)
                low, high = known[value].low, known[value].high
                assert (rows >= low).all() and (rows <= high).all(), f"model {seed}, value {value}"


def test_removing_channels_changes_no_result(graphs):
    """The last values before a softmax are the same with and without the dead channels."""
    removed = 0
    for seed, graph in graphs.items():
        smaller = remove_dead_channels(graph)
        removed += total_macs(graph) - total_macs(smaller)
        softmaxes = [op for op in smaller.ops if op.kind in ("SOFTMAX", "LOG_SOFTMAX")]
        last = softmaxes[0].inputs[0] if softmaxes else graph.outputs[0]
        for x in random_model(seed).inputs(6):
            before, after = run(graph, x[None]), run(smaller, x[None])
            np.testing.assert_array_equal(after[last], before[last], err_msg=f"model {seed}")
    assert removed > 0, "none of the random models has anything to remove: nothing was tested"


@pytest.mark.parametrize(
    ("top", "bottom", "stays"), [(0, 1, False), (2, 2, False), (3, 0, True), (0, 3, True)]
)
def test_padding_is_folded_where_each_window_still_sees_a_pixel(top, bottom, stays):
    """A 3x3 window reaches two pixels far; three rows of padding would leave it nothing."""
    chain = Chain()
    padded = chain.writer.tensor((1, 6 + top + bottom, 6, 4), 0.1, -128)
    paddings = np.array([[0, 0], [top, bottom], [0, 0], [0, 0]], np.int32)
    chain.writer.operator("PAD", [chain.last, chain.writer.constant(paddings)], [padded])
    weights = chain.writer.constant(chain.weights(4, 3, 3, 4), 0.02)
    output = chain.writer.tensor((1, 4 + top + bottom, 4, 4), 0.1, 0)
    options = {"padding": PADDING["VALID"], "stride_w": 1, "stride_h": 1}
    chain.writer.operator("CONV_2D", [padded, weights, -1], [output], **options)
    graph = graph_of(chain.writer.to_bytes([chain.input], [output]))
    folded = fold_padding(graph)
    assert [op.kind for op in folded.ops] == ["PAD"] * stays + ["CONV_2D"]
    assert same_results(graph, folded)


def test_padding_is_not_folded_where_a_dilated_window_falls_between_the_pixels():
    """Rows -1 and 1 of an image of one row: neither is there, though the window reaches over it."""
    writer = TfliteWriter()
    x, padded, y = (writer.tensor((1, rows, 3, 4), 0.1, -128) for rows in (1, 3, 1))
    paddings = np.array([[0, 0], [1, 1], [0, 0], [0, 0]], np.int32)
    writer.operator("PAD", [x, writer.constant(paddings)], [padded])
    weights = writer.constant(np.ones((4, 2, 1, 4), np.int8), 0.02)
    options = {"padding": PADDING["VALID"], "stride_w": 1, "stride_h": 1, "dilation_h": 2}
    writer.operator("CONV_2D", [padded, weights, -1], [y], dilation_w=1, **options)
    assert [op.kind for op in fold_padding(graph_of(writer.to_bytes([x], [y]))).ops] == [
        "PAD",
        "CONV_2D",
    ]


def test_fusing_additions_changes_no_result():
    fused = 0
    for seed in range(300):  # of so many networks, a handful have one
        graph = graph_of(random_model(seed).tflite)
        joined = fuse_additions(graph)
        if joined is graph:
            continue
        fused += len(graph.ops) - len(joined.ops)
        for x in random_model(seed).inputs(6):
            before, after = run(graph, x[None]), run(joined, x[None])
            for value in before.keys() & after.keys():
                np.testing.assert_array_equal(after[value], before[value], err_msg=f"model {seed}")
    assert fused >= 3, "too few additions were fused to test anything"


class Chain:
    """Convolutions one after the other on 6x6 pixels; weights can be given channel by channel."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(1)
        self.writer = TfliteWriter()
        self.input = self.last = self.writer.tensor((1, 6, 6, 4), 0.1, -128)
        self.size = 6

    def weights(self, *shape: int) -> np.ndarray:
        return self.rng.integers(1, 60, shape).astype(np.int8) * self.rng.choice(SIGNS, shape)

    def conv(self, weights: np.ndarray, bias=None, op="CONV_2D", padding="SAME", zero_point=-128):
        """Append a convolution with ReLU; `bias` int32 per channel, default 100 for all."""
        axis = 0 if op == "CONV_2D" else 3
        channels = weights.shape[axis]
        bias = np.full(channels, 100) if bias is None else np.asarray(bias)
        if padding == "VALID":
            self.size -= weights.shape[1] - 1
        constants = (
            self.writer.constant(weights.astype(np.int8), 0.02, axis),
            self.writer.constant(bias.astype(np.int32)),
        )
        output = self.writer.tensor((1, self.size, self.size, channels), 0.1, zero_point)
        options = {"depth_multiplier": 1} if op != "CONV_2D" else {}
        options |= {"padding": PADDING[padding], "stride_w": 1, "stride_h": 1}
        options |= {"activation": ACTIVATION["RELU"]}
        self.writer.operator(op, [self.last, *constants], [output], **options)
        self.last = output
        return self

    def depthwise(self, weights: np.ndarray, **options):
        return self.conv(weights, op="DEPTHWISE_CONV_2D", **options)

    def graph(self) -> Graph:
        return graph_of(self.writer.to_bytes([self.input], [self.last]))


def channels(graph: Graph) -> list[int]:
    """Output channels of each layer with weights."""
    return [op.channels for op in graph.ops if isinstance(op, Matrix)]


def without(weights: np.ndarray, indices, axis: int) -> np.ndarray:
    """The weights with some channels set to zero."""
    weights = weights.copy()
    np.moveaxis(weights, axis, 0)[list(indices)] = 0
    return weights


def same_results(graph: Graph, smaller: Graph) -> bool:
    inputs = np.random.default_rng(2).integers(-128, 128, (8, *graph.values[graph.inputs[0]].shape))
    pairs = [(run(graph, x)[graph.outputs[0]], run(smaller, x)[graph.outputs[0]]) for x in inputs]
    assert len({before.tobytes() for before, _ in pairs}) > 1, "a result that never changes"
    return all(np.array_equal(*pair) for pair in pairs)


def test_channels_with_zero_weights_are_folded_into_the_next_biases():
    """Four of eight channels are constant: with bias 100 their value is not the zero point, and a
    convolution without padding takes it into its biases."""
    chain = Chain().conv(without(Chain().weights(8, 3, 3, 4), (0, 2, 3, 7), 0))
    graph = chain.conv(chain.weights(4, 3, 3, 8), padding="VALID").graph()
    smaller = remove_dead_channels(graph)
    assert channels(graph) == [8, 4] and channels(smaller) == [4, 4]
    assert same_results(graph, smaller)


def test_constants_that_end_at_the_border_stay():
    """With padding SAME a constant counts less at the border: no bias can stand for that. At the
    zero point (here cut off by ReLU, the bias is below 0) it counts nothing anywhere."""
    for bias, expected in ((100, [8, 4]), (-5000, [4, 4])):
        chain = Chain()
        weights = without(chain.weights(8, 1, 1, 4), range(4), 0)
        graph = chain.conv(weights, np.full(8, bias)).conv(chain.weights(4, 3, 3, 8)).graph()
        if bias < 0:
            graph = graph_with_alive_biases(graph)
        smaller = remove_dead_channels(graph)
        assert channels(smaller) == expected, f"bias {bias}"
        assert same_results(graph, smaller)


def graph_with_alive_biases(graph: Graph) -> Graph:
    """Only channels without weights keep a bias below 0."""
    first = graph.ops[0]
    first.bias[first.weights.reshape(len(first.bias), -1).any(axis=1)] = 100
    return graph


def test_dead_channels_are_followed_through_depthwise_layers():
    """A depthwise filter of zeros kills its channel, and with it the layer before."""
    chain = Chain()
    chain.conv(chain.weights(8, 1, 1, 4))
    chain.depthwise(without(chain.weights(1, 3, 3, 8), (1, 2, 3, 5), 3), bias=np.full(8, -900))
    graph = chain.conv(chain.weights(4, 1, 1, 8)).graph()
    smaller = remove_dead_channels(graph)
    assert channels(smaller) == [4, 4, 4]
    assert same_results(graph, smaller)


def test_layers_that_nobody_reads_are_removed():
    """A second branch that ends nowhere, and what only it has read."""
    chain = Chain()
    chain.conv(chain.weights(4, 3, 3, 4))
    end = chain.last
    graph = chain.conv(chain.weights(4, 3, 3, 4)).conv(chain.weights(8, 1, 1, 4)).graph()
    graph = replace(graph, outputs=(end,))
    assert [op.name for op in remove_dead_channels(graph).ops] == ["conv_2d_1"]


def test_channels_that_nobody_reads_are_removed():
    """The next layer's weights for them are zero. Also what only fed those is gone then."""
    chain = Chain()
    chain.conv(without(chain.weights(8, 1, 1, 4), (), 0))
    second = chain.weights(8, 1, 1, 8)
    second[:4, ..., 4:] = 0  # channels 4 ... 7 feed channels 4 ... 7 alone
    chain.conv(second)
    graph = chain.conv(without(chain.weights(4, 3, 3, 8), range(4, 8), 3)).graph()
    smaller = remove_dead_channels(graph)
    assert channels(smaller) == [4, 4, 4]
    assert same_results(graph, smaller)


def test_channel_counts_stay_multiples_of_four():
    """The kernels like them: of five alive and three dead channels, eight stay."""
    chain = Chain().conv(without(Chain().weights(8, 1, 1, 4), (0, 1, 2), 0))
    graph = chain.conv(chain.weights(4, 1, 1, 8)).graph()
    assert channels(remove_dead_channels(graph)) == [8, 4]


def test_the_output_keeps_all_its_channels():
    """What the caller reads stays, dead or not."""
    chain = Chain().conv(Chain().weights(4, 1, 1, 4))
    graph = chain.conv(without(chain.weights(8, 1, 1, 4), range(4), 0)).graph()
    assert channels(remove_dead_channels(graph)) == [4, 8]


def test_half_of_the_visual_wake_words_model_is_dead(real_models):
    """vww_96_int8 has 7.49 M MACs, 3.73 M of them alive (counted by hand, zero weights only); a
    few dead ones stay, because channels come in fours."""
    compiled = tk.compile(real_models / "vww_96_int8.tflite")
    assert 3_720_000 < compiled.macs < 3_780_000
    assert compiled.macs + compiled.removed_macs == 7_489_664


def test_additions_become_part_of_the_convolution_before(real_models):
    """ResNet's three additions cost no step of their own; each stands where it stood."""
    compiled = tk.compile(real_models / "pretrainedResnet_quant.tflite")
    names = [step.name for step in compiled.steps]
    assert names[:7] == [
        "conv_2d_1",
        "conv_2d_2",
        "conv_2d_3+add_1",
        "conv_2d_4",
        "conv_2d_5",
        "conv_2d_6+add_2",
        "conv_2d_7",
    ]
    assert not any(step.op == "ADD" for step in compiled.steps)
    fused = compiled.steps[2]
    assert fused.op == "CONV_2D+ADD" and fused.function == "conv_2d_3_add_1"
    assert "LAYER conv_2d_3_add_1()" in compiled.sources()["model.cpp"]
