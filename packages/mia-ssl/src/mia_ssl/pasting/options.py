"""Options of the patches, with the study's values."""

from __future__ import annotations

from dataclasses import dataclass

from mia_ssl._engine.options import check_counts, check_positive, whole_number
from mia_ssl.checks import check_between, check_pair
from mia_ssl.pasting.foreground import THRESHOLD


@dataclass(frozen=True, kw_only=True)
class PatchOptions:
    """Options of sizes, places and labels of the patches.

    Attributes:
        patches: Patches of an image at most; the first is always tried, each next one with
            probability 1/2.
        width_offset: Half-widths of a patch are this plus a Gamma(2, ``width_scale``) number, as
            a share of the image's side.
        width_scale: See ``width_offset``.
        width_bounds: Least and largest half-width, and least and largest side of a resized patch,
            as a share of the image's side. Centers stay as far from the border as the least.
        resize_bounds: Least and largest factor by which a patch is resized, where the method does.
        foreground_threshold: Gray level above which a pixel is foreground; None: every pixel is.
        minimum_foreground: Share of a patch's area, to be exceeded, that is foreground at its
            source.
        minimum_overlap: Share of a shifted patch's foreground, to be exceeded, that lies on
            foreground at its target.
        tries: Places that are tried for a patch at its source, and again at its target, before it
            is left out.
        factor_bounds: Range of the factor by which fpi and pii mix a patch in.
        tolerance: Mean absolute difference in gray levels up to which a pixel has not changed.
        logistic_slope: Steepness of the labels' logistic function, per gray level.
        logistic_center: Difference in gray levels that gets the label 1/2.
    """

    patches: int = 3
    width_offset: float = 0.05
    width_scale: float = 0.03
    width_bounds: tuple[float, float] = (0.03, 0.4)
    resize_bounds: tuple[float, float] = (0.7, 1.3)
    foreground_threshold: int | None = THRESHOLD
    minimum_foreground: float = 0.7
    minimum_overlap: float = 0.7
    tries: int = 200
    factor_bounds: tuple[float, float] = (0.05, 0.95)
    tolerance: int = 1
    logistic_slope: float = 0.5
    logistic_center: float = 4.0

    def __post_init__(self) -> None:
        check_counts(patches=self.patches, tries=self.tries)
        check_positive(width_scale=self.width_scale, logistic_slope=self.logistic_slope)
        check_between(0, 0.5, width_offset=self.width_offset)
        check_pair(self, "width_bounds", low=0, high=0.5, above_low=True)
        check_pair(self, "resize_bounds", low=0, high=10, above_low=True)
        check_pair(self, "factor_bounds", low=0, high=1, above_low=True)
        check_between(0, 255, tolerance=self.tolerance)
        if self.foreground_threshold is not None:
            level = whole_number("foreground_threshold", self.foreground_threshold, least=0)
            check_between(0, 255, foreground_threshold=level)
            object.__setattr__(self, "foreground_threshold", level)  # the record is frozen
        for name in ("minimum_foreground", "minimum_overlap"):
            if not 0 <= getattr(self, name) < 1:
                msg = f"expected {name} to be in [0, 1), got {getattr(self, name)!r}"
                raise ValueError(msg)
