"""The page docs/formats.md: counts by format, what is refused and why, pydicom's files."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from outcome import Outcome

_ONE_BY_ONE = "DICOM of pydicom"
_HEAD = """# What is read, and how right

Every kind of image file is either read right or refused with one line. `nox -s formats` writes
files of all formats, depths, byte orders and modes, reads each as `decode_files` and `from_folder`
do, and compares each image with a second reader: tifffile for TIFF, pydicom's modality and VOI
functions for DICOM, nibabel for NIfTI, and the pixels that were written for packed TIFF, PNG, BMP,
JPEG and masks. This page is written by that command. What is done with the values is described in
[Data](data.md#decoding).

*Right*: all pixels of all images are equal, to half a gray level of rounding (JPEG: to six).
*Refused*: a `DataError` of one line. *Wrong* must be 0.

| | right | refused | wrong |
|---|---|---|---|
"""


def write_page(path: Path, found: list[Outcome]) -> None:
    """Write the page."""
    path.write_text("\n".join(_lines(found)) + "\n", encoding="utf-8")


def _lines(found: list[Outcome]) -> Iterator[str]:
    counts = Counter((each.group, each.kind) for each in found)
    groups = list(dict.fromkeys(each.group for each in found))
    yield _HEAD.rstrip()
    for group in groups:
        numbers = (str(counts[group, kind]) for kind in ("right", "refused", "wrong"))
        yield f"| {group} | {' | '.join(numbers)} |"
    total = Counter(each.kind for each in found)
    yield f"| all | {total['right']} | {total['refused']} | {total['wrong']} |"
    yield "\n## What is refused\n\n| | files | message | for example |\n|---|---|---|---|"
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in found:
        if each.refusal and each.group != _ONE_BY_ONE:
            reasons[each.group, _cell(each.refusal)].append(each.name)
    for (group, reason), names in reasons.items():
        yield f"| {group} | {len(names)} | {reason} | {_cell(names[0])} |"
    yield "\n## The test files of pydicom\n\nThose in its package, which need no network."
    yield "\n| file | images | |\n|---|---|---|"
    own = [each for each in found if each.group == _ONE_BY_ONE]
    for name, result, images in _joined(own):
        yield f"| {name} | {images or ''} | {result} |"


def _joined(own: list[Outcome]) -> Iterator[tuple[str, str, int]]:
    """Yield a row for each file; files of one folder with the same result share one."""
    rows: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for each in own:
        folder, slash, name = each.name.rpartition("/")
        result = each.fault or _cell(each.refusal).replace(name, "...") or "right"
        rows[(folder + slash) or each.name, result].append(each)
    for (folder, result), members in rows.items():
        names = members[0].name if len(members) == 1 else f"{folder}* ({len(members)} files)"
        yield names, result, sum(each.images for each in members)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
