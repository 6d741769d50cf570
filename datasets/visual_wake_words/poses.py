"""Poses: by bone the turn in degrees about x (left), y (back), z (up), of the body's left side."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation


def _turn(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Rotation:
    return Rotation.from_euler("yxz", [y, x, z], degrees=True)


def _elbow(degrees: float) -> Rotation:
    """Bends the left elbow of the body at rest, whose arm hangs aslant."""
    return Rotation.from_rotvec(np.radians(degrees) * np.array([-0.74, 0, -0.66]))


def _arms(rng, pose: str) -> list[tuple[Rotation, Rotation]]:
    """Upper arm and elbow of the left and the right side, both as if it was the left one."""

    def hanging():
        return _turn(rng.normal(0, 15), rng.uniform(25, 42)), _elbow(rng.uniform(0, 35))

    def forward():
        return _turn(rng.uniform(-90, -30), rng.uniform(20, 42), rng.normal(0, 15)), _elbow(
            rng.uniform(0, 70)
        )

    def raised():
        return _turn(rng.normal(-10, 20), rng.uniform(-110, -30)), _elbow(rng.uniform(0, 60))

    def to_face():
        return _turn(rng.uniform(-60, -25), rng.uniform(25, 40), rng.uniform(-10, 25)), _elbow(
            rng.uniform(100, 130)
        )

    def on_hip():
        return _turn(rng.uniform(5, 25), rng.uniform(5, 25), rng.uniform(-50, -25)), _elbow(
            rng.uniform(70, 100)
        )

    def folded():
        return _turn(rng.uniform(-45, -20), rng.uniform(30, 42), rng.uniform(0, 20)), _elbow(
            rng.uniform(70, 110)
        )

    kinds = {
        "walking": [hanging, hanging, hanging, forward, to_face, folded],
        "standing": [hanging, hanging, hanging, forward, folded, on_hip, to_face, raised],
        "sitting": [forward, folded, folded, to_face, hanging],
        "bending": [forward, forward, hanging, folded],
    }[pose]
    left = kinds[rng.integers(len(kinds))]
    right = left if rng.random() < 0.5 else kinds[rng.integers(len(kinds))]
    return [left(), right()]


def _legs(rng, pose: str) -> list[tuple[Rotation, Rotation]]:
    """Thigh and knee of both sides, both as if it was the left one."""
    if pose == "sitting":
        spread, bent = rng.uniform(-5, 25), rng.uniform(70, 95)
        return [
            (_turn(-bent + rng.normal(0, 6), z=spread), _turn(rng.uniform(60, 100)))
            for _ in range(2)
        ]
    if pose == "walking":
        stride, side = rng.uniform(8, 35), rng.choice([-1, 1])
        return [
            (_turn(-side * stride), _turn(rng.uniform(0, 15) if side > 0 else stride)),
            (_turn(side * stride), _turn(rng.uniform(0, 15) if side < 0 else stride)),
        ]
    if pose == "bending" and rng.random() < 0.5:
        bent = rng.uniform(30, 110)
        return [(_turn(-bent + rng.normal(0, 8), z=rng.uniform(0, 20)), _turn(bent * 1.1))] * 2
    return [
        (_turn(rng.normal(-3, 5), rng.normal(-3, 5)), _turn(rng.uniform(0, 10))) for _ in range(2)
    ]


def pose_turns(rng: np.random.Generator, pose: str) -> dict[str, Rotation]:
    """A random pose of a kind: "standing", "walking", "sitting" or "bending"."""
    turns = {}
    for side, (arm, elbow), (thigh, knee) in zip(
        "LR", _arms(rng, pose), _legs(rng, pose), strict=True
    ):
        for bone, turn in {
            "upperarm01": arm,
            "lowerarm01": elbow,
            "upperleg01": thigh,
            "lowerleg01": knee,
        }.items():
            turns[f"{bone}.{side}"] = turn if side == "L" else _mirrored(turn)
    lean = {"bending": rng.uniform(8, 28), "sitting": rng.uniform(-3, 8)}.get(
        pose, rng.normal(1, 2)
    )
    twist, side = rng.normal(0, 4), rng.normal(0, 2)
    for bone in ("spine04", "spine03", "spine02", "spine01"):
        turns[bone] = _turn(lean, side, twist)
    look = _turn(
        rng.normal(0 if pose != "bending" else -15, 9), rng.normal(0, 5), rng.normal(0, 16)
    )
    turns["neck01"], turns["head"] = _turn(rng.normal(0, 5)), look
    return turns


def _mirrored(turn: Rotation) -> Rotation:
    return Rotation.from_rotvec(turn.as_rotvec() * [1, -1, -1])
