"""Studies in TOML files."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from mia_bench.detectors.epoch_selection import LAST, check_rule
from mia_bench.errors import StudyError, unknown_name
from mia_bench.files import is_folder_name
from mia_bench.metric_names import METRICS
from mia_bench.run_folder.reading import RULES, Reading
from mia_bench.study.executor_options import ExecutorOptions
from mia_bench.study.paths import locate
from mia_bench.study.study import DatasetEntry, MethodEntry, Study

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT = Path(__file__).parent / "default.toml"
_PATHS = ("root", "folder", "manifest")  # keys of a dataset that say where it is
_KINDS = {str: "a text", int: "a whole number", dict: "a table"}  # as messages call them


def read_study(path: Path) -> Study:
    """Read a study from a TOML file; relative paths in it start from its folder.

    Raises:
        StudyError: No such file, not TOML, or a key or value that has no meaning there.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"cannot read the study {path}: {error}"
        raise StudyError(msg) from error
    try:
        return parse_study(tree, name=path.stem, folder=path.parent)
    except StudyError as error:
        msg = f"{path}: {error}"
        raise StudyError(msg) from error


def parse_study(tree: dict[str, Any], *, name: str, folder: Path = Path()) -> Study:
    """Make a study of the keys and tables of a TOML file, which are the fields of ``Study``.

    Args:
        tree: The keys and tables.
        name: The study's name, if it names none.
        folder: The folder that relative paths start from.

    Raises:
        StudyError: A key or value that has no meaning.
    """
    _check_keys("the study", tree, [f.name for f in fields(Study)])
    datasets = _tables(tree, "datasets")
    methods = _tables(tree, "methods")
    return Study(
        name=_typed("name", tree.get("name", name), str),
        seeds=_seeds(tree.get("seeds", [0])),
        datasets=tuple(_dataset(key, table, folder) for key, table in datasets.items()),
        methods=tuple(_method(key, table) for key, table in methods.items()),
        select=_rule("select", tree.get("select", LAST)),
        metrics=_metrics(tree.get("metrics", list(METRICS))),
        as_original=_flag("as_original", tree.get("as_original", False)),
        executor=_executor(tree.get("executor", {})),
        tracking=_names("tracking", tree.get("tracking", [])),
    )


def _dataset(name: str, table: dict[str, Any], folder: Path) -> DatasetEntry:
    where = f"datasets.{name}"
    own = [f.name for f in fields(DatasetEntry) if f.name not in ("name", "reading")]
    rules = [f.name for f in fields(Reading)]
    _check_keys(where, table, [*own, *rules])
    paths = {}
    for key in _PATHS:
        if key in table:
            path: str = _typed(f"{where}.{key}", table[key], str)
            if not path or "\0" in path:
                msg = f"expected {where}.{key} to be a path, got {path!r}"
                raise StudyError(msg)
            paths[key] = locate(path, folder)
    if len(paths) > 1:
        msg = f"expected {where} to have one of {', '.join(_PATHS)}, got {' and '.join(paths)}"
        raise StudyError(msg)
    if "image_size" in table:
        _typed(f"{where}.image_size", table["image_size"], int)
    reading = Reading(**{key: _rule_of_reading(where, key, table) for key in rules if key in table})
    if reading.for_own_only() and not {"folder", "manifest"} & set(paths):
        msg = f"expected {where} to have a folder or manifest for {reading.for_own_only()[0]}"
        raise StudyError(msg)
    settings = {key: table[key] for key in own if key in table}
    return DatasetEntry(name=name, **{**settings, **paths}, reading=reading)


def _rule_of_reading(where: str, key: str, table: dict[str, Any]) -> Any:
    if key in RULES:
        return _typed(f"{where}.{key}", table[key], str)
    return _flag(f"{where}.{key}", table[key])


def _method(label: str, table: dict[str, Any]) -> MethodEntry:
    where = f"methods.{label}"
    if not is_folder_name(label):
        msg = f"expected methods.NAME to have a name that a folder can have, got {label!r}"
        raise StudyError(msg)
    _check_keys(where, table, [f.name for f in fields(MethodEntry) if f.name != "label"])
    for key, kind in (("method", str), ("epochs", int), ("image_size", int), ("options", dict)):
        if key in table:
            _typed(f"{where}.{key}", table[key], kind)
    if "select" in table:
        _rule(f"{where}.select", table["select"])
    return MethodEntry(label=label, **{"method": label, **table})


def _executor(table: Any) -> ExecutorOptions:
    table = _typed("executor", table, dict)
    _check_keys("executor", table, [f.name for f in fields(ExecutorOptions)])
    return ExecutorOptions(**table)


def _names(where: str, value: Any) -> tuple[str, ...]:
    """Return the names of a list, or of one name alone."""
    names = value if isinstance(value, list) else [value]
    return tuple(_typed(where, name, str) for name in names)


def _metrics(value: Any) -> tuple[str, ...]:
    names = _names("metrics", value)
    for name in names:
        if name not in METRICS:
            raise unknown_name("metric", name, list(METRICS))
    return names


def _rule(where: str, rule: Any) -> str:
    check_rule(f"value of {where}", _typed(where, rule, str))
    return rule


def _check_keys(where: str, table: dict[str, Any], known: list[str]) -> None:
    for key in table:
        if key not in known:
            raise unknown_name(f"key of {where}", key, known)


def _tables(tree: dict[str, Any], key: str) -> dict[str, dict[str, Any]]:
    tables = _typed(key, tree.get(key, {}), dict)
    if not tables:
        msg = f"expected at least one table [{key}.NAME]"
        raise StudyError(msg)
    return {name: _typed(f"{key}.{name}", table, dict) for name, table in tables.items()}


def _seeds(seeds: Any) -> tuple[int, ...]:
    good = isinstance(seeds, list) and all(type(s) is int and s >= 0 for s in seeds)
    if not (good and seeds):
        msg = f"expected seeds to be a list of whole numbers from 0, got {seeds!r}"
        raise StudyError(msg)
    return tuple(seeds)


def _flag(where: str, value: Any) -> bool:
    if not isinstance(value, bool):
        msg = f"expected {where} to be true or false, got {value!r}"
        raise StudyError(msg)
    return value


def _typed(where: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        msg = f"expected {where} to be {_KINDS[kind]}, got {value!r}"
        raise StudyError(msg)
    return value
