"""A loaded model scores arrays, files and bytes as the command line scores files."""

from __future__ import annotations

import csv
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import mia_bench
import numpy as np
import pytest
from mia_bench.inference import loaded_model
from mia_data import DataError
from PIL import Image


@pytest.fixture(scope="module")
def loaded(model):
    return mia_bench.load_model(model, device="cpu")


@pytest.fixture(scope="module")
def table(model, mixed, tmp_path_factory):
    """File -> (score, quantile, flagged) as ``mia_bench.score`` writes them."""
    out = tmp_path_factory.mktemp("scored") / "out"
    mia_bench.score(model=model, images=mixed[0], out=out, device="cpu")
    with (out / "scores.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return {name: (float(s), float(q), bool(int(f))) for name, s, q, f in rows}


def test_files_bytes_and_arrays_are_scored_alike(loaded, mixed, table):
    paths = [mixed[0] / name for name in table]
    scores, quantiles, flags = zip(*table.values(), strict=True)
    given = (
        paths,
        [path.read_bytes() for path in paths],
        [np.asarray(Image.open(p)) for p in paths],
    )
    for images in given:
        found = loaded.score(images)
        np.testing.assert_allclose(found.score, scores, rtol=1e-5)
        np.testing.assert_allclose(found.quantile, quantiles, atol=1e-6)
        assert found.flagged.tolist() == list(flags)
        assert found.map.shape == (len(paths), 32, 32)
        assert found.ids == [str(number) for number in range(len(paths))]
    assert any(flags)
    assert not all(flags)


def test_one_image_is_one_score(loaded, mixed, table):
    name = next(iter(table))
    for image in (str(mixed[0] / name), mixed[0] / name, (mixed[0] / name).read_bytes()):
        found = loaded.score(image)
        np.testing.assert_allclose(found.score, [table[name][0]], rtol=1e-5)


def test_the_threshold_follows_the_rate(loaded, mixed):
    one, other = (loaded.score([mixed[0] / "x00.png"], fpr=fpr) for fpr in (0.1, 0.4))
    assert one.threshold == loaded.model.normal_scores.threshold(0.1) > other.threshold
    assert one.score == other.score


def test_several_threads_get_their_own_scores(loaded, mixed, table):
    names = list(table)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: loaded.score(mixed[0] / name).score[0], names))
    np.testing.assert_allclose(found, [table[name][0] for name in names], rtol=1e-5)


def test_slices_of_a_volume_have_numbers(loaded, mixed, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    pixels = np.asarray(Image.open(mixed[0] / "x00.png")).astype(np.int16)
    volume = np.repeat(pixels[:, :, None], 8, 2)
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "a.nii.gz")
    for image in (tmp_path / "a.nii.gz", (tmp_path / "a.nii.gz").read_bytes()):
        assert loaded.score([image]).ids == ["0#002", "0#003", "0#004", "0#005"]


def test_what_cannot_be_scored_is_one_error(loaded, mixed, tmp_path):
    with pytest.raises(mia_bench.StudyError, match="one image or more, got none"):
        loaded.score([])
    with pytest.raises(DataError, match=r"known format .* got b'hello'"):
        loaded.score(b"hello")
    with pytest.raises(DataError, match=r"\(H, W, 3\), got float64 \(2,\)"):
        loaded.score(np.zeros(2))
    with pytest.raises(DataError, match="truncated"):
        loaded.score((mixed[0] / "x00.png").read_bytes()[:200])
    with pytest.raises(DataError, match=r"absent\.png"):
        loaded.score(tmp_path / "absent.png")
    with pytest.raises(mia_bench.StudyError, match="no model in"):
        mia_bench.load_model(tmp_path)


def test_a_stream_is_scored_like_a_list_and_no_image_is_taken_early(loaded, mixed, table):
    taken = []

    def images():
        for image in loaded.decode(mixed[0], list(table)):
            taken.append(image.id)
            yield image

    ids, scores = [], []
    for batch, scored in loaded.score_stream(images(), batch_size=4):
        assert scored.ids == [image.id for image in batch]
        ids += scored.ids
        assert taken == ids
        scores += scored.score.tolist()
        assert scored.map.shape == (len(batch), 32, 32)
    assert ids == list(table)
    np.testing.assert_allclose(scores, [score for score, _, _ in table.values()], rtol=1e-5)


@pytest.mark.parametrize("batch_size", [None, 3])
def test_a_detector_takes_its_own_number_of_images_unless_one_is_given(
    loaded, mixed, table, monkeypatch, batch_size
):
    predict, given = loaded_model.predict_checked, []

    def recorded(detector, images, **how):
        given.append((len(images), how["batch_size"]))
        return predict(detector, images, **how)

    monkeypatch.setattr(loaded_model, "predict_checked", recorded)
    images = loaded.decode(mixed[0], list(table))
    counts = [len(batch) for batch, _ in loaded.score_stream(images, batch_size=batch_size)]
    assert given == [(count, batch_size) for count in counts]
    assert counts[0] == min(batch_size or loaded_model.CPU_BATCH, len(table))


def test_scoring_imports_nothing_that_only_training_needs(model):
    program = (
        "import sys, numpy, mia_bench\n"
        "mia_bench.load_model(sys.argv[1], device='cpu').score(numpy.eye(40, dtype='uint8'))\n"
        "print({'lightning_fabric', 'sklearn', 'matplotlib'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", program, str(model)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "set()\n"
