"""Scores, flags and heatmaps of a folder against numpy, whatever its files are like."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys

import mia_bench
import numpy as np
import pytest
from mia_bench import StudyError
from mia_bench.inference.loaded_model import batches
from mia_bench.inference.model_folder import load_model
from mia_bench.report.pictures import OUTLINE
from mia_data import DataError
from PIL import Image


def read(out, name="scores.csv"):
    with (out / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


@pytest.fixture(scope="module")
def scored(tmp_path_factory, model, mixed):
    """The output of the mixed folder, with raw maps."""
    out = tmp_path_factory.mktemp("scored") / "out"
    return mia_bench.score(model=model, images=mixed[0], out=out, raw_maps=True, device="cpu")


def test_every_lesion_scores_higher_than_every_normal_image(scored):
    rows = read(scored.out)
    assert [row["file"] for row in rows] == [f"{k}{i:02}.png" for k in "nx" for i in range(8)]
    scores = np.array([float(row["score"]) for row in rows])
    assert scores[:8].max() < scores[8:].min()


def test_a_map_has_the_images_own_size_and_its_maximum_in_the_lesion(scored, mixed):
    folder, masks = mixed
    for name, mask in masks.items():
        size = Image.open(folder / name).size
        assert Image.open(scored.out / "heatmaps" / f"{name}.png").size == size
        whole = np.load(scored.out / "maps" / f"{name}.npy", allow_pickle=False)
        assert whole.shape == mask.shape == size[::-1]
        assert mask[np.unravel_index(whole.argmax(), whole.shape)], name


def test_lesions_are_outlined_and_normal_images_hardly(scored, model, mixed):
    limit = load_model(model).normal_scores.pixels[0.999]
    inside, outside = [], []
    for name, mask in mixed[1].items():
        beyond = np.load(scored.out / "maps" / f"{name}.npy") > limit
        inside.append(beyond[mask].mean())
        outside.append(beyond[~mask].mean())
        shown = np.asarray(Image.open(scored.out / "heatmaps" / f"{name}.png"))
        edge = (shown == OUTLINE).all(-1)
        assert edge.any()
        assert not (edge & beyond).any()
    assert np.mean(inside) > 0.7
    assert np.mean(inside) > 5 * np.mean(outside)
    normal = [np.load(scored.out / "maps" / f"n{i:02}.png.npy") > limit for i in range(8)]
    assert max(beyond.mean() for beyond in normal) < 0.02


def test_quantiles_and_flags_are_those_of_numpy(scored, model):
    normal = np.load(model / "normal_scores.npy", allow_pickle=False)
    rows = read(scored.out)
    scores = np.array([row["score"] for row in rows], np.float32)
    expected = [(normal <= score).mean() for score in scores]
    np.testing.assert_allclose([float(row["quantile"]) for row in rows], expected, atol=1e-6)
    # 40 images, 5 %: the two highest of them may be flagged, the 38th is not.
    flags = scores > np.sort(normal)[37]
    assert [row["flagged"] for row in rows] == [str(int(flag)) for flag in flags]
    assert scored.flagged == flags.sum()


def test_scores_are_those_of_the_detector(scored, model, mixed):
    import mia_data

    images = mia_data.from_folder(mixed[0], "test", size=32).images
    expected = load_model(model).detector().predict(images, device="cpu").score
    found = np.array([row["score"] for row in read(scored.out)], np.float32)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 5])
def test_chunks_give_the_same_as_all_at_once(scored, model, mixed, tmp_path, batch_size):
    part = mia_bench.score(
        model=model, images=mixed[0], out=tmp_path / "out", batch_size=batch_size, raw_maps=True
    )
    assert names(part.out) == names(scored.out)
    for one, two in zip(read(part.out), read(scored.out), strict=True):
        np.testing.assert_allclose(float(one.pop("score")), float(two.pop("score")), rtol=1e-5)
        assert one == two
    for path in (scored.out / "maps").iterdir():
        again = np.load(part.out / "maps" / path.name)
        np.testing.assert_allclose(again, np.load(path), rtol=1e-3, atol=1e-6)


def test_batches_end_early_where_images_are_large(monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr("mia_bench.inference.loaded_model.BATCH_BYTES", 100)
    sizes = [60, 60, 10, 10, 10, 200, 5]
    images = [
        SimpleNamespace(original=np.zeros(size, np.uint8), image=np.zeros(0)) for size in sizes
    ]
    found = [[item.original.size for item in batch] for batch in batches(images, 3)]
    assert found == [[60, 60], [10, 10, 10], [200], [5]]


@pytest.fixture
def damaged(tmp_path, mixed):
    """The mixed folder with two files that cannot be read, in a folder inside it."""
    folder = tmp_path / "damaged"
    shutil.copytree(mixed[0], folder)
    (folder / "ward 7").mkdir()
    (folder / "ward 7" / "a.png").write_text("no image")
    half = (folder / "n00.png").read_bytes()
    (folder / "ward 7" / "b.png").write_bytes(half[: len(half) // 2])
    shutil.copy(folder / "n01.png", folder / "ward 7" / "n01.png")
    return folder


def test_broken_files_are_listed_and_the_others_scored(model, damaged, scored, tmp_path):
    found = mia_bench.score(model=model, images=damaged, out=tmp_path / "out")
    rows = {row["file"]: row["score"] for row in read(found.out)}
    assert len(rows) == found.images == 17
    np.testing.assert_allclose(float(rows["ward 7/n01.png"]), float(rows["n01.png"]), rtol=1e-5)
    broken = read(found.out, "broken.csv")
    assert [row["file"] for row in broken] == ["ward 7/a.png", "ward 7/b.png"]
    assert "not an image of a known format" in broken[0]["reason"]
    assert "truncated" in broken[1]["reason"]
    assert json.loads((found.out / "score.json").read_text())["broken"] == broken
    assert (found.out / "heatmaps" / "ward 7" / "n01.png.png").is_file()


def test_damaged_files_are_scored_where_that_is_asked_for(model, mixed, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(mixed[0] / "n00.png", folder / "a.png")
    Image.open(mixed[0] / "n01.png").save(folder / "b.jpg", quality=95)
    data = (folder / "b.jpg").read_bytes()
    (folder / "b.jpg").write_bytes(data[: len(data) // 2])
    for allowed, files in ((False, ["a.png"]), (True, ["a.png", "b.jpg"])):
        found = mia_bench.score(
            model=model, images=folder, out=tmp_path / "out", allow_damaged=allowed
        )
        assert [row["file"] for row in read(found.out)] == files
        assert [name for name, _ in found.broken] == [] if allowed else ["b.jpg"]


def test_a_name_that_a_spreadsheet_would_compute_leads_to_the_file_and_is_no_formula(
    model, mixed, tmp_path
):
    folder = tmp_path / "images"
    folder.mkdir()
    shutil.copy(mixed[0] / "n00.png", folder / "=1+1.png")
    (folder / "@broken.png").write_bytes(b"no image")
    found = mia_bench.score(model=model, images=folder, out=tmp_path / "out", device="cpu")
    (image,), (broken,) = read(found.out), read(found.out, "broken.csv")
    assert [image["file"], broken["file"]] == ["./=1+1.png", "./@broken.png"]
    assert (folder / image["file"]).is_file()
    assert (found.out / "heatmaps" / f"{image['file']}.png").is_file()


def test_what_is_passed_over_is_counted(model, mixed, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(mixed[0], folder)
    (folder / "ward").mkdir()
    for name in ("ward/notes.txt", "README", ".DS_Store"):
        (folder / name).write_text("no image")
    for number in range(2):  # what it wrote itself is not counted
        found = mia_bench.score(model=model, images=folder, out=folder / "out")
        summary = json.loads((found.out / "score.json").read_text())
        assert (summary["passed_over"], summary["passed_over_example"]) == (2 + number, "README")
        if not number:
            (folder / "ward" / "all").symlink_to(mixed[0])
    assert found.images == 16


def test_strict_makes_a_broken_file_an_error_and_writes_nothing(model, damaged, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DataError, match=r"ward 7.a\.png"):
        mia_bench.score(model=model, images=damaged, out=tmp_path / "out", strict=True)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_of_broken_files_alone_is_an_error(model, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_text("no image")
    with pytest.raises(StudyError, match=r"none of 1 files .* a\.png"):
        mia_bench.score(model=model, images=tmp_path / "in", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_utf8_is_a_broken_file(model, mixed, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(mixed[0], folder)
    (folder / "n00.png").rename(folder / os.fsdecode(b"n\xff.png"))
    found = mia_bench.score(model=model, images=folder, out=tmp_path / "out")
    assert [row["file"] for row in read(found.out, "broken.csv")] == ["n\\udcff.png"]
    assert found.images == 15


def test_the_output_may_lie_in_the_folder_and_is_replaced(model, mixed, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(mixed[0], folder)
    for _ in range(2):
        found = mia_bench.score(model=model, images=folder, out=folder / "out")
        assert found.images == 16
    (folder / "n00.png").unlink()
    mia_bench.score(model=model, images=folder, out=folder / "out", heatmaps=False)
    assert names(folder / "out") == ["broken.csv", "report.html", "score.json", "scores.csv"]


def test_heatmaps_of_an_earlier_scoring_are_no_images_but_a_folder_called_so_is(
    model, mixed, tmp_path
):
    folder = tmp_path / "in"
    shutil.copytree(mixed[0], folder)
    mia_bench.score(model=model, images=folder, out=folder / "first")
    assert any((folder / "first" / "heatmaps").iterdir())
    (folder / "heatmaps").mkdir()
    shutil.copy(mixed[0] / "n00.png", folder / "heatmaps")
    found = mia_bench.score(model=model, images=folder, out=tmp_path / "second")
    scored = {row["file"] for row in read(found.out)}
    assert len(scored) == 17
    assert "heatmaps/n00.png" in scored


def test_of_a_dataset_with_splits_the_test_split_is_scored(model, mixed, tmp_path):
    for inner in ("train/good", "test/good", "test/crack"):
        (tmp_path / "set" / inner).mkdir(parents=True)
    shutil.copy(mixed[0] / "n00.png", tmp_path / "set/train/good")
    shutil.copy(mixed[0] / "n01.png", tmp_path / "set/test/good")
    shutil.copy(mixed[0] / "x00.png", tmp_path / "set/test/crack")
    found = mia_bench.score(model=model, images=tmp_path / "set", out=tmp_path / "out")
    assert [row["file"] for row in read(found.out)] == ["test/crack/x00.png", "test/good/n01.png"]


def test_an_output_folder_of_something_else_is_refused(model, mixed, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "scores.csv").write_text("not ours")
    with pytest.raises(StudyError, match="will not overwrite"):
        mia_bench.score(model=model, images=mixed[0], out=tmp_path / "out")
    assert (tmp_path / "out" / "scores.csv").read_text() == "not ours"


@pytest.mark.parametrize("harm", ["fit.json", "normal_scores.npy", "detector/model.safetensors"])
def test_a_damaged_model_is_named(model, mixed, tmp_path, harm):
    for size in (0, 50):
        shutil.rmtree(tmp_path / "m", ignore_errors=True)
        shutil.copytree(model, tmp_path / "m")
        path = tmp_path / "m" / harm
        path.write_bytes(path.read_bytes()[:size])
        with pytest.raises(StudyError, match="is damaged"):
            mia_bench.score(model=tmp_path / "m", images=mixed[0], out=tmp_path / "out")
    (tmp_path / "m" / harm).unlink()
    with pytest.raises(StudyError, match=r"is damaged|no model in"):
        mia_bench.score(model=tmp_path / "m", images=mixed[0], out=tmp_path / "out")


def test_a_cropping_model_says_nothing_beyond_its_crop(normals, quick, tmp_path, draw_folder):
    draw_folder(tmp_path / "in", 3, seed=4)
    settings = {**quick, "epochs": 1}
    mia_bench.fit(images=normals, model=tmp_path / "m", resize="short_side", **settings)
    found = mia_bench.score(
        model=tmp_path / "m", images=tmp_path / "in", out=tmp_path / "out", raw_maps=True
    )
    for path in sorted((tmp_path / "in").iterdir()):
        whole = np.load(found.out / "maps" / f"{path.name}.npy")
        height, width = whole.shape
        seen = ~np.isnan(whole)
        side = min(height, width)
        assert abs(seen.sum() - side * side) <= 2 * side  # a square, to a pixel's rounding
        assert seen[height // 2, width // 2]
        image = np.asarray(Image.open(path).convert("RGB"))
        shown = np.asarray(Image.open(found.out / "heatmaps" / f"{path.name}.png"))
        outside = ~seen & ~(shown == OUTLINE).all(-1)
        assert outside.sum() > 0.9 * (~seen).sum()
        np.testing.assert_array_equal(shown[outside], image[outside])


def test_a_method_without_a_map_scores_only(normals, mixed, quick, tmp_path):
    settings = {**quick, "method": "ganomaly", "epochs": 1}
    mia_bench.fit(images=normals, model=tmp_path / "m", **settings)
    found = mia_bench.score(model=tmp_path / "m", images=mixed[0], out=tmp_path / "out")
    assert found.images == 16
    assert names(found.out) == ["broken.csv", "report.html", "score.json", "scores.csv"]
    with pytest.raises(StudyError, match="'ganomaly' scores images only"):
        mia_bench.score(
            model=tmp_path / "m", images=mixed[0], out=tmp_path / "other", raw_maps=True
        )
