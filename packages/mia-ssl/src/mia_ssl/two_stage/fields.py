"""Training images together with the fields that may be pasted into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from mia_ssl._engine.inference import in_order
from mia_ssl.two_stage.augment.lungs import LungFields

if TYPE_CHECKING:
    from mia_ssl._engine.images import ImageSource


class FieldSource:
    """An ``ImageSource`` that also has the fields of the images that were taken last.

    The fields are found once, here, and stay on the CPU, where pastes are drawn. ``kind`` is one of
    ``lungs.FIELDS``.
    """

    def __init__(self, source: ImageSource, kind: str) -> None:
        self._source = source
        self._fields = LungFields(
            torch.cat([LungFields.of(batch, kind).masks for batch in in_order(source, 64)])
        )
        self.device = source.device
        self.taken: LungFields | None = None

    def __len__(self) -> int:
        return len(self._source)

    def take(self, indices: torch.Tensor) -> torch.Tensor:
        """As ``ImageSource.take``."""
        self.taken = self._fields.take(indices)
        return self._source.take(indices)
