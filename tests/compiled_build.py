"""Compiling generated models for the host, many at a time, and running them.

Each model becomes a shared library of its own, so that their names do not meet. The kernels are
the same files in every model and are compiled once.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from cpp_build import SKETCH_FLAGS, STAND_INS, compile_cpp

if TYPE_CHECKING:
    from tinykit.board.virtual.machine import Machine
    from tinykit.compiler import CompiledModel

SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_LIBRARY = "model.dll" if sys.platform == "win32" else "model.so"


class Sides:
    """Sizes of a model's inputs and outputs; several of them lie side by side in one row."""

    def __init__(self, compiled: "CompiledModel") -> None:
        shapes = (compiled.input_shapes, compiled.output_shapes)
        self.inputs, self.outputs = ([int(np.prod(shape)) for shape in side] for side in shapes)
        one_input, one_output = (len(side) == 1 for side in shapes)
        self.input_shape = shapes[0][0] if one_input else (sum(self.inputs),)
        self.output_shape = shapes[1][0] if one_output else (sum(self.outputs),)

    def rows(self, q: np.ndarray) -> np.ndarray:
        """Inputs, checked."""
        q = np.ascontiguousarray(q, np.int8)
        assert q.shape[1:] == tuple(self.input_shape), f"{q.shape} for {self.input_shape}"
        return q


class HostModel:
    """A generated model as a shared library."""

    def __init__(self, compiled: "CompiledModel", library: Path) -> None:
        self._sides = Sides(compiled)
        self._run = ctypes.CDLL(str(library)).run

    def run(self, q: np.ndarray) -> np.ndarray:
        """Outputs int8 (n, *output_shape) of inputs int8 (n, *input_shape), in sequence.

        Of several inputs or outputs, all bytes of a step side by side: (n, bytes).
        """
        sides, q = self._sides, self._sides.rows(q)
        outputs = np.zeros((len(q), *sides.output_shape), np.int8)
        sizes = np.array([*sides.inputs, *sides.outputs], np.int32)
        x, y, numbers = (a.ctypes.data_as(ctypes.c_void_p) for a in (q, outputs, sizes))
        done = self._run(x, len(q), y, numbers, len(sides.inputs), len(sides.outputs))
        assert done == len(q), f"inference {done} of {len(q)} failed"
        return outputs


