"""Whatever is wrong with what is given, the answer is one clear line and exit code 2."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
from mia_bench.cli import main
from mia_bench.files import write_json
from mia_bench.run_folder.folder import RunFolder
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def refused(capsys, tmp_path, monkeypatch):
    """Call the command line, which must refuse: one line on stderr, no output, exit code 2."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> str:
        with pytest.raises(SystemExit) as end:
            main(list(map(str, arguments)))
        out, err = capsys.readouterr()
        assert end.value.code == 2, err
        assert out == ""
        assert err.startswith("mia-bench: ")
        assert err.count("\n") == 1
        assert "Traceback" not in err
        return err

    return call


@pytest.fixture
def incomplete(capsys):
    """Call the command line, whose results lack a run: they are there, exit code 1, one line."""

    def call(*arguments: object) -> str:
        with pytest.raises(SystemExit) as end:
            main(list(map(str, arguments)))
        out, err = capsys.readouterr()
        assert end.value.code == 1, err
        assert "Leaderboard" in out
        assert err.startswith("mia-bench: 1 of ")
        assert err.count("\n") == 1
        return err

    return call


GOOD = "[datasets.phantom]\n[methods.ae]\nepochs = 1\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected at least one table [datasets.NAME]"),
        ("seeds = [0", "cannot read the study"),
        (GOOD + "[methods.ae]\n", "cannot read the study"),
        ("\0", "cannot read the study"),
        ("[datasets.phantom]\n", "expected at least one table [methods.NAME]"),
        ("methods = 3\n[datasets.phantom]\n", "expected methods to be a table, got 3"),
        ("sedes = [1]\n" + GOOD, "did you mean 'seeds'?"),
        ("seeds = 3\n" + GOOD, "expected seeds to be a list of whole numbers"),
        ("seeds = [0, 0]\n" + GOOD, "named more than once in the study: phantom/ae/seed-0"),
        ("select = 'best'\n" + GOOD, "unknown value of select 'best'"),
        ("tracking = [3]\n" + GOOD, "expected tracking to be a text, got 3"),
        (GOOD.replace("phantom", "phantm"), "did you mean 'phantom'"),
        (GOOD.replace("ae]", "aee]"), "unknown method 'aee'; did you mean 'ae"),
        (GOOD.replace("ae]", "AE]"), "unknown method 'AE'; did you mean 'ae'? Known: ae, "),
        (GOOD.replace("ae]", "zzz]"), "unknown method 'zzz'; expected one of ae, "),
        (GOOD.replace("= 1", "= -1"), "method 'ae': expected epochs to be 0 or above, got -1"),
        (GOOD.replace("= 1", "= 1.5"), "expected methods.ae.epochs to be a whole number, got 1.5"),
        (GOOD + "image_size = 63\n", "multiple of 16, got 63"),
        (GOOD + "image_size = 0\n", "image_size"),
        (GOOD + "image_size = 1600000\n", "method 'ae': "),  # more than any memory
        (GOOD + "options = { in_channels = 3 }\n", "in_channels is not one of its options, got 3"),
        (GOOD + "options = { latnet = 3 }\n", "did you mean 'latent'"),
        (GOOD + "options = { latent = 'x' }\n", "latent"),
        (GOOD + "options = { batch_size = 0 }\n", "batch_size"),
        (GOOD + "select = 'pseudo_auroc'\nepochs = 0\n", "cannot read the study"),
        (GOOD.replace("= 1", "= 0") + "select = 'pseudo_auroc'\n", "there is no epoch to choose"),
        (GOOD.replace("[methods.ae]", "[methods.'../../evil']\nmethod = 'ae'"), "a folder can"),
        (GOOD.replace("phantom]", "phantom]\nroot = 3"), "expected datasets.phantom.root to be"),
        (GOOD.replace("phantom]", "phantom]\nroot = false"), "to be a text, got False"),
        (GOOD + "[datasets.brain]\n[datasets.braintumor]\n", "named more than once"),
    ],
)
def test_study_files(refused, tmp_path, text, message):
    (tmp_path / "study.toml").write_text(text)
    for command in ("run", "plan"):
        assert message in refused(command, "study.toml", "--out", "out", "--device", "cpu")
    assert [path.name for path in tmp_path.iterdir()] == ["study.toml"]


