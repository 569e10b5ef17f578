"""The methods, a row each: where patches come from, how they are blended, what is predicted."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from mia_ssl._engine.cost import measure
from mia_ssl._engine.options import check_names, parse_options
from mia_ssl._engine.records import MethodInfo
from mia_ssl.one_stage.blending.poisson import mixed_gradients, normal_gradients
from mia_ssl.one_stage.blending.simple import convex, swap
from mia_ssl.one_stage.network import EncoderDecoder
from mia_ssl.one_stage.settings import Options, Sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mia_ssl._engine.records import Cost
    from mia_ssl.one_stage.canvas import Canvas
    from mia_ssl.one_stage.options import PatchOptions
    from mia_ssl.one_stage.patches import Patches

Record = TypeVar("Record", bound="PatchOptions")

CUTPASTE = "https://arxiv.org/abs/2104.04015"
FPI = "https://arxiv.org/abs/2011.04197"
PII = "https://arxiv.org/abs/2107.02622"
NSA = "https://arxiv.org/abs/2109.15222"
IMAGE_SIZE = 256


@dataclass(frozen=True, kw_only=True)
class Method:
    """A one-stage method.

    Attributes:
        info: Its name, paper and defaults.
        original: What the original project calls it.
        blend: How a patch gets into the image.
        label: ``"binary"``: changed or not; ``"factor"``: times the factor that patches are mixed
            in with; ``"logistic"``: a logistic function of the median difference around a pixel;
            ``"intensity"``: that difference in gray levels.
        other: Whether patches are cut from another image.
        shifted: Whether they go to another place.
        resized: Whether they are resized.
        random_factor: Whether the factor is drawn, or 1.
    """

    info: MethodInfo
    original: str
    blend: Callable[[Canvas, Patches], None]
    label: str
    other: bool = True
    shifted: bool = False
    resized: bool = False
    random_factor: bool = False

    @property
    def unused(self) -> set[str]:
        """Options that this method makes no use of."""
        used = {
            "minimum_overlap": self.shifted,
            "resize_bounds": self.resized,
            "factor_bounds": self.random_factor,
            "logistic_slope": self.label == "logistic",
            "logistic_centre": self.label == "logistic",
        }
        return {name for name, is_used in used.items() if not is_used}

    def parse(
        self, record: type[Record], options: Mapping[str, Any], *, also: Iterable[str] = ()
    ) -> Record:
        """The options record, filled from keyword arguments; for ``also`` see ``check_names``.

        Raises:
            ValueError: An option that the method makes no use of, or a wrong value.
        """
        known = [f.name for f in dataclasses.fields(record) if f.name not in self.unused]
        check_names(options, known, owner=self.info.name, also=also)
        return parse_options(record, options, owner=self.info.name)


def _info(name: str, summary: str, paper: str) -> MethodInfo:
    return MethodInfo(
        name=name,
        family="one-stage",
        summary=summary,
        paper=paper,
        image_size=IMAGE_SIZE,
        resize="short_side",
    )


def count_cost() -> Cost:
    """Count the cost of the network, which is the same for all methods."""
    crop = Sides.of(IMAGE_SIZE, Options()).crop
    return measure(
        EncoderDecoder, lambda network: network(torch.empty(1, 1, crop, crop, device="meta"))
    )


def _nsa(name: str, original: str, label: str, *, mixed: bool) -> Method:
    kind = f"{'mixed' if mixed else 'normal'} gradients, {label} labels"
    return Method(
        info=_info(name, f"shifted Poisson patches of another image, {kind}", NSA),
        original=original,
        blend=mixed_gradients if mixed else normal_gradients,
        label=label,
        shifted=True,
        resized=True,
    )


_ROWS = (
    Method(
        info=_info("cutpaste", "patches pasted elsewhere in the image", CUTPASTE),
        original="CutPaste",
        blend=swap,
        label="binary",
        other=False,
        shifted=True,
    ),
    Method(
        info=_info("fpi", "patches of another image, mixed in", FPI),
        original="FPI",
        blend=convex,
        label="factor",
        random_factor=True,
    ),
    Method(
        info=_info("pii", "patches of another image, mixed in by their gradients", PII),
        original="FPI-Poisson",
        blend=mixed_gradients,
        label="factor",
        random_factor=True,
    ),
    _nsa("nsa", "Shift-Intensity-M", "logistic", mixed=True),
    _nsa("nsa-shift", "Shift", "binary", mixed=False),
    _nsa("nsa-shift-intensity", "Shift-Intensity", "logistic", mixed=False),
    _nsa("nsa-shift-raw-intensity", "Shift-Raw-Intensity", "intensity", mixed=False),
    _nsa("nsa-shift-m", "Shift-M", "binary", mixed=True),
    _nsa("nsa-shift-raw-intensity-m", "Shift-Raw-Intensity-M", "intensity", mixed=True),
)
RECORDS: dict[str, Method] = {method.info.name: method for method in _ROWS}
METHODS: dict[str, MethodInfo] = {name: method.info for name, method in RECORDS.items()}
