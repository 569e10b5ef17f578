"""Two-stage methods of the study, one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_ssl.two_stage.methods.anatpaste import ANATPASTE
from mia_ssl.two_stage.methods.cutpaste import CUTPASTE
from mia_ssl.two_stage.methods.resnet18_imagenet import RESNET18_IMAGENET
from mia_ssl.two_stage.methods.scar import SCAR
from mia_ssl.two_stage.methods.three_way import THREE_WAY
from mia_ssl.two_stage.methods.union import UNION

if TYPE_CHECKING:
    from mia_ssl._engine.records import MethodInfo
    from mia_ssl.two_stage.method import TwoStageMethod

RECORDS: dict[str, TwoStageMethod] = {
    method.info.name: method
    for method in (CUTPASTE, SCAR, UNION, THREE_WAY, ANATPASTE, RESNET18_IMAGENET)
}
METHODS: dict[str, MethodInfo] = {name: method.info for name, method in RECORDS.items()}
