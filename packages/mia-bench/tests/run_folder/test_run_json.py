"""run.json and its siblings: read as written, and refused with file and key where damaged."""

from __future__ import annotations

import copy
import json
import os

import pytest
from mia_bench.errors import StudyError
from mia_bench.files import write_json
from mia_bench.run_folder import json_file
from mia_bench.run_folder.folder import RunFolder
from mia_bench.run_folder.records import Failure, Progress, RunSettings
from mia_bench.run_folder.run_json import read_failure, read_progress, read_run_record

WHOLE = {
    "format": 1,
    "settings": {
        **{"dataset": "lag", "label": "ae", "method": "ae", "seed": 0, "epochs": 2},
        **{"image_size": 64, "channels": 1, "resize": "squash", "resample": "lanczos"},
        "select": "pseudo_auroc",
        "options": {"width": 4, "bounds": [0.1, [1, 2]], "name": None, "deep": {"a": True}},
    },
    "metrics": {"auroc": 0.5, "ap": 1, "best_dice": None, "best_threshold": None, "mine": -3.5},
    "intervals": {"auroc": [0.25, 0.75]},
    "images": {"train": 10, "test": 20},
    "data": {
        **{"folder": "/scans/\udcff", "train_sha256": "0a", "test_sha256": "0b"},
        **{"allow_damaged": True, "resample_masks": True, "patients": r"p\d+"},
    },
    "losses": [{"epoch": 1, "loss": 0.5, "kl": 2}, {"epoch": 2, "loss": 0.25, "kl": 1}],
    "seconds": {"load": 1, "fit": 2.5, "predict": 0.5, "metrics": 0.125},
    "peak_memory": {"cpu": 1024, "cuda": 2048},
    "parameters": 17,
    "machine": {
        **{"device": "cuda", "name": "a GPU", "threads": 2, "cores": 4, "system": "Linux x"},
        **{"python": "3.11", "versions": {"torch": "2"}},
    },
    "finished": "2025-01-01T00:00:00Z",
    "selection": {
        **{"epoch": 1, "held_out": 3, "scores": [{"epoch": 1, "score": 0.5}]},
        "last": {"epoch": 2, "metrics": {"auroc": 0.25, "ap": 0.5}},
    },
    "members": {"a": "0f"},
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.json"


def test_a_record_is_written_as_it_was_read(path):
    write_json(path, WHOLE)
    record = read_run_record(path)
    assert record.seconds.total == 4.125
    assert record.selection.last.metrics["auroc"] == 0.25
    RunFolder(path.parent).write_record(record)
    assert json.loads(path.read_text()) == WHOLE
    assert read_run_record(path) == record


def test_optional_parts_may_be_missing_and_stay_so(path):
    old = copy.deepcopy(WHOLE)
    for key in ("intervals", "data", "finished", "selection", "members", "parameters"):
        del old[key]
    del old["peak_memory"]["cuda"], old["settings"]["epochs"], old["settings"]["select"]
    for key in ("cores", "system", "python", "versions"):
        del old["machine"][key]
    write_json(path, old)
    written = read_run_record(path).to_json()
    assert written == {**old, "intervals": {}, "parameters": None}


def test_runs_that_name_no_filter_were_resized_bilinearly(path):
    old = copy.deepcopy(WHOLE)
    del old["settings"]["resample"]
    write_json(path, old)
    assert read_run_record(path).settings.resample == "bilinear"


def damage(key, value):
    """A copy of the whole record with another value at a key such as ``machine.threads``."""
    content = copy.deepcopy(WHOLE)
    *tables, last = [int(name) if name.isdigit() else name for name in key.split(".")]
    table = content
    for name in tables:
        table = table[name]
    if value is KeyError:
        del table[last]
    else:
        table[last] = value
    return content


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 2, "its format is 2, expected 1"),
        ("format", "1", 'expected format to be a whole number from 0, got "1"'),
        ("settings", KeyError, "it has no settings"),
        ("settings", [], "expected settings to be a table, got a list"),
        ("settings.seed", KeyError, "it has no settings.seed"),
        ("settings.seed", "0", 'expected settings.seed to be a whole number from 0, got "0"'),
        ("settings.seed", True, "expected settings.seed to be a whole number from 0, got true"),
        ("settings.seed", 0.0, "expected settings.seed to be a whole number from 0, got 0.0"),
        ("settings.seed", -1, "expected settings.seed to be a whole number from 0, got -1"),
        ("settings.seed", 10**30, "expected settings.seed to be a whole number from 0, got 1000"),
        ("settings.image_size", 0, "expected settings.image_size to be a whole number from 1"),
        ("settings.label", 3, "expected settings.label to be a text, got 3"),
        ("settings.label", None, "expected settings.label to be a text, got null"),
        ("settings.label", "\ud800", "expected settings.label to be a text"),
        ("settings.epochs", "2", "expected settings.epochs to be a whole number"),
        ("settings.options", "x", 'expected settings.options to be a table, got "x"'),
        ("settings.options.width", float("nan"), "options.width to be a finite number, got NaN"),
        ("settings.options.deep", {"a": [1, float("inf")]}, "deep.a.1 to be a finite number"),
        ("settings.options.name", "\udcff", "options.name to be a text"),
        ("metrics", [], "expected metrics to be a table, got a list"),
        ("metrics.auroc", KeyError, "it has no metrics.auroc"),
        ("metrics.auroc", None, "metrics.auroc to be a finite number from 0 to 1, got null"),
        ("metrics.auroc", "0.5", 'metrics.auroc to be a finite number from 0 to 1, got "0.5"'),
        ("metrics.auroc", True, "metrics.auroc to be a finite number from 0 to 1, got true"),
        ("metrics.auroc", float("nan"), "metrics.auroc to be a finite number from 0 to 1, got NaN"),
        ("metrics.ap", 1.5, "metrics.ap to be a finite number from 0 to 1, got 1.5"),
        ("metrics.best_dice", [0.5], "metrics.best_dice to be a finite number from 0 to 1"),
        ("metrics.best_threshold", float("inf"), "metrics.best_threshold to be a finite number"),
        ("metrics.mine", {}, "metrics.mine to be a finite number, got a table"),
        ("intervals.auroc", [0.5], "intervals.auroc to be a list of two finite numbers"),
        ("intervals.auroc", [0, float("nan")], "intervals.auroc to be a list of two finite"),
        ("images.train", 1.5, "images.train to be a whole number"),
        ("images.test", KeyError, "it has no images.test"),
        ("data", "/scans", 'expected data to be a table, got "/scans"'),
        ("data.test_sha256", KeyError, "it has no data.test_sha256"),
        ("data.train_sha256", 3, "expected data.train_sha256 to be a text, got 3"),
        ("data.allow_damaged", 3, "expected data.allow_damaged to be true or false, got 3"),
        ("data.patients", True, "expected data.patients to be a text, got true"),
        ("data.folder", 3, "expected data.folder to be a path, got 3"),
        ("data.folder", "a\0b", "expected data.folder to be a path"),
        ("data.root", "\ud800", "expected data.root to be a path"),
        ("losses", {}, "expected losses to be a list, got a table"),
        ("losses", "loss", 'expected losses to be a list, got "loss"'),
        ("losses.1", 3, "expected losses.1 to be a table, got 3"),
        ("losses.1.epoch", KeyError, "it has no losses.1.epoch"),
        ("losses.1.loss", "low", 'expected losses.1.loss to be a finite number, got "low"'),
        ("losses.0.kl", float("-inf"), "losses.0.kl to be a finite number, got -Infinity"),
        ("seconds.fit", KeyError, "it has no seconds.fit"),
        ("seconds.fit", -1, "seconds.fit to be a finite number from 0, got -1"),
        ("seconds.predict", [], "seconds.predict to be a finite number from 0, got a list"),
        ("peak_memory.cpu", 1.5, "peak_memory.cpu to be a whole number"),
        ("peak_memory.cuda", "x", "peak_memory.cuda to be a whole number"),
        ("parameters", "many", 'expected parameters to be a whole number from 0, got "many"'),
        ("machine", {}, "it has no machine.device, machine.name, machine.threads"),
        ("machine.threads", "4", "machine.threads to be a whole number"),
        ("machine.versions", {"torch": 2}, "machine.versions.torch to be a text, got 2"),
        ("finished", 2025, "expected finished to be a text, got 2025"),
        ("selection", [], "expected selection to be a table"),
        ("selection.scores", {}, "selection.scores to be a list"),
        ("selection.scores.0.score", None, "selection.scores.0.score to be a finite number"),
        ("selection.last.metrics.ap", "x", "selection.last.metrics.ap to be a finite number"),
        ("members", ["a"], "expected members to be a table"),
        ("members.a", 5, "members.a to be a text, got 5"),
    ],
)
def test_a_wrong_value_is_refused_with_file_and_key(path, key, value, message):
    path.write_text(json.dumps(damage(key, value)))
    with pytest.raises(StudyError) as refusal:
        read_run_record(path)
    text = str(refusal.value)
    assert text.startswith(f"cannot read {path}: ")
    assert message in text
    assert len(text.splitlines()) == 1
    text.encode()  # can be printed and written


