"""Bodies by Anny (https://github.com/naver/anny, on MakeHuman's).

Anny's axes: x to the body's left, -y forward, z up. Its mesh carries MakeHuman's helpers: a loose
suit, a skirt and a mass of hair around the body, which move with it.
"""

from __future__ import annotations

import warnings
from functools import cache
from itertools import pairwise

import numpy as np
import torch

# The vertices of the body and of each helper: from, to.
GROUPS = {
    "body": (0, 13380),
    "eyes": (14598, 14742),
    "suit": (15328, 18002),
    "skirt": (18002, 18722),
    "hair": (18722, 19150),
}


class Body:
    """Anny, loaded once, and which vertex belongs to what."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import anny

            self.model = anny.Anny(topology="anny-full").to(dtype=torch.float32)
        self.names = list(self.model.bone_labels)
        weights = self.model.vertex_bone_weights.numpy()
        bones = self.model.vertex_bone_indices.numpy()[np.arange(len(weights)), weights.argmax(1)]
        self.bone = np.array(self.names)[bones]
        self.rest, _, self.tall = self.posed(dict.fromkeys(self.model.phenotype_labels, 0.5), {})
        self.faces = {name: _faces(*span) for name, span in GROUPS.items()}
        body = self.model.faces.numpy()
        self.faces["body"] = body[(body < GROUPS["body"][1]).all(axis=1)]

    def posed(self, phenotype: dict[str, float], turns: dict) -> tuple[np.ndarray, dict, float]:
        """Vertices (19158, 3), where bones are (by name a 4 x 4 matrix), and the body's height.

        `turns`: by bone a rotation against its parent, about the axes of the body at rest.
        """
        pose = torch.eye(4)[None, None].repeat(1, len(self.names), 1, 1)
        for bone, turn in turns.items():
            pose[0, self.names.index(bone), :3, :3] = torch.tensor(
                turn.as_matrix(), dtype=torch.float32
            )
        with torch.no_grad():
            out = self.model(pose_parameters=pose, phenotype_kwargs=phenotype)
        bones = dict(zip(self.names, out["bone_poses"][0].numpy(), strict=True))
        tall = float(np.ptp(out["rest_vertices"][0, : GROUPS["body"][1], 2].numpy()))
        return out["vertices"][0].numpy().astype(float), bones, tall

    def where(self, *starts: str) -> np.ndarray:
        """Whether each vertex moves with a bone whose name begins so: bool (19158,)."""
        return np.char.startswith(self.bone[:, None], np.array(starts)).any(axis=1)


@cache
def body() -> Body:
    """The one Body there is."""
    return Body()


def _faces(start: int, end: int) -> np.ndarray:
    """Triangles of one of MakeHuman's groups, which Anny's own triangles leave out."""
    from pathlib import Path

    import anny

    path = Path(anny.__file__).parent / "data/mpfb2/3dobjs/base.obj"
    triangles = []
    for line in path.read_text().splitlines():
        if line.startswith("f "):
            corners = [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
            if start <= min(corners) and max(corners) < end:
                triangles += [(corners[0], b, c) for b, c in pairwise(corners[1:])]
    return np.array(triangles)
