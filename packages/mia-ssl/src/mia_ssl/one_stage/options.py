"""Options of a one-stage detector, with the study's values."""

from __future__ import annotations

from dataclasses import dataclass

from mia_ssl._engine.options import check_choice
from mia_ssl.checks import check_between
from mia_ssl.pasting.options import PatchOptions

INTERPOLATIONS = ("nearest", "bilinear")


@dataclass(frozen=True, kw_only=True)
class Options(PatchOptions):
    """Options of the patches, and of rotation and crop of the images before.

    Attributes:
        rotation: Largest rotation either way, in degrees.
        interpolation: Of rotated pixels, ``"nearest"``, which leaves them as sharp as those of
            test images, or ``"bilinear"``.
        middle: Side of the middle of the image that training crops come from, as a share of the
            image's.
        crop: Side of the crops that the network sees in training and tests, as the same share.
        final_learning_rate: Learning rate at the end of the cosine.
    """

    rotation: float = 3.0
    interpolation: str = "nearest"
    middle: float = 230 / 256
    crop: float = 224 / 256
    final_learning_rate: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        check_between(0, 180, rotation=self.rotation)
        check_choice("interpolation", self.interpolation, INTERPOLATIONS)
        check_between(0, final_learning_rate=self.final_learning_rate)
        if not 0 < self.crop <= self.middle <= 1:
            msg = f"expected 0 < crop <= middle <= 1, got crop={self.crop}, middle={self.middle}"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Sides of squares in pixels, all around the center of the image.

    Attributes:
        image: The whole image.
        middle: The square that training crops come from.
        crop: The crops.
    """

    image: int
    middle: int
    crop: int

    @classmethod
    def of(cls, image_size: int, options: Options) -> Sides:
        """Return 256, 230 and 224 as in the study; in proportion for other images."""
        return cls(
            image=image_size,
            middle=round(image_size * options.middle),
            crop=round(image_size * options.crop),
        )

    @property
    def border(self) -> int:
        """Return the pixels before the crop of a test image."""
        return (self.image - self.crop) // 2