DEEP = 100_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"[]", "expected a table, got a list"),
        (b"null", "expected a table, got null"),
        (b"\xff\xfe", "'utf-8' codec can't decode"),
        (b'{"format": 1, "settings": {}}', "it has no metrics"),
        (b"[" * DEEP + b"]" * DEEP, "nested too deeply"),
        (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "nested too deeply"),
        (b"9" * 5000, "cannot read"),
    ],
    ids=range(9),
)
def test_a_file_that_is_no_record_is_refused(path, content, message):
    path.write_bytes(content)
    with pytest.raises(StudyError, match=message) as refusal:
        read_run_record(path)
    assert str(refusal.value).startswith(f"cannot read {path}: ")


@pytest.mark.parametrize("depth", [30, 500, 900])
def test_options_nested_deeply_are_refused(path, depth):
    nested = json.dumps(WHOLE).replace('"deep": {"a": true}', f'"deep": {"[" * depth}{"]" * depth}')
    path.write_text(nested)
    with pytest.raises(StudyError, match="nested too deeply"):
        read_run_record(path)


@pytest.mark.parametrize("key", ["settings", "metrics", "losses", "seconds", "finished"])
def test_nested_values_elsewhere_are_refused_too(path, key):
    path.write_text(json.dumps({**WHOLE, key: 0}).replace(f'"{key}": 0', f'"{key}": {"[" * 900}'))
    with pytest.raises(StudyError, match="cannot read"):
        read_run_record(path)
    content = json.dumps({**WHOLE, key: 0})
    path.write_text(content.replace(f'"{key}": 0', f'"{key}": {"[" * 900}{"]" * 900}'))
    with pytest.raises(StudyError, match="cannot read"):
        read_run_record(path)


