"""mia-bench figure: a figure of finished runs, and one line where there is none to draw."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from mia_bench.cli import main
from mia_bench.run_folder.samples_npz import Samples


@pytest.fixture
def call(capsys):
    """Call the command line in this process."""

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main(list(map(str, arguments)))
        return SimpleNamespace(code=end.value.code, **capsys.readouterr()._asdict())

    return call


def test_a_study_leaves_what_its_figure_needs(finished, call, tmp_path):
    told = call("figure", finished, "--images", 2, "--out", tmp_path / "f.svg", "--json")
    assert told.code == 0, told.err
    answer = json.loads(told.out)
    assert answer["methods"] == ["ae"]
    assert list(answer["images"]) == ["braintumor", "brats2021"]
    svg = (tmp_path / "f.svg").read_text()
    # Two images: input, mask (of one dataset), reconstruction and map; and the scale.
    assert svg.count("<image") == 2 * 4 + 2 * 3 + 1
    assert svg.count(">no masks</text>") == 2


def test_the_kept_reconstruction_is_that_of_the_model(finished):
    import mia_recon

    folder = finished / "brats2021/ae/seed-0"
    samples = Samples.load(folder / "samples.npz")
    detector = mia_recon.load(folder / "model")
    expected = detector.reconstruct(samples.images, device="cpu") * 255
    assert np.abs(samples.reconstructions - expected.clip(0, 255)).max() <= 0.51
    prediction = detector.predict(samples.images, device="cpu")
    np.testing.assert_allclose(samples.maps, prediction.map, rtol=1e-3, atol=1e-5)


@pytest.fixture
def older(finished, tmp_path):
    """The study as an older version would have left it."""
    shutil.copytree(finished, tmp_path / "older", ignore=shutil.ignore_patterns("figure.*"))
    for path in (tmp_path / "older").glob("*/*/*/samples.npz"):
        path.unlink()
    return tmp_path / "older"


def test_runs_of_an_older_version_say_what_to_do_and_doing_it_helps(older, finished, call):
    told = call("figure", older)
    assert told.code == 2
    assert told.err == (
        "mia-bench: 2 runs (braintumor/ae/seed-0, ...) are of an older version, which kept no "
        f"images for figures: `mia-bench figure {older} --add-missing` makes them from the runs' "
        "models and datasets\n"
    )
    assert call("report", older).code == 0
    assert "mia-bench figure DIR --add-missing" in (older / "report.html").read_text()
    told = call("figure", older, "--add-missing", "--device", "cpu")
    assert told.code == 0, told.err
    assert (older / "figure.pdf").read_bytes().startswith(b"%PDF")
    for name in ("braintumor/ae/seed-0", "brats2021/ae/seed-0"):
        made, kept = (Samples.load(each / name / "samples.npz") for each in (older, finished))
        for field in ("ids", "labels", "images", "masks", "maps", "map_range"):
            np.testing.assert_array_equal(getattr(made, field), getattr(kept, field))
        apart = made.reconstructions.astype(int) - kept.reconstructions
        assert np.abs(apart).max() <= 1  # other batches round otherwise


def test_images_that_have_changed_are_refused(older, root, tmp_path, call):
    shutil.copytree(root, tmp_path / "data")
    first = sorted((tmp_path / "data/BrainTumor/images").glob("tumor*"))[0]
    second = sorted((tmp_path / "data/BrainTumor/images").glob("tumor*"))[1]
    shutil.copy(first, second)
    told = call("figure", older, "--add-missing", "--root", tmp_path / "data", "--device", "cpu")
    assert told.code == 2
    assert "the test images of braintumor are not those of" in told.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "figure.gif"], "expected --out to end in one of .png, .pdf, .svg, got"),
        (["--out", "figure"], "expected --out to end in one of .png, .pdf, .svg, got 'figure'"),
        (["--methods", "vae"], "unknown method with maps or reconstructions 'vae'"),
        (["--datasets", "lag"], "unknown dataset with images for figures 'lag'"),
        (["--images", "99"], "expected the number of images to be from 1 to 12, got 99"),
        (["--images", "-1"], "expected the number of images to be from 1 to 12, got -1"),
        (["--images", "tumor_99"], "unknown image 'tumor_99'"),
        (["--width", "nan"], "expected --width to be a finite number, got nan"),
    ],
)
def test_wrong_options_give_one_line(finished, call, options, message):
    told = call("figure", finished, *options)
    assert told.code == 2
    assert message in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_a_damaged_file_costs_its_method_alone(finished, tmp_path, call):
    shutil.copytree(finished, tmp_path / "study")
    (tmp_path / "study/braintumor/ae/seed-0/samples.npz").write_bytes(b"PK")
    told = call("figure", tmp_path / "study", "--out", tmp_path / "f.png")
    assert told.code == 0
    assert "left out: braintumor/ae/seed-0: cannot read" in told.err
    assert (tmp_path / "f.png").stat().st_size > 0
