"""A normal head slice: scalp, skull, folded cortex, white matter, nuclei, ventricles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mia_data.phantoms.fields import Array, ellipse, inside, smooth_noise, smooth_step, uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

# Where the layers end, as fractions of the head's radius.
_SCALP, _SKULL, _FLUID, BRAIN = 1.0, 0.955, 0.895, 0.865

_SHAPE = {
    "turn": (-0.1, 0.1),
    "left": (-0.03, 0.03),
    "top": (-0.03, 0.03),
    "half_width": (0.69, 0.75),
    "half_height": (0.85, 0.91),
    "bump2": (-0.012, 0.012),
    "bump3": (-0.012, 0.012),
    "bump3_angle": (0.0, 6.3),
    "ventricle": (0.6, 1.3),
    "ventricle_left": (0.9, 1.1),
    "horn_turn": (0.25, 0.5),
    "fold_depth": (0.2, 0.3),
    "wobble": (0.01, 0.03),
}
_GRAY_VALUES = {
    "scalp": (0.45, 0.65),
    "bone": (0.05, 0.12),
    "fluid": (0.10, 0.20),
    "gray": (0.42, 0.50),
    "white": (0.60, 0.70),
    "shade": (0.04, 0.10),
}


@dataclass(frozen=True)
class Head:
    """A drawn slice, before noise.

    Attributes:
        image: (N, H, W), about 0..1.
        brain: (N, H, W), the distance from the middle in units of the head's radius; the brain is
            where it is below ``BRAIN``.
    """

    image: Array
    brain: Array


def draw_head(rngs: Sequence[np.random.Generator], x: Array, y: Array, edge: float) -> Head:
    """Draw N slices at the coordinates x, y (N, H, W) in [-1, 1], with edges ``edge`` soft."""
    shape, value = uniform(rngs, _SHAPE), uniform(rngs, _GRAY_VALUES)
    u, v = _to_head(x, y, shape)
    angle = np.arctan2(v, u)
    bumps = shape["bump2"] * np.cos(2 * angle)
    bumps = bumps + shape["bump3"] * np.cos(3 * angle + shape["bump3_angle"])
    radius = np.sqrt(u * u + v * v) * (1 + bumps)

    # Turned by 45 degrees: lines along the rows and columns of the noise would look drawn.
    folds = smooth_noise(rngs, 20, 0.7 * (u + v), 0.7 * (v - u))
    image = _brain(u, v, radius, folds, shape, value, edge)
    image = _paint(image, value["fluid"], inside(_FLUID - radius, edge) * inside(radius - 1, edge))
    in_fluid = inside(BRAIN - radius, edge) * inside(radius - _FLUID, edge)
    image = _paint(image, value["fluid"], in_fluid)
    image = _paint(image, value["bone"], inside(_FLUID - radius, edge))
    image = _paint(image, value["scalp"], inside(_SKULL - radius, edge))
    image *= 1 + value["shade"] * smooth_noise(rngs, 3, u, v)
    image += 0.02 * smooth_noise(rngs, 28, u, v)
    return Head(image * inside(radius - _SCALP, edge), radius)


def _to_head(x: Array, y: Array, shape: dict[str, Array]) -> tuple[Array, Array]:
    cos, sin = np.cos(shape["turn"]), np.sin(shape["turn"])
    dx, dy = x - shape["left"], y - shape["top"]
    return (dx * cos + dy * sin) / shape["half_width"], (dy * cos - dx * sin) / shape["half_height"]


def _brain(
    u: Array,
    v: Array,
    radius: Array,
    folds: Array,
    shape: dict[str, Array],
    value: dict[str, Array],
    edge: float,
) -> Array:
    depth = BRAIN - radius
    # Folds are where the noise crosses zero: thin, winding lines that end in the white matter.
    near_surface = inside(depth - shape["fold_depth"], 0.2)
    fold, around_fold = np.exp(-((folds / 0.2) ** 2)), np.exp(-((folds / 0.9) ** 2))
    midline = u + shape["wobble"] * np.sin(5 * v)
    cleft = smooth_step((np.abs(v) - 0.38) / 0.1)
    in_cleft, around_cleft = np.exp(-((midline / 0.025) ** 2)), np.exp(-((midline / 0.09) ** 2))

    gray = np.maximum(inside(depth - 0.06, 0.05), near_surface * around_fold)
    gray = np.maximum(gray, cleft * around_cleft)
    gray = np.maximum(gray, 0.8 * _nuclei(u, v))
    image = _paint(np.broadcast_to(value["white"], u.shape), value["gray"], gray)
    fluid = np.maximum(0.55 * near_surface * fold, 0.9 * cleft * in_cleft)
    fluid = np.maximum(fluid, _ventricles(u, v, shape, edge))
    return _paint(image, value["fluid"], fluid)


def _nuclei(u: Array, v: Array) -> Array:
    side = np.abs(u)
    one = np.float32(1)
    distance = ellipse(side, v, (0.27 * one, -0.02 * one), (0.09 * one, 0.2 * one), 0.25 * one)
    return inside(distance, 0.06)


def _ventricles(u: Array, v: Array, shape: dict[str, Array], edge: float) -> Array:
    grow = shape["ventricle"] * np.where(u < 0, shape["ventricle_left"], 1)
    side, turn = np.abs(u), shape["horn_turn"]
    front = ellipse(side, v, (0.1 * grow, -0.16 * grow), (0.05 * grow, 0.17 * grow), 0.8 * turn)
    back = ellipse(side, v, (0.16 * grow, 0.19 * grow), (0.05 * grow, 0.2 * grow), -turn)
    third = ellipse(side, v, (0 * grow, 0.04 * grow), (0.02 * grow, 0.1 * grow), 0 * grow)
    return inside(np.minimum(np.minimum(front, back), third), np.float32(max(edge, 0.02)))


def _paint(image: Array, value: Array, cover: Array) -> Array:
    return image + (value - image) * cover
