"""A fit that is going on, or was interrupted: its checkpoint beside the model to come."""

from __future__ import annotations

import dataclasses
import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from mia_bench.errors import StudyError
from mia_bench.files import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Unfinished:
    """The hidden folder of an unfinished fit.

    Attributes:
        path: Beside the model's folder, so that an older model stays usable until the end.
        settings: All that the fit depends on, as JSON values.
    """

    path: Path
    settings: dict[str, Any]

    @classmethod
    def of(cls, model: Path, settings: Mapping[str, Any]) -> Unfinished:
        """The unfinished fit of a model; dataclasses among the settings become dicts."""
        text = json.dumps(settings, default=dataclasses.asdict)
        return cls(model.parent / f".{model.name}.fitting", json.loads(text))

    @property
    def checkpoint(self) -> Path:
        """The training's state, written by the detector."""
        return self.path / "checkpoint"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Keep other fits of this model out; without a checkpoint nothing stays behind an error.

        Raises:
            StudyError: Another fit of this model is going on, or was interrupted with other
                settings.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.path / ".lock", timeout=0):
                try:
                    self._check()
                    yield
                finally:
                    if not self.checkpoint.exists():
                        self.remove()
        except Timeout as error:
            msg = f"another process is fitting this model ({self.path})"
            raise StudyError(msg) from error

    def remove(self) -> None:
        """Remove the checkpoint and all that goes with it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _check(self) -> None:
        facts = self.path / "settings.json"
        if not (self.checkpoint.exists() and facts.exists()):
            write_json(facts, self.settings)
            return
        before = json.loads(facts.read_text(encoding="utf-8"))
        changed = _differences(before, self.settings)
        if changed:
            msg = (
                f"an interrupted fit of this model had other settings ({', '.join(changed)}): "
                f"call it again with those, or remove {self.path} to start anew"
            )
            raise StudyError(msg)


def _differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    found = []
    for key, value in now.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            found += _differences(old, value)
        elif old != value:
            found.append(f"{key} {old!r} -> {value!r}")
    return found
