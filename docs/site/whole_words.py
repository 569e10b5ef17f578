"""A hook of mkdocs: words in tables, commands and inline code are not broken inside.

A style sheet alone cannot do it: browsers break words at hyphens, such as those of `--epochs`.
"""

from __future__ import annotations

import re
from typing import Any

_COMMANDS = '<div class="language-bash highlight">'
_PARTS = re.compile(rf"(<table\b.*?</table>|{_COMMANDS}.*?</div>)", re.DOTALL)
_CELL = re.compile(r"<(t[dh])([^>]*)>(.*?)</\1>", re.DOTALL)
_TEXT = re.compile(r"(?<=>)[^<]+(?=<)")
_INLINE_CODE = re.compile(r"(?<!<pre>)(?<!</span>)(<code>)([^<]+)(</code>)")
# Longer words, such as lists of values and paths, break behind these characters.
_LONG, _BREAKS = 30, re.compile(r"(?<=[|/,])(?=.)")
# Longer pieces break anywhere.
_LONGEST = 40
# Shorter cells stay on one line; columns of longer ones have a least width.
_ONE_LINE, _SENTENCE, _PARAGRAPH = 22, 40, 100


def on_page_content(html: str, **_: Any) -> str:
    """Mark the words that stay whole."""
    parts = _PARTS.split(html)
    parts[::2] = [_INLINE_CODE.sub(_code, part) for part in parts[::2]]
    for number in range(1, len(parts), 2):
        if parts[number].startswith(_COMMANDS):
            parts[number] = _TEXT.sub(lambda text: _words(text[0]), parts[number])
        else:
            parts[number] = _CELL.sub(_cell, parts[number])
    return "".join(parts)


def _code(match: re.Match[str]) -> str:
    return f"{match[1]}{_words(match[2])}{match[3]}"


def _cell(match: re.Match[str]) -> str:
    tag, attributes, content = match.groups()
    if "class=" in attributes:
        return match[0]
    length = len(re.sub(r"<[^>]*>", "", content))
    if length <= _ONE_LINE:
        return f'<{tag}{attributes} class="word">{content}</{tag}>'
    marked = _TEXT.sub(lambda text: _words(text[0]), f">{content}<")[1:-1]
    kinds = {_PARAGRAPH: ' class="paragraph"', _SENTENCE: ' class="sentence"', 0: ""}
    kind = next(text for least, text in kinds.items() if length > least)
    return f"<{tag}{attributes}{kind}>{marked}</{tag}>"


def _words(text: str) -> str:
    return re.sub(r"[^\s<>]+", _word, text)


def _word(match: re.Match[str]) -> str:
    pieces = _BREAKS.split(match[0]) if len(match[0]) > _LONG else [match[0]]
    return "<wbr>".join(map(_whole, pieces))


def _whole(piece: str) -> str:
    """Return a piece that stays on one line where a browser might break it."""
    if len(piece) > _LONGEST or not re.search(r"[^\w.;&]", piece):
        return piece
    return f'<span class="word">{piece}</span>'
