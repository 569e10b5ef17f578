"""Curves of rates: points lie where their values are; many methods can be told apart."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from mia_bench.report.rate_curves import BESIDE, POINTS, precision_recall, roc
from sklearn import metrics

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = r"-?\d+(?:\.\d+)?"


def scores(count):
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 300)
    return {f"m{i}": (labels, labels * 0.5 + rng.normal(size=600)) for i in range(count)}


def curves(svg):
    return [each for each in ET.fromstring(svg).iter(f"{SVG}path") if each.get("stroke-linejoin")]


def values(path, svg):
    """Return the points (N, 2) of a curve as values, interpolated between ticks."""
    texts = list(ET.fromstring(svg).iter(f"{SVG}text"))
    found = np.array(re.findall(rf"({NUMBER}) ({NUMBER})", path.get("d")), float)
    for axis, (anchor, place, shift) in enumerate((("middle", "x", 0), ("end", "y", 3))):
        ticks = [
            (float(each.text), float(each.get(place)) - shift)
            for each in texts
            if each.get("text-anchor") == anchor and re.fullmatch(NUMBER, each.text)
        ]
        known, at = zip(*ticks, strict=True)
        found[:, axis] = np.polyval(np.polyfit(at, known, 1), found[:, axis])
    return found


@pytest.mark.parametrize("many", [2, 9])
def test_the_area_under_the_drawn_curve_is_that_of_the_scores(many):
    known = scores(many)
    svg = roc(known)
    chance, *drawn = curves(svg)
    np.testing.assert_allclose(values(chance, svg), [[0, 0], [1, 1]], atol=0.005)
    for path, each in zip(drawn, known.values(), strict=True):
        x, y = values(path, svg).T
        assert len(x) <= POINTS
        area = np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)
        assert area == pytest.approx(metrics.roc_auc_score(*each), abs=0.01)


def test_points_of_precision_and_recall_are_those_of_scikit_learn():
    known = scores(3)
    svg = precision_recall(known)
    for path, each in zip(curves(svg), known.values(), strict=True):
        precision, recall, _ = metrics.precision_recall_curve(*each)
        expected = np.stack([recall, precision], axis=1)
        found = values(path, svg)
        nearest = np.abs(found[:, None] - expected[None]).max(axis=2).min(axis=1)
        assert nearest.max() < 0.01


def test_forty_methods_have_forty_styles_and_names_beside_the_axes():
    known = scores(40)
    svg = roc(known)
    lines = curves(svg)[1:]
    assert len({(each.get("stroke"), each.get("stroke-dasharray")) for each in lines}) == 40
    right = max(values(each, svg)[:, 0].max() for each in lines)
    assert right == pytest.approx(1, abs=0.01)
    names = [each for each in ET.fromstring(svg).iter(f"{SVG}text") if each.text in known]
    columns = {each.get("x") for each in names}
    assert len(columns) == -(-40 // BESIDE)
    width = float(ET.fromstring(svg).get("viewBox").split()[2])
    assert all(float(each.get("x")) + 4.9 * len(each.text) <= width for each in names)
