"""A folder of one's own in a study: from the command line to the table, the page and the fusion."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from mia_bench.execution.execute import execute
from mia_bench.run_folder.data_record import DataSource
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.plan import list_runs, plan
from mia_bench.study.study_file import DEFAULT, read_study
from PIL import Image


@pytest.fixture(scope="module")
def mine(root, tmp_path_factory):
    """``scans``: the images of BraTS2021 with their masks, in a layout for one's own images."""
    folder = tmp_path_factory.mktemp("own") / "scans"
    for source, target in (
        ("train", "train/normal"),
        ("test/normal", "test/normal"),
        ("test/tumor", "test/lesion"),
        ("test/annotation", "masks/lesion"),
    ):
        (folder / target).mkdir(parents=True)
        for path in (root / "BraTS2021" / source).iterdir():
            (folder / target / path.name.replace("seg", "flair")).write_bytes(path.read_bytes())
    return folder


STUDY = """
[datasets.my-mri]
folder = "scans"
patients = ".*"  # each file is a patient
[datasets.brats2021]
root = "{root}"
[methods.ae]
[methods.ae-l1]
"""


@pytest.fixture(scope="module")
def done(mine, root, tmp_path_factory):
    """The folder of a study of that folder and of the registered dataset with the same images."""
    study = mine.parent / "study.toml"
    study.write_text(STUDY.format(root=root))
    out = tmp_path_factory.mktemp("own") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIA_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))
        for run in plan(read_study(study).choose(epochs=2)):
            assert execute(run, out, "cpu") is State.FINISHED
    return out


def test_it_takes_part_like_a_registered_dataset_masks_included(done, mia_bench, tmp_path):
    out = shutil.copytree(done, tmp_path / "out")
    answer = json.loads(mia_bench("report", out, "--json").stdout)
    rows = {(row["dataset"], row["method"]) for row in answer["leaderboard"]}
    assert rows == {(name, m) for name in ("my-mri", "brats2021") for m in ("ae", "ae-l1")}
    for method in ("ae", "ae-l1"):
        ours, theirs = (
            RunFolder(out / name / method / "seed-0").read_record()
            for name in ("my-mri", "brats2021")
        )
        assert "pixel_ap" in ours.metrics
        patients = {f"patient_{name}": ours.metrics[name] for name in ("auroc", "ap")}
        assert ours.metrics == {**theirs.metrics, **patients}
    assert "my-mri" in (out / "report.html").read_text()
    assert "\nmy-mri,ae," in (out / "leaderboard.csv").read_text()


def test_the_results_remember_the_folder(done, mine, tmp_path, mia_bench):
    shutil.copytree(done, tmp_path / "out")
    data = json.loads((tmp_path / "out/my-mri/ae/seed-0/run.json").read_text())["data"]
    assert data["folder"] == str(mine)
    assert data["patients"] == ".*"
    result = mia_bench(
        "fuse", tmp_path / "out", "--methods", "ae,ae-l1", "--json", "--device", "cpu"
    )
    assert result.returncode == 0, result.stderr
    fused = json.loads(result.stdout)["fused"]
    assert fused == ["brats2021/ae+ae-l1/seed-0", "my-mri/ae+ae-l1/seed-0"]


def test_other_images_under_the_same_name_are_refused(done, mine, tmp_path, mia_bench):
    shutil.copytree(mine, tmp_path / "scans")
    out = shutil.copytree(done, tmp_path / "out")
    study = tmp_path / "study.toml"
    study.write_text('[datasets.my-mri]\nfolder = "scans"\n[methods.ae]\n')
    command = ("run", study, "--epochs", 2, "--out", out, "--device", "cpu")
    same = mia_bench(*command)  # the same images may lie elsewhere
    assert same.returncode == 0, same.stderr
    for part, word in (("test/normal", "test"), ("train/normal", "training")):
        shutil.rmtree(tmp_path / "scans")
        shutil.copytree(mine, tmp_path / "scans")
        first = min((tmp_path / "scans" / part).iterdir())
        Image.fromarray(255 - np.asarray(Image.open(first))).save(first)
        for name in ("run", "plan"):
            result = mia_bench(name, *command[1:])
            assert result.returncode == 2
            assert f"had other {word} images than my-mri has in {tmp_path}" in result.stderr
    first.rename(first.with_name("another.png"))
    shutil.rmtree(tmp_path / "scans")  # nothing to compare with, and nothing left to do
    assert mia_bench(*command).returncode == 0


