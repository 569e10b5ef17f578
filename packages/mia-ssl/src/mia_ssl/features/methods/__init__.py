"""Feature methods, one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_ssl.features.methods.gaussian_features import GAUSSIAN_FEATURES
from mia_ssl.features.methods.nearest_features import NEAREST_FEATURES
from mia_ssl.features.methods.padim import PADIM
from mia_ssl.features.methods.patchcore import PATCHCORE
from mia_ssl.features.methods.subspace import SUBSPACE

if TYPE_CHECKING:
    from mia_ssl._engine.records import MethodInfo
    from mia_ssl.features.method import FeatureMethod

RECORDS: dict[str, FeatureMethod] = {
    method.info.name: method
    for method in (GAUSSIAN_FEATURES, PADIM, PATCHCORE, SUBSPACE, NEAREST_FEATURES)
}
METHODS: dict[str, MethodInfo] = {name: method.info for name, method in RECORDS.items()}
