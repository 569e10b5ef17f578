"""The table of methods: what each pastes, and what differs from the shared settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from mia_ssl._engine.cost import measure
from mia_ssl._engine.records import MethodInfo
from mia_ssl.two_stage.augment import anatpaste, rectangle, scar, union
from mia_ssl.two_stage.augment.anatpaste import ANATPASTE
from mia_ssl.two_stage.augment.rectangle import RECTANGLE
from mia_ssl.two_stage.augment.scar import SCAR
from mia_ssl.two_stage.augment.union import UNION
from mia_ssl.two_stage.backbones import make_trunk
from mia_ssl.two_stage.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mia_ssl._engine.records import Cost
    from mia_ssl.two_stage.augment.variant import Variant


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """The options of a method that pastes nothing."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """A two-stage method.

    Attributes:
        info: Its name, paper and defaults.
        variants: What it pastes; each is a class beside the originals. None: it is not trained.
        pasting: Dataclass of the variants' options with their defaults.
        needs_fields: Whether it pastes into lung fields.
        defaults: Where it differs from ``options.Options``.
    """

    info: MethodInfo
    variants: tuple[Variant, ...] = ()
    pasting: type[Any] = Nothing
    needs_fields: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_trained(self) -> bool:
        """Whether there is anything to learn before the density."""
        return bool(self.variants)


IMAGE_SIZE = 224
_CUTPASTE = "https://arxiv.org/abs/2104.04015"


def _info(name: str, summary: str, paper: str = _CUTPASTE, **changes: Any) -> MethodInfo:
    settings = {"epochs": 100, "batch_size": 64, "learning_rate": 0.03, **changes}
    return MethodInfo(
        name=name,
        family="two-stage",
        summary=summary,
        paper=paper,
        image_size=IMAGE_SIZE,
        channels=3,
        has_map=False,
        **settings,
    )


def count_cost() -> Cost:
    """Count the cost of the trunk; head and classifier only serve its training."""
    backbone = Options().backbone
    return measure(
        lambda: make_trunk(backbone)[0],
        lambda trunk: trunk(torch.empty(1, 3, IMAGE_SIZE, IMAGE_SIZE, device="meta")),
    )


_ALL = (
    Method(
        info=_info("cutpaste-2stage", "tells pasted rectangles from originals; density"),
        variants=(RECTANGLE,),
        pasting=rectangle.Options,
    ),
    Method(
        info=_info("cutpaste-scar-2stage", "tells pasted, turned strips from originals; density"),
        variants=(SCAR,),
        pasting=scar.Options,
    ),
    Method(
        info=_info("cutpaste-union-2stage", "tells either paste from originals; density"),
        variants=(UNION,),
        pasting=union.Options,
    ),
    Method(
        info=_info("cutpaste-3way-2stage", "tells originals, rectangles and strips; density"),
        variants=(RECTANGLE, SCAR),
        pasting=union.Options,
    ),
    Method(
        info=_info(
            "anatpaste",
            "tells soft pastes into the lung field from originals; density",
            "https://arxiv.org/abs/2205.04282",
        ),
        variants=(ANATPASTE,),
        pasting=anatpaste.Options,
        needs_fields=True,
    ),
    Method(
        info=_info(
            "resnet18-imagenet",
            "ImageNet features and a density, no training: any epochs are ignored",
            "https://arxiv.org/abs/2404.04518",
            epochs=0,
        ),
        defaults={"weights": "DEFAULT"},
    ),
)
TABLE: dict[str, Method] = {method.info.name: method for method in _ALL}