def test_a_path_is_a_dataset_by_its_last_part(mine, mia_bench, tmp_path):
    choice = ("--datasets", f"{mine},phantom", "--methods", "ae", "--epochs", 1)
    result = mia_bench("plan", *choice, "--out", tmp_path, "--json", "--device", "cpu")
    found = json.loads(result.stdout)["plan"]
    assert [each["run"] for each in found] == ["scans/ae/seed-0", "phantom/ae/seed-0"]
    assert found[0]["source"] == "sample"  # its images were counted
    (run,) = list_runs(read_study(DEFAULT).choose(datasets=[str(mine)], methods=["ae"]))
    assert run.source == DataSource(folder=str(mine))


GOOD = "[methods.ae]\nepochs = 1\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[datasets.a]\nfolder = 'nowhere'\n", "nowhere does not exist"),
        ("[datasets.a]\nmanifest = 'nowhere.csv'\n", "nowhere.csv"),
        ("[datasets.a]\nfolder = 'flat'\n", "of the dataset 'a' to have train/normal, test/normal"),
        ("[datasets.a]\nfolder = 'empty'\n", "empty"),
        ("[datasets.a]\nfolder = 'x'\nmanifest = 'y'\n", "got folder and manifest"),
        ("[datasets.a]\n", "unknown dataset 'a'"),
        ("[datasets.a]\nfolder = 'x'\nfolders = 'y'\n", "unknown key of datasets.a 'folders'"),
        ("[datasets.phantom]\nfolder = 'flat'\n", "'phantom', which is that of a registered"),
    ],
)
def test_bad_input_is_one_line(mine, tmp_path, monkeypatch, mia_bench, text, message):
    shutil.copytree(mine / "train" / "normal", tmp_path / "flat")
    (tmp_path / "empty").mkdir()
    (tmp_path / "study.toml").write_text(text + GOOD)
    monkeypatch.chdir(tmp_path)
    for command in ("run", "plan"):
        result = mia_bench(command, "study.toml", "--out", "out", "--device", "cpu")
        assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert message in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("word", "message"),
    [("./nowhere", "nowhere does not exist"), ("nowhere", "unknown dataset 'nowhere'")],
)
def test_a_path_that_is_not_there_is_one_line(tmp_path, monkeypatch, mia_bench, word, message):
    monkeypatch.chdir(tmp_path)
    result = mia_bench(
        "run", "--datasets", word, "--methods", "ae", "--out", "out", "--device", "cpu"
    )
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--datasets", "phantom", "--patients", "p"),
            "folder or table of your own images for",
        ),
        (("--datasets", "phantom", "--resample-masks"), "own images for resample_masks, got the"),
        (("--datasets", "{mine}", "--patients", "zzz"), "has no patient by the regular expression"),
        (("--datasets", "{mine}", "--patients", "("), "expected patients to be a regular expr"),
        (
            ("--datasets", "{mine}", "--patients", "lesion|n"),
            "patient in both splits, the first",
        ),
    ],
)
def test_a_wrong_way_to_read_files_is_one_line(mine, mia_bench, tmp_path, words, message):
    words = [word.format(mine=mine) for word in words]
    result = mia_bench("run", "--methods", "ae", "--epochs", "1", "--out", tmp_path / "out", *words)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1), result.stderr
    assert message in result.stderr
