"""mia-bench fit and score from outside: from folders to files, and bad input as one line."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import click
import numpy as np
import pytest
from mia_bench.cli.fit import KeyValue
from mia_bench.detectors.default_method import DEFAULT_METHOD
from mia_bench.detectors.plugins import find_method
from mia_bench.errors import StudyError
from PIL import Image

DOCS = Path(__file__).resolve().parents[4] / "docs" / "own-images.md"


def draw(folder: Path, count: int, seed: int, lesion: bool = False) -> None:
    """Noisy gray disks of 60 x 48, with a bright square where they have a lesion."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:48, :60]
    for i in range(count):
        image = 90.0 * (np.hypot(x - 30, y - 24) < 20) + rng.normal(0, 5, (48, 60))
        if lesion:
            image[20:30, 25:35] += 130
        name = f"{'lesion' if lesion else 'normal'}_{i:02}.png"
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(folder / name)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Path:
    """``normal`` to train on and ``new`` to score."""
    root = tmp_path_factory.mktemp("cli")
    draw(root / "normal", 40, 1)
    draw(root / "new", 6, 2)
    draw(root / "new", 6, 3, lesion=True)
    return root


FIT = ("--method", "ae", "--image-size", 32, "--epochs", 40)
OPTIONS = {"batch_size": 8, "width": 4, "hidden": 32, "latent": 4, "learning_rate": 3e-3}


@pytest.fixture(scope="module")
def fitted(mia_bench_process, folders):
    """The answer of ``fit --json``; the model is in ``folders / "model"``."""
    arguments = ("--images", folders / "normal", "--model", folders / "model", "--json")
    options = [text for key, value in OPTIONS.items() for text in ("--option", f"{key}={value}")]
    result = mia_bench_process("fit", *FIT, *options, *arguments, "--device", "cpu")
    assert result.returncode == 0, result.stderr
    assert "ae: training on 21 images\n" in result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def score(mia_bench, folders, fitted, tmp_path):
    """Call ``score`` on the new images."""

    def call(*arguments):
        base = (
            "--model",
            folders / "model",
            "--images",
            folders / "new",
            "--out",
            tmp_path / "out",
        )
        return mia_bench("score", *base, *arguments)

    return call


def test_fit_tells_what_it_did(fitted, folders):
    # A fifth of 40 would be too few for thresholds at a rate of 0.05.
    assert fitted["training"]["images"] == 21
    assert fitted["split"]["rule"] == "held out"
    assert fitted["training"]["options"] == OPTIONS
    assert (fitted["reference"]["images"], fitted["reference"]["origin"]) == (
        19,
        "held-out images",
    )
    facts = json.loads((folders / "model" / "fit.json").read_text())
    assert facts["training"] == fitted["training"]
    assert sorted(p.name for p in folders.iterdir()) == ["model", "new", "normal"]


def test_lesions_are_flagged_and_shown(score, tmp_path):
    result = score("--raw-maps", "--fpr", 0.1)
    assert result.returncode == 0, result.stderr
    assert re.search(r"\d+ of 12 images flagged", result.stdout)
    with (tmp_path / "out" / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "score", "quantile", "flagged"]
    scores = {row["file"]: float(row["score"]) for row in rows}
    lesions = [name for name in scores if name.startswith("lesion")]
    assert min(scores[n] for n in lesions) > max(scores[n] for n in scores if n not in lesions)
    assert all(row["flagged"] == "1" for row in rows if row["file"] in lesions)
    for name in lesions:
        whole = np.load(tmp_path / "out" / "maps" / f"{name}.npy")
        assert whole.shape == (48, 60)
        lesion = whole[20:30, 25:35]
        assert lesion.mean() > 3 * whole.mean()
        assert Image.open(tmp_path / "out" / "heatmaps" / f"{name}.png").size == (60, 48)


def test_score_as_json(score, tmp_path):
    result = score("--json", "--no-heatmaps")
    answer = json.loads(result.stdout)
    assert answer["images"] == 12
    assert answer["broken"] == []
    assert Path(answer["table"]).is_file()
    assert Path(answer["page"]).is_file()
    assert not (tmp_path / "out" / "heatmaps").exists()


