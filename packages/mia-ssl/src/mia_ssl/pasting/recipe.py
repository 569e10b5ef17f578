"""The recipe of a synthetic anomaly: where patches come from, how they are blended and labeled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from mia_ssl.pasting.canvas import Canvas
    from mia_ssl.pasting.patches import Patches

Label = Literal["binary", "factor", "logistic", "intensity"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The choices that make up a kind of synthetic anomaly.

    Attributes:
        from_other_image: Whether patches are cut from another image, not from the same one.
        shifted: Whether they are pasted at another place than they are cut from.
        resized: Whether they are resized before.
        blend: Writes patches into the images of a canvas, in their order.
        random_factor: Whether the factor by which an image's patches are mixed in is drawn, or 1.
        changes_background: Whether blending also changes pixels that are foreground neither of
            the patch nor of the image; labels are 0 there.
        label: ``"binary"``: 1 where a pixel has changed; ``"factor"``: the factor there;
            ``"logistic"``: a logistic function of the median difference around the pixel there;
            ``"intensity"``: that difference itself, in gray levels, everywhere.
    """

    from_other_image: bool
    shifted: bool
    resized: bool = False
    blend: Callable[[Canvas, Patches], None]
    random_factor: bool = False
    changes_background: bool = False
    label: Label

    @property
    def unused_options(self) -> set[str]:
        """Names of the ``PatchOptions`` that make no difference to this recipe."""
        used = {
            "minimum_overlap": self.shifted,
            "resize_bounds": self.resized,
            "factor_bounds": self.random_factor,
            "logistic_slope": self.label == "logistic",
            "logistic_center": self.label == "logistic",
        }
        return {name for name, is_used in used.items() if not is_used}
