"""The code blocks of the documentation, and the comments that say how they are run.

A comment before a block says what it needs or why it is not run:

- ``<!-- given: NAME; NAME -->``: what ``givens.py`` makes first.
- ``<!-- run as: OLD => NEW; OLD => NEW -->``: replacements that make it short.
- ``<!-- tested by: FILE -->``: a test runs it.
- ``<!-- not run: REASON -->``
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
PAGES = [
    path
    for pattern in ("README.md", "docs/*.md", "docs/examples/*/README.md", "packages/*/README.md")
    for path in sorted(ROOT.glob(pattern))
]
LANGUAGES = {"bash", "python", "text", "toml", "yaml"}
# What a block may ask for without being able to have it here: installations and a viewer.
_ELSEWHERE = re.compile(r"^(\S*/)?(pip|nox|open|python3 -m venv|source|tensorboard)\b")
_BLOCK = re.compile(
    r"^(?P<comments>(?:<!--(?:(?!-->).)*-->\n+)*)^```(?P<language>\S*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_COMMENT = re.compile(r"<!--\s*(given|run as|tested by|not run):\s*(.*?)\s*-->", re.DOTALL)


@dataclass(frozen=True)
class CodeBlock:
    """A block of code in a page.

    Attributes:
        page: The file.
        line: Line of its first fence.
        language: The word behind the fence.
        code: The code as it stands there.
        comments: Kind of comment -> its text.
    """

    page: Path
    line: int
    language: str
    code: str
    comments: dict[str, str]

    @property
    def place(self) -> str:
        """Page and line, as ``docs/start.md:12``."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"

    @property
    def is_run(self) -> bool:
        """Whether nothing says that it is run elsewhere or not at all."""
        return not {"not run", "tested by"} & self.comments.keys()

    @property
    def givens(self) -> list[str]:
        """Names of what has to be there."""
        return [name.strip() for name in self.comments.get("given", "").split(";") if name.strip()]

    @property
    def code_to_run(self) -> str:
        """The code with its replacements."""
        code = self.code
        for change in filter(None, self.comments.get("run as", "").split(";")):
            old, new = (part.strip() for part in change.split("=>"))
            if old not in code:
                msg = f"{self.place}: there is no {old!r} to replace"
                raise ValueError(msg)
            code = code.replace(old, new)
        return code

    @property
    def commands(self) -> list[str]:
        """The command lines of a shell block, continued lines joined, without comments."""
        joined = self.code_to_run.replace("\\\n", " ")
        lines = [line.strip() for line in joined.splitlines()]
        parts = [part.strip() for line in lines if line[:1] != "#" for part in line.split(" && ")]
        return [
            shlex.join(words) for words in (shlex.split(p, comments=True) for p in parts) if words
        ]

    @property
    def commands_to_run(self) -> list[str]:
        """Those of them that install nothing and open nothing."""
        return [command for command in self.commands if not _ELSEWHERE.match(command)]


def read_blocks(page: Path) -> list[CodeBlock]:
    """Return the code blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    for found in _BLOCK.finditer(text):
        line = text[: found.end("comments")].count("\n") + 1
        comments = dict(_COMMENT.findall(found["comments"]))
        blocks.append(CodeBlock(page, line, found["language"], found["code"], comments))
    return blocks
