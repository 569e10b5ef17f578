"""A folder that is written whole: until then in a hidden folder beside it, to be resumed there."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from mia_bench.errors import StudyError
from mia_bench.files import hidden_name, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class ResumableFolder:
    """The hidden folder of an unfinished fit or scoring.

    Attributes:
        path: The hidden folder, beside the one to come: an older one there stays usable until then.
        settings: All that the result depends on, as JSON values.
        kept: The file or folder inside ``path`` that an interrupted process goes on from.
        activity: The work, for messages, such as ``"fitting this model"``.
    """

    path: Path
    settings: dict[str, Any]
    kept: Path
    activity: str

    @classmethod
    def beside(
        cls, target: Path, settings: Mapping[str, Any], *, suffix: str, kept: str, activity: str
    ) -> ResumableFolder:
        """Return the hidden folder ``.NAME.suffix`` of a target; nothing is written.

        Dataclasses among the settings become dicts.
        """
        text = json.dumps(settings, default=dataclasses.asdict)
        path = target.parent / f"{hidden_name(target)}.{suffix}"
        return cls(path, json.loads(text), path / kept, activity)

    @contextmanager
    def locked(self, *, refuse_others: bool) -> Iterator[None]:
        """Make the folder and keep other processes out; remove it unless it can be resumed.

        Args:
            refuse_others: Whether an interruption with other settings is an error, or forgotten.

        Raises:
            StudyError: Another process uses it, or it was interrupted with other settings.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.path / ".lock", timeout=0):
                try:
                    self._check(refuse_others=refuse_others)
                    yield
                finally:
                    if not self.kept.exists():
                        self.remove()
        except Timeout as error:
            msg = f"another process is {self.activity} ({self.path})"
            raise StudyError(msg) from error

    def move_to(self, fresh: Path, target: Path) -> None:
        """Move a finished folder to the target, in place of an older one, and remove the rest.

        What could be resumed goes first: a process that is killed in between begins anew, and does
        not go on without the files that are gone.
        """
        if self.kept.is_dir():
            shutil.rmtree(self.kept)
        else:
            self.kept.unlink(missing_ok=True)
        if target.exists():
            target.rename(self.path / "old")
        fresh.rename(target)
        self.remove()

    def remove(self) -> None:
        """Remove the hidden folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _check(self, *, refuse_others: bool) -> None:
        facts = self.path / "settings.json"
        changed: list[str] = []
        if self.kept.exists() and facts.exists():
            changed = _differences(json.loads(facts.read_text(encoding="utf-8")), self.settings)
            if not changed:
                return
        if changed and refuse_others:
            msg = (
                f"an interrupted process was {self.activity} with other settings "
                f"({', '.join(changed)}): call it again with those, or remove {self.path} to "
                "start anew"
            )
            raise StudyError(msg)
        for path in self.path.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != ".lock":
                path.unlink()
        write_json(facts, self.settings)


def _differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    found = []
    for key, value in now.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            found += _differences(old, value)
        elif old != value:
            found.append(f"{key} {old!r} -> {value!r}")
    return found


def check_replaceable(path: Path, *, marker: str, what: str) -> None:
    """Refuse to write where something other than an older result is.

    Args:
        path: The folder that is to be written.
        marker: A file that every folder of this kind holds.
        what: The kind, for the message.

    Raises:
        StudyError: The path is a file, a mount point, or a folder that is neither empty nor of this
            kind.
    """
    if os.path.ismount(path):
        msg = f"cannot replace {path}, where another disk is mounted: choose a folder inside it"
        raise StudyError(msg)
    if path.is_dir():
        free = (path / marker).is_file() or not any(path.iterdir())
    else:
        free = not path.exists()
    if not free:
        msg = f"will not overwrite {path}: expected a new or empty folder, or {what}"
        raise StudyError(msg)
