"""Small charts: what is drawn lies where its values are on the axes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from mia_bench.report.run_charts import BINS, chosen_epoch, histogram, losses
from mia_bench.report.small_chart import Curve, chart
from mia_bench.run_folder.records import EpochLosses, EpochMetrics, EpochScore, EpochSelection

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = r"-?\d+(?:\.\d+)?"


def texts(svg):
    return list(ET.fromstring(svg).iter(f"{SVG}text"))


def ticks(svg, axis):
    """Return value -> place of the ticks of the x or the y axis."""
    anchor, place = ("middle", "x") if axis == "x" else ("end", "y")
    shift = 0 if axis == "x" else 3
    found = {}
    for each in texts(svg):
        if each.get("text-anchor") == anchor and re.fullmatch(rf"{NUMBER}(e-\d+)?", each.text):
            found[float(each.text)] = float(each.get(place)) - shift
    return found


def curve_points(svg):
    """Return the points (N, 2) of the first curve."""
    (path, *_) = [
        each for each in ET.fromstring(svg).iter(f"{SVG}path") if each.get("stroke-linejoin")
    ]
    return np.array(re.findall(rf"({NUMBER}) ({NUMBER})", path.get("d")), float)


def to_values(places, known, *, log=False):
    """Interpolate places between the ticks."""
    values, at = zip(*sorted(known.items()), strict=True)
    values = np.log10(values) if log else np.array(values)
    slope, offset = np.polyfit(at, values, 1)
    found = slope * np.asarray(places) + offset
    return 10**found if log else found


@pytest.mark.parametrize("log", [False, True])
def test_points_lie_where_their_values_are(log):
    x, y = np.arange(1, 40), 3 / np.arange(1, 40) ** 2
    svg = chart([Curve("loss", x, y, "#123456")], labels=("epoch", "loss"), whole=True, log=log)
    points = curve_points(svg)
    assert len(ticks(svg, "x")) >= 3
    assert len(ticks(svg, "y")) >= 2
    np.testing.assert_allclose(to_values(points[:, 0], ticks(svg, "x")), x, atol=0.05)
    found = to_values(points[:, 1], ticks(svg, "y"), log=log)
    np.testing.assert_allclose(found, y, rtol=0.02 if log else 0, atol=0 if log else 0.02)
    assert all(tick == int(tick) for tick in ticks(svg, "x"))


def test_bars_are_as_high_as_images_are_many():
    rng = np.random.default_rng(0)
    labels, scores = np.repeat([0, 1], 200), rng.normal(size=400)
    svg = histogram(labels, scores).svg
    low, high = scores.min(), scores.max()  # no score is an outlier
    known = ticks(svg, "y")
    fills = [each for each in ET.fromstring(svg).iter(f"{SVG}path") if each.get("fill-opacity")]
    for label, path in zip((0, 1), fills, strict=True):
        bars = re.findall(rf"M({NUMBER}) {NUMBER}V({NUMBER})H{NUMBER}V", path.get("d"))
        clipped = np.clip(scores[labels == label], low, high)
        counts, edges = np.histogram(clipped, np.linspace(low, high, BINS + 1))
        heights = to_values([float(top) for _, top in bars], known)
        np.testing.assert_allclose(heights, counts[counts > 0], atol=0.1)
        left = to_values([float(start) for start, _ in bars], ticks(svg, "x"))
        np.testing.assert_allclose(left, edges[:-1][counts > 0], atol=0.02)


def test_equal_scores_and_one_epoch_can_be_drawn():
    assert "NaN" not in histogram(np.array([0, 1]), np.array([2.0, 2.0])).svg
    svg = losses([EpochLosses(1, {"loss": 0.25})])
    (circle,) = ET.fromstring(svg).iter(f"{SVG}circle")
    assert float(circle.get("cx")) == pytest.approx(ticks(svg, "x")[1.0], abs=0.1)
    assert losses([]) is None


def test_negative_losses_are_linear_and_names_stand_as_they_are():
    svg = losses([EpochLosses(e, {"<b>&$x$": -1.0 + e, "_kl": 2.0 * e}) for e in (1, 2, 3)])
    names = [each.text for each in texts(svg)]
    assert {"<b>&$x$", "_kl", "epoch", "training loss"} <= set(names)
    np.testing.assert_allclose(
        to_values(curve_points(svg)[:, 1], ticks(svg, "y")), [0, 1, 2], atol=0.05
    )


def test_the_chosen_epoch_is_marked():
    scores = tuple(EpochScore(e, 0.5 + e / 100) for e in range(1, 11))
    svg = chosen_epoch(
        EpochSelection(epoch=4, held_out=5, scores=scores, last=EpochMetrics(10, {}))
    )
    (line,) = ET.fromstring(svg).iter(f"{SVG}line")
    assert line.get("x1") == line.get("x2")
    assert to_values([float(line.get("x1"))], ticks(svg, "x"))[0] == pytest.approx(4, abs=0.05)