def test_a_study_that_is_not_text(refused, tmp_path):
    (tmp_path / "study.toml").write_bytes(b"\xff\xfe\0")
    assert "cannot read the study study.toml" in refused("run", "study.toml")
    assert "is a directory" in refused("run", tmp_path)
    assert "cannot read the study nowhere.toml" in refused("run", "nowhere.toml")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--datasets", "brain", "--root", "nowhere"], "nowhere"),
        (["run", "--datasets", "brain", "--root", "a-file"], "'a-file' is a file"),
        (["run", "--datasets", ""], "expected names separated by commas"),
        (["run", "--methods", "ae,,vae"], "expected names separated by commas"),
        (["run", "--seeds", "1.5"], "expected whole numbers"),
        (["run", "--seeds", "-1"], "expected seeds from 0"),
        (["run", "--epochs", "x"], "--epochs"),
        (["run", "--device", "gpu"], "expected device to be auto, cpu, cuda, cuda:N or mps"),
        (["run", "--device", "cuda:99"], "cuda:99"),
        (["run", "--select", "auroc"], "--select"),
        (["run", "--jobs", "0"], "jobs"),
        (["run", "--out", "a-file"], "'a-file' is a file"),
        (["run", "--frobnicate"], "No such option"),
        (["plan", "--out", "a-file"], "'a-file' is a file"),
        (["report", "nowhere"], "no runs in nowhere"),
        (["report", "a-file"], "'a-file' is a file"),
        (["report"], "Missing argument 'DIR'"),
        (["list", "method"], "method"),
        (["fuse", "nowhere", "--methods", "ae,vae"], "no runs in nowhere"),
        (["fuse", "nowhere", "--methods", "ae"], "two or more different methods"),
        (["fuse", "nowhere"], "--methods"),
        (["fuse", "nowhere", "--methods", "ae,vae", "--scale", "sum"], "--scale"),
        (["compare", "nowhere", "elsewhere"], "nowhere"),
        (["frobnicate"], "No such command 'frobnicate'"),
    ],
)
def test_arguments(refused, tmp_path, arguments, message):
    (tmp_path / "a-file").touch()
    assert message in refused(*arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


@pytest.fixture
def study(tmp_path, made_up):
    """A finished study of made-up scores."""
    made_up(tmp_path / "study", ["brats2021"], {"ae": 1.0, "vae": 2.0}, seeds=(0,), epochs=3)
    return tmp_path / "study"


def test_the_output_folder_of_another_study(refused, study, root):
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    base = ["--root", root, "--datasets", "brats2021", "--methods", "ae", "--out", study]
    error = refused("run", *base, "--epochs", 4, "--device", "cpu")
    assert "was run with other settings (epochs 3 -> 4)" in error
    assert "choose another --out, or remove that folder" in error
    assert {path: path.read_bytes() for path in study.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("run.json", b"{", "run.json"),
        ("run.json", b"[]", "run.json: expected a table, got a list"),
        ("run.json", b"[" * 100_000, "run.json: it is nested too deeply"),
        ("run.json", b'{"format": 1, "settings": {}}', "it has no metrics"),
        ("run.json", b"\xff", "run.json"),
        ("scores.csv", b"id,label\na,0\n", "scores.csv: no column 'score'"),
        ("scores.csv", b"id,label,score\n", "scores.csv: expected images with the labels 0 and 1"),
        ("scores.csv", b"id,label,score\na,0,1\nb,1,nan\n", "and finite scores"),
        ("scores.csv", b"\xff", "scores.csv: 'utf-8' codec can't decode"),
        ("scores.csv", b"id,label,score\na,x,1\n", "scores.csv"),
        ("gallery.npz", b"PK", "gallery.npz"),
        ("resamples.npz", b"PK", "resamples.npz"),
    ],
)
def test_a_damaged_file_of_a_study(incomplete, study, name, content, message):
    path = study / "brats2021" / "ae" / "seed-0" / name
    path.write_bytes(content)
    assert message in incomplete("report", study)
    path.unlink()
    if name not in ("run.json", "resamples.npz"):
        assert name in incomplete("report", study)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 2, "its format is 2, expected 1"),
        ("settings", {"dataset": "brats2021"}, "it has no settings.label, settings.method"),
        ("metrics", [], "expected metrics to be a table, got a list"),
        ("metrics", {}, "it has no metrics.auroc, metrics.ap"),
        ("machine", {}, "it has no machine.device"),
    ],
)
def test_a_run_that_lacks_something(incomplete, study, key, value, message):
    result = study / "brats2021" / "ae" / "seed-0" / "run.json"
    write_json(result, {**json.loads(result.read_text()), key: value})
    assert message in incomplete("report", study)


def test_a_damaged_failure(incomplete, study):
    folder = RunFolder(study / "brats2021" / "nsa" / "seed-0")
    write_json(folder.failure, {"eror": "x"})
    assert "failed.json: it has no error" in incomplete("report", study)


@pytest.fixture
def read_only(tmp_path):
    """A folder that nobody may write into, not even root."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)]
    made = subprocess.run(mount, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"root may write anywhere here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def images(tmp_path) -> Path:
    """A folder of normal images."""
    (tmp_path / "normal").mkdir()
    rng = np.random.default_rng(0)
    for i in range(6):
        pixels = rng.integers(0, 255, (32, 32), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "normal" / f"{i}.png")
    return tmp_path / "normal"


def test_an_output_folder_without_permission(refused, root, read_only, images):
    choice = ["--root", root, "--datasets", "brats2021", "--methods", "ae", "--epochs", 1]
    error = refused("run", *choice, "--out", read_only / "out", "--device", "cpu")
    assert f"cannot write into {read_only / 'out'}" in error
    model = ["--method", "ae", "--model", read_only / "model", "--device", "cpu"]
    assert str(read_only) in refused("fit", "--images", images, *model)


def test_an_image_near_the_limit_is_named_once_without_pillows_warning(refused, images):
    # Pillow warns from 89 million pixels on and refuses from twice as many on.
    Image.new("1", (9_500, 9_500)).save(images / "large.png")
    error = refused("fit", "--images", images, "--method", "ae", "--model", "model")
    assert error.count("large.png") == 1
    assert "Warning" not in error
