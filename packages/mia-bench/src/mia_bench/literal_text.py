"""Text of users and files, shown as it is on terminals, on pages, in figures and spreadsheets."""

from __future__ import annotations

import unicodedata
from typing import Any

# Controls, formats such as the directions of writing, halves of pairs, separators of lines.
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_KEPT = "\n\t\u200c\u200d"  # the last two join letters or keep them apart, in Persian for one
# A spreadsheet runs a cell that begins with one of these; the last four are their wide forms.
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_QUOTE = "'"


def visible(text: str) -> str:
    r"""Return a text with its control characters and directions of writing as ``\x1b``, ``\u202e``.

    Line breaks and tabs stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _HIDDEN:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def on_page(value: Any) -> Any:
    """Return what a template puts on a page: of a text that is not HTML its visible form."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def csv_cell(value: Any) -> Any:
    """Return the value of a cell that no spreadsheet takes for a formula.

    A text that begins like one gets a quotation mark in front, as does one that begins with a
    quotation mark before such a character, so that ``from_csv_cell`` gives back what was written.
    Numbers stay.
    """
    if isinstance(value, str) and value.lstrip(_QUOTE + " ").startswith(_FORMULA):
        return _QUOTE + value
    return value


def from_csv_cell(text: str) -> str:
    """Return the text that ``csv_cell`` was given."""
    if text.startswith(_QUOTE) and text.lstrip(_QUOTE + " ").startswith(_FORMULA):
        return text[1:]
    return text
