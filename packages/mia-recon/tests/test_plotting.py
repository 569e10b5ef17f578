"""Rows of pictures."""

from __future__ import annotations

import sys

import mia_recon
import numpy as np
import pytest

N = 3
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (N, 1, 8, 8), dtype=np.uint8)
MAPS = RNG.random((N, 8, 8)).astype(np.float32)
MASKS = MAPS > 0.7


def test_a_row_an_image_and_a_column_a_part(tmp_path):
    figure = mia_recon.plot_rows(
        IMAGES, reconstructions=IMAGES / 255, maps=MAPS, masks=MASKS, titles=["a", "b", "c"]
    )
    assert len(figure.axes) == N * 4
    assert [axis.get_title() for axis in figure.axes[:4]] == [
        "input",
        "reconstruction",
        "map",
        "mask",
    ]
    shown = figure.axes[6].images[0]  # second row, third column
    np.testing.assert_array_equal(shown.get_array(), MAPS[1])
    assert shown.get_clim() == (MAPS.min(), MAPS.max())
    figure.savefig(tmp_path / "rows.png")
    assert (tmp_path / "rows.png").stat().st_size > 1000


def test_color_images_and_no_other_part():
    color = np.repeat(IMAGES, 3, axis=1)
    figure = mia_recon.plot_rows(color)
    assert len(figure.axes) == N
    np.testing.assert_allclose(figure.axes[0].images[0].get_array()[..., 1], color[0, 1] / 255)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"maps": MAPS[:2]}, r"map of \(3, 8, 8\), got \(2, 8, 8\)"),
        ({"masks": MASKS[:, :4]}, r"mask of \(3, 8, 8\)"),
        ({"reconstructions": MAPS}, "reconstructions of shape"),
        ({"titles": ["a"]}, "3 titles"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        mia_recon.plot_rows(IMAGES, **parts)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"images": IMAGES / 255}, "images of dtype uint8"),
        ({"images": IMAGES, "reconstructions": IMAGES}, "reconstructions as floats, got uint8"),
    ],
)
def test_another_range_is_refused(parts, message):
    with pytest.raises(TypeError, match=message):
        mia_recon.plot_rows(**parts)


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"mia-recon\[plot\]"):
        mia_recon.plot_rows(IMAGES)


def test_titles_are_drawn_as_they_are(tmp_path):
    titles = ["$\\frac{$", "50$ $x$", "_a"]
    figure = mia_recon.plot_rows(IMAGES, maps=MAPS, titles=titles)
    figure.savefig(tmp_path / "figure.svg")  # a broken formula would be an error
    labels = [axis.yaxis.label for axis in figure.axes if axis.get_ylabel()]
    assert [label.get_text() for label in labels] == titles
    assert not any(label.get_parse_math() for label in labels)
