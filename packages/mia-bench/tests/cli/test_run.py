"""The command line from outside: what it prints, writes and answers, right and wrong."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image


def test_a_finished_study_is_not_done_again(mia_bench_process, finished, root):
    results = {path: path.stat().st_mtime_ns for path in finished.glob("*/*/*/run.json")}
    assert len(results) == 4
    arguments = ["--datasets", "braintumor,brats2021", "--methods", "ae", "--seeds", "0,1"]
    command = ("run", "--root", root, "--out", finished, *arguments, "--epochs", 3, "--json")
    again = mia_bench_process(*command)
    assert again.returncode == 0, again.stderr
    assert "runs: 4, done already: 4" in again.stderr
    answer = json.loads(again.stdout)
    assert set(answer["runs"].values()) == {"finished"}
    assert [row["dataset"] for row in answer["leaderboard"]] == ["braintumor", "brats2021"]
    assert {path: path.stat().st_mtime_ns for path in results} == results


def test_other_settings_in_the_same_folder_are_refused(mia_bench, finished, root):
    arguments = ["--datasets", "braintumor", "--methods", "ae", "--epochs", 4]
    result = mia_bench("run", "--root", root, "--out", finished, *arguments)
    assert result.returncode == 2
    assert "was run with other settings (epochs 3 -> 4)" in result.stderr


def test_another_root_with_other_images_in_the_same_folder_is_refused(
    mia_bench, finished, root, tmp_path
):
    other = tmp_path / "other"
    shutil.copytree(root, other)
    test = other / "BraTS2021" / "test" / "normal"
    next(test.iterdir()).rename(test / "another_flair.png")
    arguments = ["--datasets", "brats2021", "--methods", "ae", "--epochs", 3, "--out", finished]
    for seeds in ("0,1", "0,1,2"):  # whether or not a run is left
        result = mia_bench("run", "--root", other, "--seeds", seeds, *arguments)
        assert result.returncode == 2
        assert f"scored other test images than brats2021 has in {other}" in result.stderr
    shutil.rmtree(other / "BraTS2021")  # the same images may lie elsewhere, or nowhere any more
    shutil.copytree(root / "BraTS2021", other / "BraTS2021")
    for where in (other, tmp_path):
        result = mia_bench("run", "--root", where, "--seeds", "0,1", *arguments)
        assert result.returncode == 0, result.stderr


def test_a_run_that_failed_stays_so_until_it_is_asked_for_or_changed(mia_bench, root, tmp_path):
    study, out = tmp_path / "study.toml", tmp_path / "out"
    text = '[datasets.brats2021]\n[methods.x]\nmethod = "{}"\nepochs = 1\n'
    study.write_text(text.format("ae-perceptual"))  # whose weights are not there
    command = ("run", study, "--root", root, "--out", out, "--device", "cpu")
    first = mia_bench(*command)
    assert (first.returncode, "runs: 1, done already: 0" in first.stderr) == (1, True)
    again = mia_bench(*command)
    assert again.returncode == 1
    assert "failed before and not tried again: 1 (--retry-failed does)" in again.stderr
    assert "runs: 0, done already: 0" in again.stderr
    study.write_text(text.format("ae"))
    changed = mia_bench(*command)
    assert changed.returncode == 0, changed.stderr
    assert "failed before" not in changed.stderr


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ('tracking = "wandb"', "unknown tracking 'wandb'"),
        (f"[methods.{'a' * 300}]", "expected methods.NAME to have a name that a folder can have"),
        (
            "options = { width = 99999999999999999999999 }",
            "Overflow when unpacking",
        ),
    ],
)
def test_a_plan_refuses_what_a_run_refuses(mia_bench, tmp_path, study, message):
    path = tmp_path / "study.toml"
    path.write_text(
        f"{study}\n[datasets.phantom]\n[methods.ae]\n"
        if "options" not in study
        else f"[datasets.phantom]\n[methods.ae]\n{study}\n"
    )
    for command in ("plan", "run"):
        result = mia_bench(command, path, "--out", tmp_path / "out")
        assert result.returncode == 2
        assert message in result.stderr
        assert len(result.stderr) < 500
        assert not (tmp_path / "out").exists()


def test_report_writes_the_page_again(mia_bench, finished):
    before = (finished / "report.html").read_text()
    (finished / "report.html").unlink()
    result = mia_bench("report", finished)
    assert result.returncode == 0, result.stderr
    assert "Leaderboard" in result.stdout
    assert (finished / "report.html").read_text() == before


def test_list_as_json(mia_bench):
    datasets = json.loads(mia_bench("list", "datasets", "--json").stdout)
    assert {"rsna", "brats2021", "phantom"} <= {record["name"] for record in datasets}
    methods = json.loads(mia_bench("list", "methods", "--json").stdout)
    assert {"name": "ae", "family": "reconstruction"}.items() <= methods[0].items()


def break_nothing(root):
    pass


def drop_folder(root):
    root.joinpath("BrainTumor", "data.json").unlink()


def bad_json(root):
    root.joinpath("BrainTumor", "data.json").write_text("{")


def set_names(root, names):
    table = {"train": {"0": names}, "test": {"0": ["normal.png"], "1": ["tumor.png"]}}
    root.joinpath("BrainTumor", "data.json").write_text(json.dumps(table))


def absent_file(root):
    set_names(root, ["absent.png"])


def climbing_name(root):
    set_names(root, ["../../secret.png"])


def absolute_name(root):
    set_names(root, ["/etc/passwd"])


def empty_class(root):
    set_names(root, [])


def truncated(root):
    data = root.joinpath("BrainTumor", "images", "good.png").read_bytes()
    root.joinpath("BrainTumor", "images", "bad.png").write_bytes(data[: len(data) // 2])
    set_names(root, ["good.png", "bad.png"])


def empty_file(root):
    root.joinpath("BrainTumor", "images", "bad.png").write_bytes(b"")
    set_names(root, ["good.png", "bad.png"])


def no_image(root):
    root.joinpath("BrainTumor", "images", "bad.png").write_text("hello")
    set_names(root, ["good.png", "bad.png"])


def bomb(root):
    Image.new("1", (30_000, 30_000)).save(root / "BrainTumor" / "images" / "bad.png")
    set_names(root, ["good.png", "bad.png"])


@pytest.mark.parametrize(
    ("harm", "arguments", "message"),
    [
        (break_nothing, ["--root", "/absent/root"], "/absent/root"),
        (break_nothing, ["--datasets", "brain-tumour"], "braintumor"),
        (break_nothing, ["--methods", "vea"], "unknown method 'vea'"),
        (break_nothing, ["--seeds", "x"], "whole numbers"),
        (break_nothing, ["--seeds", "-1"], "seeds"),
        (break_nothing, ["--epochs", "-1"], "--epochs"),
        (break_nothing, ["--jobs", "0"], "--jobs"),
        (break_nothing, ["--device", "tpu"], "device"),
        (break_nothing, ["nowhere.toml"], "nowhere.toml"),
        (drop_folder, [], "data.json"),
        (bad_json, [], "data.json"),
        (absent_file, [], "absent.png"),
        (climbing_name, [], "secret.png"),
        (absolute_name, [], "/etc/passwd"),
        (empty_class, [], "BrainTumor"),
        (truncated, [], "bad.png"),
        (empty_file, [], "bad.png"),
        (no_image, [], "bad.png"),
        (bomb, [], "bad.png"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(mia_bench, tmp_path, harm, arguments, message):
    root = tmp_path / "data"
    (root / "BrainTumor" / "images").mkdir(parents=True)
    gray = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    for name in ("good.png", "normal.png", "tumor.png"):
        Image.fromarray(gray).save(root / "BrainTumor" / "images" / name)
    set_names(root, ["good.png"])
    harm(root)
    out = tmp_path / "out"
    base = ["--root", root, "--datasets", "braintumor", "--methods", "ae", "--epochs", 1]
    result = mia_bench("run", *base, "--out", out, *arguments)
    assert result.returncode == 2, result.stderr
    assert message in result.stderr
    assert result.stderr.startswith("mia-bench: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert not out.exists()


def test_a_process_of_its_own_says_the_same(mia_bench, mia_bench_process, root, tmp_path):
    base = ["run", "--root", root, "--datasets", "braintumor", "--out", tmp_path / "out"]
    for wrong in (["--methods", "vea"], ["--methods", "ae", "--device", "tpu"]):
        here, apart = (call(*base, *wrong) for call in (mia_bench, mia_bench_process))
        assert apart.stderr.startswith("mia-bench: ")
        assert (apart.returncode, apart.stdout, apart.stderr) == (2, "", here.stderr)


def test_a_mask_of_another_size_is_refused(mia_bench, root, tmp_path):
    import shutil

    shutil.copytree(root / "BraTS2021", tmp_path / "BraTS2021")
    mask = next((tmp_path / "BraTS2021" / "test" / "annotation").iterdir())
    Image.new("L", (20, 20)).save(mask)
    result = mia_bench("run", "--root", tmp_path, "--datasets", "brats2021", "--methods", "ae")
    assert result.returncode == 2
    assert mask.name in result.stderr
    assert "20" in result.stderr
