"""Lesions of six kinds, from easy to hard, with exact masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mia_data.phantoms.fields import Array, inside, smooth_step, uniform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

KINDS = ("bright", "dark", "ring", "diffuse", "spots", "swelling")
_SPOTS = 5

_RANGES = {
    "angle": (0.0, 6.283),
    "distance": (0.12, 0.6),
    "radius": (0.08, 0.22),
    "contrast": (0.12, 0.45),
    "lobe2": (-0.18, 0.18),
    "lobe3": (-0.12, 0.12),
    "lobe5": (-0.06, 0.06),
    "lobe_angle": (0.0, 6.283),
}
_SPOT_RANGES = {"angle": (0.0, 6.283), "distance": (0.08, 0.3), "radius": (0.035, 0.06)}
# Radius and contrast of each kind, relative to the drawn ones.
_RADIUS = {"bright": 1.0, "dark": 1.0, "ring": 1.15, "diffuse": 1.5, "spots": 1.0, "swelling": 1.8}
_CONTRAST = {"bright": 1.0, "dark": 1.0, "ring": 1.0, "diffuse": 0.6, "spots": 1.0, "swelling": 0.2}


@dataclass(frozen=True)
class Lesions:
    """Parameters of N images' lesions: the kind of each, and numbers (N, 1, 1)."""

    kinds: NDArray[np.intp]
    value: dict[str, Array]
    spots: list[dict[str, Array]]


def draw_lesions(
    rngs: Sequence[np.random.Generator], kinds: NDArray[np.intp], smallest: float
) -> Lesions:
    """Draw place, size, outline and contrast; ``smallest`` is the least radius."""
    value = uniform(rngs, _RANGES)
    spots = [uniform(rngs, _SPOT_RANGES) for _ in range(_SPOTS)]
    radius = np.array([_RADIUS[kind] for kind in KINDS], np.float32)[kinds]
    contrast = np.array([_CONTRAST[kind] for kind in KINDS], np.float32)[kinds]
    value["radius"] = np.maximum(value["radius"] * radius[:, None, None], smallest)
    value["contrast"] = value["contrast"] * contrast[:, None, None]
    # The head is narrower than the image; this keeps centers inside the brain.
    value["x"] = 0.68 * value["distance"] * np.cos(value["angle"])
    value["y"] = 0.85 * value["distance"] * np.sin(value["angle"])
    for spot in spots:
        spot["radius"] = np.maximum(spot["radius"], smallest)
        spot["x"] = 0.7 * value["x"] + spot["distance"] * np.cos(spot["angle"])
        spot["y"] = 0.7 * value["y"] + spot["distance"] * np.sin(spot["angle"])
    return Lesions(kinds, value, spots)


def push(lesions: Lesions, x: Array, y: Array) -> tuple[Array, Array]:
    """Return moved coordinates to draw a head at: a swelling pushes tissue outward."""
    value = lesions.value
    is_swelling = (lesions.kinds == KINDS.index("swelling"))[:, None, None]
    dx, dy = x - value["x"], y - value["y"]
    nearness = smooth_step(1 - np.sqrt(dx * dx + dy * dy) / (1.25 * value["radius"]))
    pull = np.where(is_swelling, 0.65 * nearness, 0).astype(np.float32)
    return x - dx * pull, y - dy * pull


def paint(
    lesions: Lesions, image: Array, x: Array, y: Array, brain: NDArray[np.bool_], edge: float
) -> tuple[Array, NDArray[np.bool_]]:
    """Return the images with their lesions, and masks (N, H, W): where a lesion covers the brain.

    A lesion ends where its cover falls to one half.
    """
    value = lesions.value
    distance, radius = _outline(lesions, x, y)
    relative = distance / radius
    cover = inside(distance - radius, edge + 0.15 * radius)
    shade = np.zeros_like(image)
    is_kind = {kind: (lesions.kinds == i)[:, None, None] for i, kind in enumerate(KINDS)}
    shade += np.where(is_kind["bright"] | is_kind["swelling"], cover, 0)
    shade -= np.where(is_kind["dark"], cover, 0)
    shade += np.where(is_kind["ring"], cover * (2.2 * smooth_step(3 * relative - 1.4) - 1.1), 0)
    shade += np.where(is_kind["diffuse"], inside(distance - radius, edge + 0.9 * radius), 0)
    spots, in_spots = _spots(lesions, x, y, edge)
    shade += np.where(is_kind["spots"], spots, 0)
    masks = np.where(is_kind["spots"], in_spots, distance <= radius) & brain
    return image + value["contrast"] * shade * brain, masks


def _outline(lesions: Lesions, x: Array, y: Array) -> tuple[Array, Array]:
    value = lesions.value
    dx, dy = x - value["x"], y - value["y"]
    angle = np.arctan2(dy, dx) + value["lobe_angle"]
    lobes = sum(value[f"lobe{k}"] * np.cos(k * angle) for k in (2, 3, 5))
    return np.sqrt(dx * dx + dy * dy), value["radius"] * (1 + lobes)


def _spots(lesions: Lesions, x: Array, y: Array, edge: float) -> tuple[Array, NDArray[np.bool_]]:
    cover, masks = np.zeros_like(x), np.zeros(x.shape, np.bool_)
    for spot in lesions.spots:
        distance = np.hypot(x - spot["x"], y - spot["y"]) - spot["radius"]
        cover = np.maximum(cover, inside(distance, edge + 0.3 * spot["radius"]))
        masks |= distance <= 0
    return cover, masks
