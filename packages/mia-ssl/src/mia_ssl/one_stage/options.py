"""What a user may set about the patches, with the study's values."""

from __future__ import annotations

from dataclasses import dataclass

from mia_ssl._engine.options import check_counts, check_positive
from mia_ssl.foreground import THRESHOLD


@dataclass(frozen=True, kw_only=True)
class PatchOptions:
    """Sizes, places and labels of the patches.

    Attributes:
        patches: Patches of an image at most; the first is always tried, each next one with
            probability 1/2.
        width_bounds: Least and largest half-width of a patch, as a share of the image's side.
        width_scale: Half-widths are ``width_bounds[0]`` plus a Gamma(2, ``width_scale``) number.
        resize_bounds: Least and largest factor by which a patch is resized, where the method does.
        foreground_threshold: Gray level above which a pixel is foreground; None: all of them.
        minimum_foreground: Foreground that a patch needs at its source, as a share of its area;
            it has to be above that.
        minimum_overlap: The same at its target, where it is shifted.
        tries: Places that are tried for a patch, at its source and at its target, before there is
            none.
        factor_bounds: Range of the factor by which fpi and pii mix a patch in.
        tolerance: Mean absolute difference in gray levels up to which a pixel has not changed.
        logistic_slope: Steepness of the labels' logistic function, a gray level.
        logistic_centre: Difference in gray levels that gets the label 1/2.
    """

    patches: int = 3
    width_bounds: tuple[float, float] = (0.03, 0.4)
    width_scale: float = 0.03
    resize_bounds: tuple[float, float] = (0.7, 1.3)
    foreground_threshold: int | None = THRESHOLD
    minimum_foreground: float = 0.7
    minimum_overlap: float = 0.7
    tries: int = 200
    factor_bounds: tuple[float, float] = (0.05, 0.95)
    tolerance: int = 1
    logistic_slope: float = 0.5
    logistic_centre: float = 4.0

    def __post_init__(self) -> None:
        check_counts(patches=self.patches, tries=self.tries)
        check_positive(width_scale=self.width_scale, logistic_slope=self.logistic_slope)
        self._check_bounds("width_bounds", above=0, most=0.5)
        self._check_bounds("resize_bounds", above=0, most=10)
        self._check_bounds("factor_bounds", above=0, most=1)
        self._check_level("tolerance", self.tolerance)
        if self.foreground_threshold is not None:
            self._check_level("foreground_threshold", self.foreground_threshold)
        for name in ("minimum_foreground", "minimum_overlap"):
            if not 0 <= getattr(self, name) < 1:
                msg = f"expected {name} to be in [0, 1), got {getattr(self, name)!r}"
                raise ValueError(msg)

    def _check_bounds(self, name: str, *, above: float, most: float) -> None:
        value = getattr(self, name)
        pair = isinstance(value, (tuple, list)) and len(value) == 2
        if not pair or not above < value[0] <= value[1] <= most:
            msg = f"expected {name} to be (least, largest) above {above} and up to {most}, "
            msg += f"got {value!r}"
            raise ValueError(msg)
        object.__setattr__(self, name, tuple(value))  # a saved model gives lists, and it is frozen

    @staticmethod
    def _check_level(name: str, value: object) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 255:
            msg = f"expected {name} to be a gray level from 0 to 255, got {value!r}"
            raise ValueError(msg)
