"""The figure has a panel for everything, text that is text, and one stated scale a method."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from mia_bench.errors import StudyError
from mia_bench.leaderboard.rows import gather
from mia_bench.report.figure_content import choose_content
from mia_bench.report.paper_figure import compose, draw_figure
from mia_bench.report.samples import read_samples
from mia_bench.run_folder.samples_npz import NOTHING


@pytest.fixture(scope="module")
def study(made_up, tmp_path_factory):
    """Rows and samples: two datasets by three methods, of which nsa reconstructs nothing."""
    out = tmp_path_factory.mktemp("figure") / "study"
    made_up(out, ["lag", "rsna"], {"ae": 0.2, "dae": 3.0, "nsa": 1.0}, seeds=(0,), pixels=5)
    rows = gather(out)
    return rows, read_samples(rows).readable


def panels(figure):
    return [axes.get_label() for axes in figure.axes]


def texts(figure):
    return [text.get_text() for text in figure.texts]


def test_every_image_has_its_input_mask_reconstructions_and_maps(study):
    content = choose_content(*study, images=2)
    names = panels(compose(content))
    assert len(names) == len(set(names)) + 2  # three scales
    for dataset, ids in content.images.items():
        for image in ids:
            assert {f"input {dataset} {image}", f"mask {dataset} {image}"} <= set(names)
            for method in content.methods:
                assert f"map {method} {dataset} {image}" in names
                rebuilt = f"reconstruction {method} {dataset} {image}" in names
                assert rebuilt == (method != "nsa")
    assert names.count("scale") == 3
    assert len(names) == 2 * 2 * (2 + 3 + 2) + 3


def test_titles_headings_and_methods_are_written(study):
    figure = compose(choose_content(*study, images=2))
    said = texts(figure)
    assert [said.count(name) for name in ("lag", "rsna", "ae", "dae", "nsa")] == [1] * 5
    assert said.count("input") == said.count("mask") == said.count("map") == 4
    assert any("one color scale a method" in text for text in said)


def test_images_alternate_between_abnormal_and_normal(study):
    rows, samples = study
    content = choose_content(rows, samples, images=2)
    labels = {row.dataset: row.runs[0].scores for row in rows}
    for dataset, (first, second) in content.images.items():
        known = dict(zip(labels[dataset].ids, labels[dataset].labels.tolist(), strict=True))
        assert (known[first], known[second]) == (1, 0)


def test_the_best_average_rank_comes_first_unless_methods_are_named(study):
    assert choose_content(*study).methods[0] == "dae"
    chosen = choose_content(*study, methods=["nsa", "ae"], datasets=["rsna"])
    assert chosen.methods == ["nsa", "ae"]
    assert list(chosen.images) == ["rsna"]


def test_the_scale_of_a_method_holds_for_all_of_its_maps(study):
    rows, samples = study
    doubled = dict(samples)
    key = ("rsna", "ae")
    doubled[key] = replace(
        doubled[key], maps=2 * doubled[key].maps, map_range=2 * doubled[key].map_range
    )
    content = choose_content(rows, doubled)
    figure = compose(content)
    limits = {axes.get_label(): axes.images[0].get_clim() for axes in figure.axes if axes.images}
    ends = {name: limit for name, limit in limits.items() if name.startswith("map ae")}
    assert len(set(ends.values())) == 1
    ranges = [doubled["lag", "ae"].map_range, doubled[key].map_range]
    assert next(iter(ends.values())) == (min(r[0] for r in ranges), max(r[1] for r in ranges))
    apart = replace(content, scale="run")
    assert apart.range_of("rsna", "ae") == tuple(doubled[key].map_range.tolist())
    assert "scale" not in panels(compose(apart))


def test_methods_without_reconstruction_alone_have_no_empty_columns(study):
    content = choose_content(*study, methods=["nsa"])
    names = panels(compose(content))
    assert len(names) == 2 * 3 + 1
    assert not any(name.startswith("reconstruction") for name in names)


def test_a_method_without_map_and_a_missing_run_say_so(study):
    rows, samples = study
    fewer = dict(samples)
    fewer["lag", "ae"] = replace(fewer["lag", "ae"], maps=NOTHING, map_range=NOTHING)
    del fewer["rsna", "nsa"]
    figure = compose(choose_content(rows, fewer))
    said = {
        axes.get_label().rsplit(" ", 1)[0]: [t.get_text() for t in axes.texts]
        for axes in figure.axes
    }
    assert said["map ae lag"] == ["no map"]
    assert said["map nsa rsna"] == ["no run"]


def test_letters_are_as_large_as_stated_and_the_figure_as_wide(study):
    content = choose_content(*study)
    figure = compose(content, width=7.2)
    assert figure.get_figwidth() == pytest.approx(7.2)
    assert min(text.get_fontsize() for text in figure.texts) >= 7
    many = compose(choose_content(*study, images=6), width=3)
    assert many.get_figwidth() > 3  # panels stay large enough
    sides = [axes.get_position().width * many.get_figwidth() for axes in many.axes[:4]]
    assert min(sides) == pytest.approx(0.42)


def test_text_is_text_in_vector_formats_and_the_bytes_are_the_same_each_time(study, tmp_path):
    content = choose_content(*study)
    for name in ("a.svg", "b.svg", "a.pdf", "b.pdf", "a.png"):
        draw_figure(tmp_path / name, content)
    svg = (tmp_path / "a.svg").read_text()
    for word in ("lag", "rsna", "dae", "nsa", "input", "mask"):
        assert re.search(f"<text[^>]*>{word}</text>", svg)
    assert svg == (tmp_path / "b.svg").read_text()
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert b"/Type3" not in (tmp_path / "a.pdf").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("a.pdf", "a.png", "a.svg", "b.pdf", "b.svg")
    ]


def test_a_figure_that_fails_leaves_the_older_one(study, tmp_path, monkeypatch):
    path = tmp_path / "figure.png"
    path.write_text("older")

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    with pytest.raises(OSError, match=r"No space left on device: .*figure.png"):
        draw_figure(path, choose_content(*study))
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_names_are_drawn_as_they_are(made_up, tmp_path):
    made_up(tmp_path / "s", ["rsna"], {"$x_1$": 1.0, "_b\u202e": 0.5}, seeds=(0,), pixels=5)
    rows = gather(tmp_path / "s")
    draw_figure(tmp_path / "f.svg", choose_content(rows, read_samples(rows).readable))
    svg = (tmp_path / "f.svg").read_text()
    assert ">$x_1$</text>" in svg
    assert r">_b\u202e</text>" in svg


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ["aee"]}, "unknown method with maps or reconstructions 'aee'; did you mean"),
        ({"datasets": ["rnsa"]}, "unknown dataset with images for figures 'rnsa'; did you mean"),
        ({"images": 13}, "expected the number of images to be from 1 to 12, got 13"),
        ({"images": 0}, "expected the number of images to be from 1 to 12, got 0"),
        ({"images": ["image-9999"]}, "unknown image 'image-9999'"),
    ],
)
def test_what_is_not_there_is_named(study, options, message):
    with pytest.raises(StudyError, match=message):
        choose_content(*study, **options)


def test_ids_choose_images_and_each_dataset_needs_one(study):
    rows, samples = study
    kept = {dataset: set(each.ids.tolist()) for (dataset, _), each in samples.items()}
    only = sorted(kept["lag"] - kept["rsna"])
    with pytest.raises(StudyError, match=f"none of the images {only[0]} is of rsna, which has"):
        choose_content(rows, samples, images=only[:1])
    content = choose_content(rows, samples, images=only[:2], datasets=["lag"])
    assert content.images == {"lag": only[:2]}
    shown = compose(content)
    at = samples["lag", "ae"].ids.tolist().index(only[0])
    (axes,) = [each for each in shown.axes if each.get_label() == f"map ae lag {only[0]}"]
    np.testing.assert_array_equal(axes.images[0].get_array(), samples["lag", "ae"].maps[at])
