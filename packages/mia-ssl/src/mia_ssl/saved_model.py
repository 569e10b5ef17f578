"""Saved models of this package, checked before a detector is made of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mia_ssl._engine.storage import ModelFileError, load_folder

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator


def read_model(
    path: str | os.PathLike[str], methods: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the state and the facts that ``save`` wrote into a folder.

    Args:
        path: The folder.
        methods: Names of the methods that may have been saved.

    Raises:
        ModelFileError: Nothing there, damaged files, or a model of another package or method.
    """
    state, meta = load_folder(path)
    if meta.get("package") != "mia_ssl" or meta.get("method") not in list(methods):
        got = f"{meta.get('package')!r}, method {meta.get('method')!r}"
        msg = f"expected a model of mia_ssl at {path}, got one of {got}"
        raise ModelFileError(msg)
    return state, meta


@contextmanager
def explain_misfit(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn the errors of restoring a damaged model into a ``ModelFileError`` that names it."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        msg = f"the saved model at {path} does not fit this version: {error}"
        raise ModelFileError(msg) from error
