"""The report of a dataset's check, as a table and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 5


@dataclass(frozen=True)
class Count:
    """Number of images of one class in a split, found and expected (None: not published)."""

    split: str
    label: str
    found: int
    expected: int | None

    @property
    def is_right(self) -> bool:
        """Tell whether the numbers agree; a number that is not published agrees with any."""
        return self.expected is None or self.found == self.expected


@dataclass(frozen=True)
class Report:
    """Result of ``verify``: ``str`` gives a table, ``to_dict`` JSON values.

    Attributes:
        name: The dataset.
        folder: Its folder.
        counts: One row for each split and class.
        problems: Reasons why a split cannot be listed at all, such as a damaged ``data.json``.
        missing: Files that the dataset names and that are not there.
        unreadable: Files that cannot be decoded, or whose mask has another size, with the reason.
        duplicates: Groups of files with the same content.
        leaked: Test files whose content is also that of a training file.
        stray: Files that belong to no split.
    """

    name: str
    folder: str
    counts: tuple[Count, ...]
    problems: tuple[str, ...]
    missing: tuple[str, ...]
    unreadable: tuple[str, ...]
    duplicates: tuple[tuple[str, ...], ...]
    leaked: tuple[str, ...]
    stray: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Tell whether the dataset can be used and has the published numbers of images.

        Stray files and duplicates do not count: the published datasets have some.
        """
        counts_right = all(count.is_right for count in self.counts)
        return counts_right and not (self.problems or self.missing or self.unreadable)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {**asdict(self), "ok": self.ok}

    def __str__(self) -> str:
        lines = [f"{self.name} in {self.folder}: {'ok' if self.ok else 'NOT as expected'}", ""]
        lines.append(f"{'split':<8}{'class':<10}{'found':>8}{'expected':>10}")
        for count in self.counts:
            expected = "-" if count.expected is None else str(count.expected)
            mark = "" if count.is_right else "  <--"
            lines.append(f"{count.split:<8}{count.label:<10}{count.found:>8}{expected:>10}{mark}")
        lines.append("")
        groups = [" = ".join(group) for group in self.duplicates]
        lists: list[tuple[str, Sequence[str]]] = [
            ("problems", self.problems),
            ("missing", self.missing),
            ("unreadable", self.unreadable),
            ("duplicates", groups),
            ("leaked", self.leaked),
            ("stray", self.stray),
        ]
        for title, found in lists:
            lines.append(f"{title:<12}{len(found):>6}")
            lines += [f"    {item}" for item in found[:_SHOWN]]
            if len(found) > _SHOWN:
                lines.append(f"    ... and {len(found) - _SHOWN} more")
        return "\n".join(lines)
