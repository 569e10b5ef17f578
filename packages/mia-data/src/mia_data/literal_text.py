"""Text of users and files, shown as it is on terminals."""

from __future__ import annotations

import unicodedata

# Controls, formats such as the directions of writing, halves of pairs, separators of lines.
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_KEPT = "\n\t\u200c\u200d"  # the last two join letters or keep them apart, in Persian for one


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
