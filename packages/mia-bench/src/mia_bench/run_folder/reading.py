"""How a dataset's files are read: what is allowed of them, and how their patients are known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Permissions for faults in a dataset's files, and the rules that its images are read by.

    All but ``allow_damaged`` and ``brightness`` are for images of the user's own.

    Attributes:
        allow_damaged: Read JPEG files that end early.
        allow_empty_masks: Read abnormal images whose mask marks nothing.
        allow_shared_files: Read images that are in the training and in the test split.
        allow_shared_patients: Read patients and DICOM series that are in both splits.
        resample_masks: Bring NIfTI masks with other voxels than their volume onto it.
        patients: A regular expression that finds the patient in an image's path; None where the
            patients are not known by it.
        brightness: How each image's brightness is scaled, see ``mia_data.load``; None for not at
            all.
    """

    allow_damaged: bool = False
    allow_empty_masks: bool = False
    allow_shared_files: bool = False
    allow_shared_patients: bool = False
    resample_masks: bool = False
    patients: str | None = None
    brightness: str | None = None

    def for_own_only(self) -> list[str]:
        """Return the names of what is set and means nothing to a registered dataset."""
        return [name for name in self.to_json() if name not in ("allow_damaged", "brightness")]

    def with_more(self, more: Reading) -> Reading:
        """Return both together; the patients are those of ``more`` where it has them."""
        return Reading(**{**self.to_json(), **more.to_json()})

    def to_json(self) -> dict[str, Any]:
        """Return what is set."""
        return {key: value for key, value in asdict(self).items() if value}


RULES = ("patients", "brightness")
FLAGS = tuple(name for name in Reading.__dataclass_fields__ if name not in RULES)
