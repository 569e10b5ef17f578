"""Read every kind of file, compare it with a second reader, and write docs/formats.md.

Run it with ``nox -s formats``. The exit code is 1 if something was read wrong.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from pathlib import Path

import dicom_files
import dicom_made
import mask_files
import nifti_files
import pillow_files
from page import write_page

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
PARTS = (pillow_files, mask_files, nifti_files, dicom_made, dicom_files)


def main() -> int:
    """Print the counts and write the page."""
    warnings.simplefilter("ignore")  # Pillow warns of modes that a later version infers.
    found = [each for part in PARTS for each in part.outcomes()]
    for each in found:
        if each.fault:
            print(f"wrong: {each.group}: {each.name}: {each.fault}", file=sys.stderr)
    kinds = Counter(each.kind for each in found)
    print(f"right {kinds['right']}, refused {kinds['refused']}, wrong {kinds['wrong']}")
    write_page(PAGE, found)
    return 1 if kinds["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
