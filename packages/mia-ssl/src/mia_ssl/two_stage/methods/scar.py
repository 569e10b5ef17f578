"""CutPaste's scar: a thin strip of the image, jittered and rotated, is pasted elsewhere in it.

Paper: https://arxiv.org/abs/2104.04015
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mia_ssl.checks import check_between, check_pair
from mia_ssl.pasting.boxes import Boxes, corners
from mia_ssl.pasting.paste_regions import Regions
from mia_ssl.two_stage.color_jitter import STRONGEST, JitterFactors, jitter_patches
from mia_ssl.two_stage.method import Paste, TwoStageMethod, two_stage_info
from mia_ssl.two_stage.random_boxes import uniform

if TYPE_CHECKING:
    from torch import Tensor

    from mia_ssl.two_stage.method import PasteBatch


@dataclass(frozen=True, kw_only=True)
class ScarOptions:
    """Options of the scar.

    Attributes:
        strip_height: Least and largest height in pixels.
        strip_width: Least and largest width in pixels.
        rotation: Least and largest angle in degrees, counterclockwise.
        jitter: Strength of the color jitter, 0 to 0.5; see ``JitterFactors``.
        original_places: Whether height and width of the rotated strip are swapped where its place
            is drawn, as in the original: it can run beyond the border, where it is cut off.
    """

    strip_height: tuple[float, float] = (10, 25)
    strip_width: tuple[float, float] = (2, 16)
    rotation: tuple[float, float] = (-45, 45)
    jitter: float = 0.1
    original_places: bool = False

    def __post_init__(self) -> None:
        check_pair(self, "strip_height", low=1)
        check_pair(self, "strip_width", low=1)
        check_pair(self, "rotation", low=-180, high=180)
        check_between(0, STRONGEST, jitter=self.jitter)

    @property
    def largest_side(self) -> int:
        """Side of the smallest square that every rotated strip fits in, in pixels."""
        diagonal = math.hypot(round(self.strip_height[1]), round(self.strip_width[1]))
        return math.ceil(diagonal) + 1


@dataclass(frozen=True, kw_only=True)
class Scars:
    """Drawn strips, one an image, on the CPU.

    Attributes:
        source: Upright boxes that are cut out.
        target: Boxes around the rotated strips, where they are pasted.
        angle: Radians, counterclockwise, float64 [n].
        factors: Color jitter of each strip.
    """

    source: Boxes
    target: Boxes
    angle: Tensor
    factors: JitterFactors


def draw(uniforms: Tensor, height: int, width: int, options: ScarOptions) -> Scars:
    """Draw strips and their places.

    Args:
        uniforms: Random numbers in [0, 1), [n, 11].
        height: Height of the images in pixels.
        width: Width of the images in pixels.
        options: Options of the scar.

    Raises:
        ValueError: A rotated strip might not fit into the image.
    """
    if options.largest_side > min(height, width):
        msg = (
            f"expected strips that fit into images of {height} x {width} when rotated, got "
            f"strip_height={options.strip_height}, strip_width={options.strip_width}"
        )
        raise ValueError(msg)
    w = uniform(uniforms[:, 0], *options.strip_width).round().long()
    h = uniform(uniforms[:, 1], *options.strip_height).round().long()
    source = corners(uniforms[:, 2:4], h, w, (height, width))
    angle = torch.deg2rad(uniform(uniforms[:, 4], *options.rotation))
    rotated = rotated_sides(h, w, angle)
    room = rotated[::-1] if options.original_places else rotated
    target = corners(uniforms[:, 5:7], *room, (height, width))
    return Scars(
        source=Boxes(*source, h, w),
        target=Boxes(*target, *rotated),
        angle=angle,
        factors=JitterFactors.draw(uniforms[:, 7:11], options.jitter),
    )


def rotated_sides(height: Tensor, width: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sides of the box around a rotated rectangle, as Pillow's ``rotate`` gives them.

    Args:
        height: Height of the rectangle, int64 [n].
        width: Width of the rectangle, int64 [n].
        angle: Radians, [n].

    Returns:
        Height and width, int64 [n] each.
    """
    cos, sin = angle.cos().abs(), angle.sin().abs()

    def whole_pixels(extent: Tensor, side: Tensor) -> Tensor:
        # Rounded outwards at either end; 1e-9 keeps whole numbers whole.
        half = extent / 2 - 1e-9
        return ((side / 2 + half).ceil() - (side / 2 - half).floor()).long()

    return (
        whole_pixels(width * sin + height * cos, height),
        whole_pixels(width * cos + height * sin, width),
    )


def rotate(scars: Scars) -> Tensor:
    """Rotate strips by nearest neighbors, as indices: each pixel is moved only once.

    Returns:
        For each pixel that is pasted: the number of its strip, its row and column in the image,
        and the pixel of the strips that goes there, counted through all of them; int64 [4, M].
    """
    strip, rotated = scars.source, scars.target
    height, width = int(rotated.height.max()), int(rotated.width.max())
    dy = torch.arange(height) - (rotated.height / 2 - 0.5)[:, None]
    dx = torch.arange(width) - (rotated.width / 2 - 0.5)[:, None]
    cos, sin = scars.angle.cos()[:, None], scars.angle.sin()[:, None]
    y = ((sin * dx)[:, None, :] + (cos * dy)[:, :, None]).add_((strip.height / 2)[:, None, None])
    x = ((cos * dx)[:, None, :] - (sin * dy)[:, :, None]).add_((strip.width / 2)[:, None, None])
    # All strips are rotated in a box of one size; what a smaller one has no pixel for drops out.
    inside = (y >= 0) & (y < strip.height[:, None, None])
    inside &= (x >= 0) & (x < strip.width[:, None, None])
    place = inside.view(-1).nonzero()[:, 0]
    line, column = place // width, place % width
    number, row = line // height, line % height
    y, x = (values.view(-1)[place].long() for values in (y, x))
    pixel = (strip.areas.cumsum(0) - strip.areas)[number] + y * strip.width[number] + x
    return torch.stack((number, row + rotated.top[number], column + rotated.left[number], pixel))


def paste(batch: PasteBatch, images: Tensor, uniforms: Tensor, options: ScarOptions) -> None:
    """Paste a scar into each image; for the arguments see ``PasteFunction``."""
    scars = draw(uniforms, batch.height, batch.width, options)
    strips = Regions(images, scars.source)
    pixels = batch.cut(strips)
    if options.jitter:
        pixels = jitter_patches(pixels, scars.factors, strips)
    indices = rotate(scars)
    if options.original_places:
        indices = indices[:, (indices[1] < batch.height) & (indices[2] < batch.width)]
    number, row, column, pixel = indices.to(pixels.device)
    image, place = images.to(pixels.device)[number], row * batch.width + column
    area = batch.height * batch.width
    out, first = batch.pasted.view(-1), image * (len(pixels) * area) + place
    for channel, values in enumerate(pixels):
        out[first + channel * area] = values[pixel]
    if batch.label is not None:
        batch.label.view(-1)[image * area + place] = 1


SCAR_PASTE = Paste(apply=paste, random_numbers=11)
SCAR = TwoStageMethod(
    info=two_stage_info(
        "cutpaste-scar-2stage",
        "classifies originals and pasted, rotated strips; density of embeddings",
        paper="https://arxiv.org/abs/2104.04015",
    ),
    pastes=(SCAR_PASTE,),
    paste_options=ScarOptions,
)
