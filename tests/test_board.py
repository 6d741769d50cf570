"""Board profiles and the fit check."""

import dataclasses
import re

import pytest

from tinykit.board import boards, check_fit, find_board, fit, measured_arena_bytes
from tinykit.board import target_arena_bytes as target_arena
from tinykit.errors import TinykitError
from tinykit.quantization import TinyModel


@pytest.mark.parametrize("name", boards)
def test_profiles_are_plausible(name):
    board = boards[name]
    assert board.name == name
    assert re.fullmatch(r"\w+:\w+:\w+", board.fqbn)
    assert board.fqbn.startswith(board.core + ":"), "the core pinned is the core of the board"
    assert re.fullmatch(r"\d+\.\d+\.\d+", board.core_version)
    assert board.core_ram + board.stack < board.ram / 2
    assert board.core_flash < board.flash / 4
    assert board.led_on in ("LOW", "HIGH")
    assert board.led_type == ("rgb" if len(board.led_pins) == 3 else "single")
    assert board.has_imu == bool(board.imu)
    assert all(source.startswith("https://") for source in board.sources)


def test_the_boards_of_the_course_are_there():
    expected = {"nano33ble", "nano33ble_rev2", "nicla_vision", "nano_rp2040", "xiao_esp32s3"}
    assert expected <= set(boards)


def test_an_unknown_board_is_refused_with_the_list_of_boards():
    with pytest.raises(TinykitError, match=r"no board \"uno\".*nano33ble, .*xiao_esp32s3\.$"):
        find_board("uno")


# Arena used under TFLM with CMSIS-NN kernels on an emulated Cortex-M4 (GCC 12).
ON_CORTEX_M4 = {
    "kws_ref_model": 22_820,
    "vww_96_int8": 100_708,
    "pretrainedResnet_quant": 54_996,
    "ad01_int8": 2_580,
}


@pytest.mark.tflm
@pytest.mark.parametrize("name", ON_CORTEX_M4)
def test_the_target_arena_is_enough_and_not_wasteful(real_models, name):
    """The board's arena was measured; what is asked for must cover it without wasting a tenth of
    the smallest board's RAM."""
    pytest.importorskip("tflite_micro")
    tiny = TinyModel.from_tflite(real_models / f"{name}.tflite")
    measured = measured_arena_bytes(tiny)
    arena = target_arena(tiny, measured)
    assert ON_CORTEX_M4[name] <= arena <= ON_CORTEX_M4[name] + 26_000
    assert arena % 16 == 0
    estimate = fit._estimated_arena_bytes(tiny)
    assert measured <= estimate <= 1.35 * measured, "the estimate is for systems without TFLM"


def test_scratch_follows_the_formulas_of_cmsis_nn(small_tiny):
    layers = {layer.op: layer for layer in reversed(small_tiny.layers)}
    first = layers["CONV_2D"]  # 10x4 on one channel
    assert fit._cmsis_scratch_bytes(first) == 2 * 40 * 2
    depthwise = layers["DEPTHWISE_CONV_2D"]  # 3x3 on 4 channels
    assert fit._cmsis_scratch_bytes(depthwise) == 2 * 9 * 4
    assert fit._cmsis_scratch_bytes(layers["SOFTMAX"]) == 0
    pointwise = [layer for layer in small_tiny.layers if layer.op == "CONV_2D"][1]
    assert fit._cmsis_scratch_bytes(pointwise) == 0


@pytest.mark.parametrize("name", boards)
def test_a_small_model_fits_on_every_board(small_tiny, name):
    result = check_fit(small_tiny, name, 10_000)
    assert result.passed
    assert not [line for line in result.advice if "too many" in line]
    assert result.ram["tensor arena"] == target_arena(small_tiny, 10_000)
    assert result.flash["model"] == small_tiny.size
    for text in (str(result), result._repr_html_()):
        assert "it fits" in text
        assert "PASS" in text and "FAIL" not in text
        assert "estimate" in text
        for part in [*result.ram, *result.flash]:
            assert part in text


@pytest.mark.parametrize(
    ("limits", "memory", "remedy"),
    [
        ({"ram": 60_000}, "RAM", "fewer channels"),
        ({"flash": 150_000}, "Flash", "kinds of layers"),
    ],
)
def test_what_does_not_fit_is_said_with_a_remedy(small_tiny, limits, memory, remedy):
    small = dataclasses.replace(boards["nano33ble"], **limits)
    result = check_fit(small_tiny, small, 30_000)
    assert not result.passed
    (advice,) = [line for line in result.advice if line.startswith(memory)]
    used, limit = sum(getattr(result, memory.lower()).values()), next(iter(limits.values()))
    assert f"{used - limit:,} bytes too many" in advice
    assert remedy in advice
    assert "FAIL" in str(result) and "does not fit" in str(result)


def test_a_model_without_front_end_is_checked_alone(real_models):
    tiny = TinyModel.from_tflite(real_models / "vww_96_int8.tflite")
    result = check_fit(tiny, "nano_rp2040", 103_680)
    assert "sample ring" not in result.ram
    assert not [line for line in result.advice if line.startswith("Speed")]


def test_the_sample_ring_outlasts_an_inference(small_tiny):
    """While the model runs, the microphone goes on: a slow board needs a longer queue."""
    for board in boards.values():
        samples = fit.ring_samples(small_tiny, board)
        assert samples & (samples - 1) == 0, "a power of two"
        assert samples / 16_000 >= 1.5 * fit.inference_seconds(small_tiny, board)