def test_broken_files_are_named_and_strict_refuses_them(score, folders, tmp_path):
    broken = folders / "new" / "broken.png"
    broken.write_bytes(b"")
    try:
        lenient, strict = score("--json"), score("--strict")
        table = (tmp_path / "out" / "broken.csv").read_text()
    finally:
        broken.unlink()
    assert lenient.returncode == 0
    assert "left out: " in lenient.stderr
    assert json.loads(lenient.stdout)["broken"][0]["file"] == "broken.png"
    assert table.splitlines()[1].startswith("broken.png,")
    assert strict.returncode == 2
    assert "broken.png" in strict.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "nowhere"], "no model in nowhere"),
        (["--images", "nowhere"], "nowhere"),
        (["--images", "empty"], "holds no image"),
        (["--out", "full"], "will not overwrite"),
        (["--fpr", "0"], "--fpr"),
        (["--device", "tpu"], "device"),
        (["--batch-size", "0"], "--batch-size"),
    ],
)
def test_bad_input_of_score(mia_bench, folders, fitted, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    base = ("--model", folders / "model", "--images", folders / "new", "--out", "out")
    assert_one_line(mia_bench("score", *base, *arguments), message)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--images", "nowhere"], "nowhere"),
        (["--images", "empty"], "holds no image"),
        (["--model", "full"], "will not overwrite"),
        (["--method", "vea"], "unknown method 'vea'; did you mean 'vae'"),
        (["--option", "latnet=3"], "did you mean 'latent'"),
        (["--option", "latent"], "expected KEY=VALUE"),
        (["--option", "latent=4", "--option", "latent=5"], "each --option once"),
        (["--channels", "2"], "--channels"),
        (["--window", "5", "1"], "window"),
        (["--holdout", "0.6"], "--holdout"),
        (["--patients", "("], "expected patients to be a regular expression, got '('"),
        (["--patients", "zzz"], "'normal_00.png' in "),
        (["--fpr", "1"], "--fpr"),
        (["--fpr", "0.04"], "too few to hold 24 out for thresholds at a false-positive rate of"),
    ],
)
def test_bad_input_of_fit(mia_bench, folders, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").touch()
    base = ("--images", folders / "normal", "--model", "model", "--method", "ae")
    assert_one_line(mia_bench("fit", *base, *arguments), message)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {"holdout": 0.2, "fpr": None, "calibration": None}),
        (["--holdout", "0.3", "--fpr", "0.1"], {"holdout": 0.3, "fpr": 0.1}),
        (["--no-holdout"], {"holdout": None}),
        (["--calibration", "more"], {"calibration": Path("more")}),
    ],
)
def test_options_of_the_calibration_reach_the_fit(mia_bench, monkeypatch, arguments, expected):
    given = {}

    def fit(**settings):
        given.update(settings)
        msg = "seen"
        raise StudyError(msg)

    monkeypatch.setattr("mia_bench.inference.fit.fit", fit)
    base = ("--images", "normal", "--model", "model", "--method", "ae")
    assert_one_line(mia_bench("fit", *base, *arguments), "seen")
    assert given.items() >= expected.items()


def test_without_a_method_the_default_one_is_trained(mia_bench, monkeypatch):
    given = {}

    def fit(**settings):
        given.update(settings)
        msg = "seen"
        raise StudyError(msg)

    monkeypatch.setattr("mia_bench.inference.fit.fit", fit)
    assert_one_line(mia_bench("fit", "--images", "normal", "--model", "model"), "seen")
    assert given["method"] == DEFAULT_METHOD
    assert find_method(DEFAULT_METHOD).info.has_map


def assert_one_line(result, message):
    assert result.returncode == 2, result.stderr
    assert message in result.stderr
    assert result.stderr.startswith("mia-bench: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("true", True),
        ('"3"', "3"),
        ("[1, 2]", [1, 2]),
        ("resnet18", "resnet18"),
        ("1\nb = 2", "1\nb = 2"),
        ("", ""),
    ],
)
def test_options_are_typed_as_in_toml(text, value):
    found = KeyValue().convert(f"key={text}", None, None)
    assert found == ("key", value)
    assert type(found[1]) is type(value)


def test_an_option_has_a_key():
    with pytest.raises(click.BadParameter):
        KeyValue().convert("=3", None, None)


@pytest.mark.skipif(not DOCS.is_file(), reason="the documentation is not beside these tests")
def test_the_five_lines_of_the_documentation_run(folders, tmp_path, monkeypatch, capsys):
    code = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL).group(1)
    assert len(code.splitlines()) <= 5
    monkeypatch.chdir(tmp_path)
    (tmp_path / "normal").symlink_to(folders / "normal")
    (tmp_path / "new").symlink_to(folders / "new")
    short = code.replace(
        'model="model")', 'model="model", image_size=64, options={"steps": 20})', 1
    )
    assert short != code
    exec(compile(short, DOCS.name, "exec"), {})
    assert "of 12 images flagged" in capsys.readouterr().out
    assert (tmp_path / "results" / "scores.csv").is_file()