def test_a_large_file_is_refused_unread(path, monkeypatch):
    monkeypatch.setattr(json_file, "MAX_BYTES", 100)
    write_json(path, WHOLE)
    with pytest.raises(StudyError, match="expected at most 100 bytes"):
        read_run_record(path)


def test_a_folder_or_pipe_in_its_place_is_refused(path):
    with pytest.raises(StudyError, match="No such file"):
        read_run_record(path)
    path.mkdir()
    with pytest.raises(StudyError, match="not a regular file"):
        read_run_record(path)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(StudyError, match="not a regular file"):
        read_run_record(path)


def test_hostile_names_are_refused(path):
    for key in ("metrics", "intervals", "members"):
        content = copy.deepcopy(WHOLE)
        content[key]["\ud800"] = 0.5
        path.write_text(json.dumps(content))
        with pytest.raises(StudyError, match=f"{key}.*is not a name") as refusal:
            read_run_record(path)
        str(refusal.value).encode()


@pytest.fixture
def settings():
    return RunSettings(
        **{"dataset": "lag", "label": "ae", "method": "ae", "seed": 0, "epochs": 2},
        **{"image_size": 64, "channels": 1, "resize": "squash", "options": {"width": 4}},
    )


def test_changes_are_named(settings):
    from dataclasses import replace

    assert settings.describe_changes(settings) == ""
    other = replace(settings, epochs=3, options={})
    assert other.describe_changes(settings) == "options {'width': 4} -> {}, epochs 2 -> 3"


def test_progress_and_failure_are_read_as_they_were_written(tmp_path, settings):
    folder = RunFolder(tmp_path)
    folder.write_progress(Progress(3, 250, None))
    assert folder.read_progress() == Progress(3, 250, None)
    folder.write_failure(Failure("no memory", settings))
    assert folder.read_failure() == Failure("no memory", settings)
    folder.claim(settings)
    assert folder.read_settings() == settings


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"eror": "x"}, "it has no error"),
        ({"error": 3}, "expected error to be a text, got 3"),
        ({"error": "x", "settings": {"dataset": "lag"}}, "it has no settings.label"),
        ({"error": "x", "settings": 3}, "expected settings to be a table, got 3"),
    ],
)
def test_a_damaged_failure_is_refused(tmp_path, content, message):
    path = tmp_path / "failed.json"
    write_json(path, content)
    with pytest.raises(StudyError, match=message):
        read_failure(path)


def test_a_failure_may_name_a_file_that_is_not_utf_8(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_failure(Failure("no file caf\udce9.png"))
    assert folder.read_failure() == Failure("no file caf?.png")


@pytest.mark.parametrize(
    "content", [{"epoch": 3}, {"epoch": "3", "epochs": 4, "loss": None}, {"epoch": -1, "epochs": 2}]
)
def test_a_damaged_progress_is_refused(tmp_path, content):
    folder = RunFolder(tmp_path)
    write_json(folder.progress, content)
    with pytest.raises(StudyError, match=r"progress\.json"):
        read_progress(folder.progress)
    assert folder.read_progress() is None
