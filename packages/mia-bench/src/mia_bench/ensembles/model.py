"""The methods of an ensemble and the rule that fuses them."""

from __future__ import annotations

from dataclasses import dataclass, field

from mia_metrics import fusion

from mia_bench.errors import StudyError, unknown_name
from mia_bench.files import is_folder_name

HELD_OUT = "held-out"
SCALES = (*fusion.SCALES, HELD_OUT)


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    """Methods and a rule of ``mia_metrics.fuse``.

    Attributes:
        members: Labels of the methods.
        scale: How their scores become comparable: ``rank`` among the test images, ``quantile``
            among normal training images as the trained models score them, ``held-out`` among the
            same images as models score them that were not trained on them, or ``none``.
        combine: ``mean`` or ``maximum``.
        name: Name of its folder; None for the members' labels with + between them.
        label: The name, filled in.

    Raises:
        StudyError: Fewer than two different methods, a rule that is not known, or a name that a
            folder cannot have.
    """

    members: tuple[str, ...]
    scale: str = "rank"
    combine: str = "mean"
    name: str | None = None
    label: str = field(init=False)

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise unknown_name("scale", self.scale, SCALES)
        if self.combine not in fusion.COMBINE:
            raise unknown_name("combination", self.combine, fusion.COMBINE)
        if len(self.members) < 2 or len(set(self.members)) < len(self.members):
            msg = f"expected two or more different methods to fuse, got {list(self.members)}"
            raise StudyError(msg)
        label = "+".join(self.members) if self.name is None else self.name
        if not is_folder_name(label):
            msg = f"expected a name that a folder can have, got {label!r}"
            raise StudyError(msg)
        object.__setattr__(self, "label", label)
