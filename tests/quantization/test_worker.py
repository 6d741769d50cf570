"""The search for the smallest arena: a crash says nothing but "too small"."""

import faulthandler
import os
import signal
import time

import numpy as np
import pytest
from odd_models import crashing_arena

from tinykit.quantization import engines, worker

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def crash() -> bool:
    os.kill(os.getpid(), signal.SIGSEGV)
    return True


def raise_an_error() -> bool:
    raise RuntimeError("Failed to allocate tensors")


def test_a_trial_may_say_no_crash_or_hang():
    assert worker.survives(lambda: True)
    assert not worker.survives(lambda: False)
    assert not worker.survives(crash)
    assert not worker.survives(raise_an_error)
    started = time.perf_counter()
    assert not worker.survives(lambda: time.sleep(60), seconds=1)
    assert time.perf_counter() - started < 30


def test_a_trial_leaves_no_process_behind():
    for _ in range(3):
        worker.survives(crash)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.tflm
@pytest.mark.slow
def test_a_network_whose_trials_crash_has_its_arena_measured():
    """Some size below the smallest crashes TFLM, or the test would not show anything."""
    tflite, x = crashing_arena(), np.zeros((1, 32), np.int8)
    engine = engines.TflmEngine(tflite)
    expected = engine.run_all([x])
    total = engine.allocations()["total"]
    smallest = worker.smallest_arena(tflite, [x], expected, total)

    def status(size: int) -> int:
        child = os.fork()
        if child == 0:
            faulthandler.disable()
            try:
                engines.TflmEngine(tflite, size).run_all([x])
            finally:
                os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    crashes = [size for size in range(total, smallest, 4) if status(size) < 0]
    assert crashes, "no size crashes: take another network"
    assert smallest % 16 == 0 and status(smallest) == 0