class SanitizedModel:
    """A generated model as a program that ends at the first access outside of its arrays, and at
    the first arithmetic that C++ does not define."""

    def __init__(self, compiled: "CompiledModel", program: Path) -> None:
        self._sides, self._program = Sides(compiled), program

    def run(self, q: np.ndarray) -> np.ndarray:
        """As `HostModel.run`; fails with what the sanitizer says."""
        sides, q = self._sides, self._sides.rows(q)
        numbers = map(str, (len(q), len(sides.inputs), *sides.inputs, *sides.outputs))
        command = [str(self._program), *numbers]
        done = subprocess.run(
            command, input=q.tobytes(), capture_output=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[:4000]
        return np.frombuffer(done.stdout, np.int8).reshape(len(q), *sides.output_shape)


class Builder:
    """Compiles generated models in a folder; kernels that it has seen before are not repeated."""

    def __init__(self, folder: Path, flags: Iterable[str] = ("-O1",)) -> None:
        self._folder = folder
        self._flags = ["-std=gnu++14", *SKETCH_FLAGS, *flags]
        self._texts: dict[str, str] = {}  # of each file below src/
        self._objects: dict[str, Path] = {}  # of each kernel

    def libraries(self, models: Sequence["CompiledModel"]) -> list[HostModel]:
        """All of them, compiled side by side."""
        flags = ["-shared"] + ([] if sys.platform == "win32" else ["-fPIC"])
        paths = self._build(models, _LIBRARY, flags)
        return [HostModel(*pair) for pair in zip(models, paths, strict=True)]

    def programs(self, models: Sequence["CompiledModel"]) -> list[SanitizedModel]:
        """All of them as programs; give `flags=SANITIZERS`."""
        paths = self._build(models, "model.exe", ["-DCOMPILED_MAIN"])
        return [SanitizedModel(*pair) for pair in zip(models, paths, strict=True)]

    def _build(self, models: Sequence["CompiledModel"], name: str, flags: list[str]) -> list[Path]:
        written = [self._write(model) for model in models]
        new = {path: folder for folder, paths in written for path in paths}
        new = {path: folder for path, folder in new.items() if path not in self._objects}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = pool.map(self._kernel, new, new.values())
            self._objects |= zip(new, objects, strict=True)
            jobs = [pool.submit(self._link, *pair, name, flags) for pair in written]
            return [job.result() for job in jobs]

    def _write(self, model: "CompiledModel") -> tuple[Path, list[str]]:
        """The folder of a model's files, and its kernels' paths in there."""
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        for path, text in model.sources().items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
            if path.startswith("src/"):
                known = self._texts.setdefault(path, text)
                assert known == text, f"{path} is not the same in every model"
        kernels = folder.glob("src/**/*.cpp")
        return folder, [path.relative_to(folder).as_posix() for path in kernels]

    def _kernel(self, path: str, folder: Path) -> Path:
        position = [] if sys.platform == "win32" else ["-fPIC"]
        made = folder / f"{path}.o"
        compile_cpp([*self._flags, *position, "-I", folder, "-c", folder / path, "-o", made])
        return made

    def _link(self, folder: Path, kernels: list[str], name: str, flags: list[str]) -> Path:
        objects = [self._objects[path] for path in kernels]
        entry = STAND_INS / "compiled.cpp"
        compile_cpp([*self._flags, *flags, "-I", folder, entry, *objects, "-o", folder / name])
        return folder / name


def run_on_board(
    models: Sequence["CompiledModel"], inputs: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Outputs of each model's inputs from the Cortex-M4 kernels on the virtual board.

    `VirtualBoard.run_model` for many models at once: all of them are one program, each in a
    namespace of its own, because starting a compiler costs more than compiling a small model.
    """
    from tinykit.board.virtual.build import Memory, build
    from tinykit.board.virtual.machine import Machine

    files, roots = {}, []
    for i, model in enumerate(models):
        sources = model.sources()
        for name in ("model.h", "model.cpp"):
            text = sources.pop(name).replace("namespace model {", f"namespace m{i} {{")
            files[f"m{i}/{name.replace('.cpp', '.inc')}"] = text
        files |= sources
        files.setdefault(f"batch{i % 4}.cpp", "")
        files[f"batch{i % 4}.cpp"] += f'#include "m{i}/model.inc"\n'
        roots += [_symbol(i, name) for name in ("init", "input", "invoke", "output")]
        roots += [_symbol(i, "input", "i")] * (len(model.input_shapes) > 1)
        roots += [_symbol(i, "output", "i")] * (len(model.output_shapes) > 1)
    program = build(files, Memory(flash=1 << 24, ram=1 << 24, stack=8192), roots=roots)
    machine = Machine(program, 8192)
    machine.call("boardConstruct")
    return [_outputs(machine, i, *pair) for i, pair in enumerate(zip(models, inputs, strict=True))]


def _outputs(machine: "Machine", i: int, model: "CompiledModel", q: np.ndarray) -> np.ndarray:
    assert machine.call(_symbol(i, "init")) == 0
    sides = Sides(model)
    sources = _memories(machine, i, "input", sides.inputs)
    targets = _memories(machine, i, "output", sides.outputs)
    rows, outputs = sides.rows(q).reshape(len(q), -1), []
    for row in rows:
        for part, memory in zip(np.split(row, np.cumsum(sides.inputs)[:-1]), sources, strict=True):
            memory[:] = part.view(np.uint8)
        machine.call(_symbol(i, "invoke"))
        outputs.append(np.concatenate(targets))
    return np.array(outputs).view(np.int8).reshape(len(q), *sides.output_shape)


def _memories(machine: "Machine", i: int, name: str, sizes: list[int]) -> list[np.ndarray]:
    """The board's memory of each input or output."""
    if len(sizes) == 1:
        places = [machine.call(_symbol(i, name))]
    else:
        places = [machine.call(_symbol(i, name, "i"), number) for number in range(len(sizes))]
    return [machine.memory(*pair) for pair in zip(places, sizes, strict=True)]


def _symbol(i: int, name: str, argument: str = "v") -> str:
    """The linker's name of m0::init() and the like."""
    return f"_ZN{len(f'm{i}')}m{i}{len(name)}{name}E{argument}"


def has_sanitizers() -> bool:
    """Whether the compiler comes with the libraries of SANITIZERS (Windows: often not)."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if not compiler or sys.platform == "win32":
        return False
    command = [compiler, "-x", "c++", "-", *SANITIZERS, "-o", os.devnull]
    return subprocess.run(command, input=b"int main() {}", capture_output=True).returncode == 0
