"""Methods and datasets of other packages take part; a broken package is named and left out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mia_bench.detectors import plugins
from mia_bench.testing.rules import RULES

EXAMPLE = Path(__file__).resolve().parents[4] / "docs" / "examples" / "mia-example"


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A folder into which the example package is installed."""
    if not EXAMPLE.is_dir():
        pytest.skip(f"no example package at {EXAMPLE}")
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--target", str(target), str(EXAMPLE)]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    return target


@pytest.fixture
def with_example(example):
    """Run Python where the example package is installed too."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(example)}
        command = [sys.executable, "-m", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    return run


def test_the_example_s_own_tests_pass(with_example):
    result = with_example("pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests")
    assert result.returncode == 0, result.stdout
    assert f"{len(RULES) + 2} passed, 7 skipped" in result.stdout  # a batch size, and a score


def test_the_example_takes_part_in_a_study(with_example, tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(
        "[datasets.example-rings]\n[methods.example-pca]\nimage_size = 32\n"
        "[methods.few]\nmethod = 'example-pca'\nimage_size = 32\noptions = { components = 2 }\n"
    )
    result = with_example("mia_bench", "run", study, "--out", tmp_path / "out", "--json")
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert set(answer["runs"].values()) == {"finished"}
    folder = tmp_path / "out" / "example-rings" / "example-pca" / "seed-0"
    metrics = json.loads((folder / "run.json").read_text())["metrics"]
    assert metrics["auroc"] > 0.9
    assert metrics["pixel_ap"] > 0.3  # it sees where the gap is


def test_the_example_is_listed(with_example):
    methods = json.loads(with_example("mia_bench", "list", "methods", "--json").stdout)
    assert methods[-1]["name"] == "example-pca"
    datasets = json.loads(with_example("mia_bench", "list", "datasets", "--json").stdout)
    assert datasets[-1] == {"name": "example-rings", "modality": "drawn", "masks": "yes"}


GOOD = """
from types import SimpleNamespace

def info(name):
    return SimpleNamespace(name=name, family="f", summary="s", paper="p", image_size=8,
                           channels=1, epochs=1, has_map=False, resize="squash")

METHODS = {name: info(name) for name in ("fine", "well")}
build = load = print
"""
BROKEN = {
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "lacks": ("build = load = print", ".*has no attribute 'METHODS'"),
    "hollow": ("METHODS = {'x': 3}; build = load = print", ".*METHODS.'x'. to have name, family"),
    "climbs": (GOOD.replace('"well"', '"../well"'), ".*expected a method's name"),
    "unbuilt": (GOOD + "\nbuild = 3\n", "TypeError: expected build to be a function, got 3"),
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a module on the path that registers methods, as an installed package does."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)
        record = tmp_path / f"{name}-1.0.dist-info"
        record.mkdir()
        (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (record / "entry_points.txt").write_text(f"[mia.detectors]\n{name} = {name}\n")
        monkeypatch.delitem(sys.modules, name, raising=False)
        plugins.forget_plugins()

    yield put
    plugins.forget_plugins()


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plug_in_is_named_in_one_line_and_left_out(install, kind):
    text, message = BROKEN[kind]
    install(f"a_{kind}", text)
    install("b_other", GOOD)
    expected = f"^plug-in 'a_{kind}' of mia.detectors is left out: {message}"
    with pytest.warns(UserWarning, match=expected) as said:
        names = list(plugins.methods())
    assert names[0] == "ae"
    assert names[-2:] == ["fine", "well"]
    assert "\n" not in str(said[0].message)


def test_a_plug_in_cannot_take_the_name_of_one_of_our_methods(install):
    install("a_thief", GOOD.replace('"well"', '"ae"'))
    with pytest.warns(UserWarning, match="method 'ae' of plug-in 'a_thief' is left out: the name"):
        found = plugins.methods()
    assert found["ae"].info.paper.startswith("https://")
    assert "fine" in found


def test_the_command_line_says_it_in_one_line(tmp_path):
    (tmp_path / "a_bad.py").write_text("raise RuntimeError('two\\nlines')")
    record = tmp_path / "a_bad-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: a-bad\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(
        "[mia.detectors]\na-bad = a_bad\n[mia.datasets]\na-bad = a_bad\n"
    )
    command = [sys.executable, "-m", "mia_bench", "list"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for what, group in (("methods", "mia.detectors"), ("datasets", "mia.datasets")):
        result = subprocess.run(
            [*command, what, "--json"],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        assert result.stderr == (
            f"mia-bench: warning: plug-in 'a-bad' of {group} is left out: RuntimeError: two lines\n"
        )
        assert len(json.loads(result.stdout)) > 5
