"""Many small models under TensorFlow Lite Micro, in one worker process.

TFLM ends the whole process on some models it does not like, and a process per model costs 0.3 s,
so the worker takes one model after the other and is started again behind one that killed it.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def run(
    models: Sequence[bytes], inputs: Sequence[np.ndarray], seconds: float = 120
) -> list[np.ndarray | None]:
    """TFLM's outputs of each model, int8 (n, *output_shape); None for one that it refuses.

    The inputs of a model are given in sequence: what it remembers lasts from one to the next.

    Args:
        models: .tflite files of int8 networks.
        inputs: per model int8 (n, *input_shape); for several inputs (n, bytes), all of them side
            by side, and so are several outputs.
        seconds: for all models together, after which the worker is stopped and this fails.
    """
    from tinykit.quantization.tflite.reader import read

    with tempfile.TemporaryDirectory(prefix="tinykit-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for i, (model, x) in enumerate(zip(models, inputs, strict=True)):
            (folder / f"{i}.tflite").write_bytes(model)
            np.save(folder / f"{i}.in.npy", np.ascontiguousarray(x))
            file = read(model)
            sizes = [len(file.outputs), *(file.tensors[index].size for index in file.inputs)]
            np.save(folder / f"{i}.ends.npy", np.array(sizes))
        first = 0
        while first < len(models):
            command = [sys.executable, __file__, str(folder), str(first), str(len(models))]
            done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
            reached = (folder / "reached").read_text() if (folder / "reached").exists() else "-1"
            assert int(reached) >= first, f"TFLM does not start: {done.stderr[-2000:]!r}"
            first = int(reached) + 1
        outputs = [folder / f"{i}.out.npy" for i in range(len(models))]
        return [np.load(path) if path.exists() else None for path in outputs]


def _worker(folder: Path, first: int, end: int) -> None:
    from tflite_micro import runtime

    for i in range(first, end):
        (folder / "reached").write_text(str(i))
        model = (folder / f"{i}.tflite").read_bytes()
        try:
            interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 20)
            n_outputs, *sizes = np.load(folder / f"{i}.ends.npy").tolist()
            outputs = [
                _step(interpreter, x, sizes, n_outputs) for x in np.load(folder / f"{i}.in.npy")
            ]
        except (RuntimeError, ValueError):
            continue
        temporary = folder / "outputs.npy"
        np.save(temporary, np.concatenate(outputs))
        temporary.replace(folder / f"{i}.out.npy")


def _step(interpreter, x: np.ndarray, sizes: list[int], n_outputs: int) -> np.ndarray:
    """One inference, int8 (1, ...)."""
    for i, part in enumerate(np.split(x.reshape(-1), np.cumsum(sizes)[:-1])):
        interpreter.set_input(part.reshape(interpreter.get_input_details(i)["shape"]), i)
    interpreter.invoke()
    outputs = [interpreter.get_output(i).copy() for i in range(n_outputs)]
    if n_outputs == 1:
        return outputs[0]
    return np.concatenate([y.reshape(-1) for y in outputs])[None]


if __name__ == "__main__":
    _worker(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
