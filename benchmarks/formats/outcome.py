"""What came of one input: right, refused or wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Two ways of rounding to 8 bits may differ by half a gray level.
TOLERANCE = 0.51


@dataclass(frozen=True)
class Outcome:
    """One input of the matrix.

    Attributes:
        group: The row of the summary that it belongs to.
        name: What it is.
        images: The number of images that were read from it.
        refusal: The message, where it was refused.
        fault: What is wrong with what was read, if anything.
    """

    group: str
    name: str
    images: int = 0
    refusal: str = ""
    fault: str = ""

    @property
    def kind(self) -> str:
        """Return ``"right"``, ``"refused"`` or ``"wrong"``."""
        if self.fault:
            return "wrong"
        return "refused" if self.refusal else "right"


def compare(
    group: str,
    name: str,
    found: list[np.ndarray],
    expected: list[np.ndarray],
    tolerance: float = TOLERANCE,
) -> Outcome:
    """Compare the images of an input with those of a second reader."""
    fault = ""
    if [each.shape for each in found] != [each.shape for each in expected]:
        shapes = [each.shape for each in expected]
        fault = f"expected images of {shapes}, got {[each.shape for each in found]}"
    else:
        worst = max(
            float(np.abs(one.astype(float) - two).max())
            for one, two in zip(found, expected, strict=True)
        )
        if not worst <= tolerance:
            fault = f"differs by {worst:.3g} gray levels"
    return Outcome(group, name, images=len(found), fault=fault)
