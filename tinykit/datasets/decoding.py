"""Many small files decoded in threads, in the order that is quickest to read."""

import os
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tinykit.common.errors import TinykitError
from tinykit.common.progress import Bar
from tinykit.datasets.archives import Tree

_WAITING = 256  # files read ahead of decoding, so that memory holds few of them


def decoded(
    tree: Tree,
    names: Collection[str],
    decode: Callable[[str, bytes], Any],
    *,
    unit: str,
    show: bool,
) -> Iterator[tuple[str, Any | TinykitError]]:
    """Read and decode files of a tree: pairs of a name and what `decode` gives for it.

    Decoders release the interpreter, so that threads help while the next files are read.

    Args:
        tree: where the files are.
        names: the files, paths in the tree.
        decode: called with a name and the file's content, in any thread. A TinykitError that it
            raises takes the place of its result.
        unit: what is counted on the progress bar, such as "clips".
        show: draw the bar.
    """
    wanted = set(names)

    def result(name: str, content: bytes) -> tuple[str, Any | TinykitError]:
        try:
            return name, decode(name, content)
        except TinykitError as error:
            return name, error

    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        Bar(total=len(wanted), unit=f" {unit}", disable=not show) as progress,
    ):
        decoding = deque()
        for name in filter(wanted.__contains__, tree.names):
            decoding.append(pool.submit(result, name, tree.read(name)))
            if len(decoding) == _WAITING:
                yield decoding.popleft().result()
            progress.update()
        yield from (future.result() for future in decoding)
