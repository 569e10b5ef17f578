"""The critical-difference diagram names every method, in the order of its rank."""

import re

import mia_metrics
import numpy as np
import pytest
from mia_bench.report import ranks


@pytest.fixture
def found():
    rng = np.random.default_rng(0)
    methods = {f"method-{i}": rng.random(8) + 0.4 * i for i in range(7)}
    return mia_metrics.critical_difference(methods)


def test_every_method_is_named_once_with_its_rank(found):
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", ranks.diagram(found))
    left, right = found.methods[:4], found.methods[4:]
    rank = dict(zip(found.methods, found.average_ranks, strict=True))
    for name in left:
        assert f"{name}  {rank[name]:.2f}" in texts
    for name in right:
        assert f"{rank[name]:.2f}  {name}" in texts
    assert f"critical difference {found.critical_difference:.2f}" in texts


def test_a_bar_for_each_group(found):
    from mia_bench.report.chart_style import NORMAL

    assert len(found.groups) >= 2
    assert ranks.diagram(found).count(f'stroke="{NORMAL}"') == len(found.groups)


def test_a_name_cannot_write_into_the_page(found):
    evil = found._replace(methods=("<script>", *found.methods[1:]), groups=())
    assert "<script>" not in ranks.diagram(evil)


def test_long_names_have_their_room(found):
    long = "a-method-of-a-long-name"
    named = found._replace(methods=(long, *found.methods[1:]), groups=())
    drawn = ranks.diagram(named)
    end = float(re.search(f'x="([0-9.]+)"[^>]*>{long}', drawn)[1])
    assert end > 9 * 0.5 * len(long)  # points to the left of its end, of letters of 9 points
