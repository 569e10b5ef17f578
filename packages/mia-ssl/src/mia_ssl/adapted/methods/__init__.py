"""The methods of adapted features, one a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mia_ssl.adapted.methods.msc import MSC
from mia_ssl.adapted.methods.panda import PANDA

if TYPE_CHECKING:
    from mia_ssl.adapted.method import AdaptedMethod

RECORDS: dict[str, AdaptedMethod] = {method.info.name: method for method in (PANDA, MSC)}
METHODS = {name: method.info for name, method in RECORDS.items()}

__all__ = ["METHODS", "RECORDS"]
