"""A hook of mkdocs: words in tables are not broken, and columns of sentences are not too narrow.

A style sheet alone cannot do it: browsers break words at hyphens, such as that of `--epochs`.
"""

from __future__ import annotations

import re
from typing import Any

_CELL = re.compile(r"<(t[dh])([^>]*)>(.*?)</\1>", re.DOTALL)
_TEXT = re.compile(r"(?<=>)[^<]+(?=<)")
# Longer words, such as lists of values and patterns of paths, break behind these characters.
_LONGEST, _BREAKS = 36, re.compile(r"(?<=[|/_,])(?=\w)")
# Shorter cells stay on one line; columns of longer ones have a least width.
_ONE_LINE, _SENTENCE = 18, 40


def on_page_content(html: str, **_: Any) -> str:
    """Mark the words in the cells of a page's tables."""
    return _CELL.sub(_cell, html)


def _cell(match: re.Match[str]) -> str:
    tag, attributes, content = match.groups()
    if "class=" in attributes:
        return match[0]
    length = len(re.sub(r"<[^>]*>", "", content))
    if length <= _ONE_LINE:
        return f'<{tag}{attributes} class="word">{content}</{tag}>'
    marked = _TEXT.sub(lambda text: re.sub(r"[^\s<>]+", _word, text[0]), f">{content}<")[1:-1]
    kind = ' class="sentence"' if length > _SENTENCE else ""
    return f"<{tag}{attributes}{kind}>{marked}</{tag}>"


def _word(match: re.Match[str]) -> str:
    word = match[0]
    if len(word) > _LONGEST:
        return _BREAKS.sub("<wbr>", word)
    return f'<span class="word">{word}</span>' if re.search(r"[^\w.;&]", word) else word
