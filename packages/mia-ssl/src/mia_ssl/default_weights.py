"""Pretrained weights that methods need at their defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_ssl._engine.backbones import Backbone
from mia_ssl.features import methods as features
from mia_ssl.two_stage import methods as two_stage
from mia_ssl.two_stage.options import TwoStageOptions

if TYPE_CHECKING:
    from mia_ssl._engine.records import MethodInfo


def default_weights(info: MethodInfo) -> str | None:
    """Return the weights that a one-stage, two-stage or feature method needs.

    See ``MethodInfo.weights``.
    """
    if info.family == "features":
        return Backbone(features.RECORDS[info.name].options().backbone).default_weights
    if info.family == "two-stage" and "weights" in two_stage.RECORDS[info.name].defaults:
        return Backbone(TwoStageOptions().backbone).default_weights
    return None
