"""A study: datasets by methods by seeds, read from TOML or the command line."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mia_bench.detectors.epoch_selection import LAST, check_rule
from mia_bench.errors import StudyError, unknown_name
from mia_bench.files import is_folder_name
from mia_bench.metric_names import METRICS
from mia_bench.run_folder.data_record import DataSource
from mia_bench.run_folder.reading import Reading
from mia_bench.study.executor_options import ExecutorOptions

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT = Path(__file__).parent / "default.toml"
_PATHS = ("root", "folder", "manifest")  # keys of a dataset that say where it is
_KINDS = {str: "a text", int: "a whole number", dict: "a table"}  # as messages call them


@dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """A dataset of a study; None stands for the default.

    Attributes:
        name: Its registered name, or an alias; of the user's own images a name that is free.
        root: The folder that holds the folder of a registered dataset.
        folder: A folder of the user's own images, see ``mia_data.from_folder``.
        manifest: A CSV table of the user's own images, see ``mia_data.from_manifest``.
        image_size: Side of its images in pixels, for methods that do not name their own.
        reading: How its files are read; in a study file its parts are keys of the dataset.
    """

    name: str
    root: str | None = None
    folder: str | None = None
    manifest: str | None = None
    image_size: int | None = None
    reading: Reading = field(default_factory=Reading)

    @property
    def source(self) -> DataSource:
        """The place that its images come from."""
        return DataSource(
            root=self.root, folder=self.folder, manifest=self.manifest, reading=self.reading
        )


@dataclass(frozen=True, kw_only=True)
class MethodEntry:
    """A method of a study; None stands for the default of the study or the method.

    Attributes:
        label: Its name in the study, the name of its folder.
        method: Its registered name.
        epochs: Epochs of training.
        image_size: Side of the square images in pixels.
        options: The method's own options.
        select: The rule that chooses its epoch.
    """

    label: str
    method: str
    epochs: int | None = None
    image_size: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    select: str | None = None


@dataclass(frozen=True, kw_only=True)
class Study:
    """Datasets by methods by seeds, and how they are run.

    Attributes:
        name: The study's name.
        datasets: Its datasets.
        methods: Its methods.
        seeds: The random seeds of each dataset and method.
        select: The rule that chooses an epoch, of methods that name none.
        metrics: The metrics that are measured.
        as_original: Whether methods get the options that bring the behavior of the original's code,
            see ``mia_bench.study.paper_settings``; options of a method's own come before these.
        executor: Where its runs are done.
        tracking: The trackers that its runs are logged to.
    """

    name: str
    datasets: tuple[DatasetEntry, ...]
    methods: tuple[MethodEntry, ...]
    seeds: tuple[int, ...] = (0,)
    select: str = LAST
    metrics: tuple[str, ...] = METRICS
    as_original: bool = False
    executor: ExecutorOptions = field(default_factory=ExecutorOptions)
    tracking: tuple[str, ...] = ()

    def choose(
        self,
        *,
        datasets: Iterable[str] | None = None,
        methods: Iterable[str] | None = None,
        seeds: Iterable[int] | None = None,
        root: str | None = None,
        epochs: int | None = None,
        select: str | None = None,
        as_original: bool = False,
        reading: Reading | None = None,
    ) -> Study:
        """Return the study with other lists or schedules where they are given.

        A name that the study has keeps the settings it has there. A dataset that is no registered
        name is a path: that of a folder of the user's own images, or of a CSV table of them.
        ``root`` is for registered datasets alone; of ``reading`` all but ``allow_damaged`` is for
        the user's own images.

        Raises:
            StudyError: Something is said of the user's own images, and the study has none.
        """
        study = replace(self, as_original=self.as_original or as_original)
        if datasets is not None:
            own = {entry.name: entry for entry in self.datasets}
            chosen = tuple(own.get(name) or dataset_of_argument(name) for name in datasets)
            study = replace(study, datasets=chosen)
        if methods is not None:
            mine = {entry.label: entry for entry in self.methods}
            picked = tuple(mine.get(n, MethodEntry(label=n, method=n)) for n in methods)
            study = replace(study, methods=picked)
        if seeds is not None:
            study = replace(study, seeds=tuple(seeds))
        if root is not None:
            root = locate(root)
            moved = tuple(
                replace(entry, root=root) if entry.source.own is None else entry
                for entry in study.datasets
            )
            study = replace(study, datasets=moved)
        if reading is not None:
            study = replace(study, datasets=_with_reading(study.datasets, reading))
        if epochs is not None:
            timed = tuple(replace(entry, epochs=epochs) for entry in study.methods)
            study = replace(study, methods=timed)
        if select is not None:
            ruled = tuple(replace(entry, select=select) for entry in study.methods)
            study = replace(study, methods=ruled)
        return study


def _with_reading(entries: tuple[DatasetEntry, ...], reading: Reading) -> tuple[DatasetEntry, ...]:
    """Return the datasets with further settings of how their files are read."""
    if reading.for_own_only() and all(entry.source.own is None for entry in entries):
        msg = (
            f"expected a folder or table of your own images for {reading.for_own_only()[0]}, got "
            f"the datasets {', '.join(entry.name for entry in entries)}"
        )
        raise StudyError(msg)
    of_registered = Reading(allow_damaged=reading.allow_damaged)
    return tuple(
        replace(
            entry,
            reading=entry.reading.with_more(of_registered if entry.source.own is None else reading),
        )
        for entry in entries
    )


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
    if key == "patients":
        return _typed(f"{where}.{key}", table[key], str)
    return _flag(f"{where}.{key}", table[key])


def dataset_of_argument(text: str) -> DatasetEntry:
    """Return the dataset of a word of the command line: a registered name, or a path.

    A path leads to a folder, or to a CSV table; its last part without ``.csv`` names the dataset.
    """
    if not _is_path(text):
        return DatasetEntry(name=text)
    path = Path(os.path.expanduser(locate(text)))  # noqa: PTH111 (an unknown user is no error yet)
    if path.suffix.lower() == ".csv" and not path.is_dir():
        return DatasetEntry(name=path.stem, manifest=str(path))
    return DatasetEntry(name=path.name, folder=str(path))


def _is_path(text: str) -> bool:
    """Return whether it has a slash, or is no registered name but that of a file or folder."""
    if os.sep in text or "/" in text or text in (".", "..", "~"):
        return True
    import mia_data  # brings NumPy, which a study without such a word need not wait for

    try:
        mia_data.info(text)
    except mia_data.UnknownNameError:
        return Path(text).exists()
    return False


def locate(path: str, folder: Path = Path()) -> str:
    """Return a path as one that starts from a folder; ``~`` is left to whoever opens it."""
    return path if path.startswith("~") else os.path.abspath(folder / path)  # noqa: PTH100


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
