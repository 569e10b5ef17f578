"""Ranks over datasets are those of the means, and tests are made only where there is enough."""

import pytest
from mia_bench.leaderboard.ranks import rank_methods
from mia_bench.leaderboard.rows import gather
from scipy.stats import friedmanchisquare, rankdata

DATASETS = ["lag", "rsna", "vincxr", "isic2018"]
STRENGTHS = {"ae": 0.2, "vae": 0.9, "dae": 1.8}


@pytest.fixture(scope="module")
def rows(made_up, tmp_path_factory):
    out = tmp_path_factory.mktemp("across")
    made_up(out, DATASETS, STRENGTHS, seeds=(0, 1), size=16)
    return gather(out)


def test_average_ranks_and_friedman_against_scipy(rows):
    means = {row.key: row.means["auroc"] for row in rows}
    table = [[means[name, method] for method in STRENGTHS] for name in DATASETS]
    found = rank_methods(rows, "auroc")
    averages = rankdata([[-v for v in line] for line in table], axis=1).mean(0)
    assert found.average == pytest.approx(dict(zip(STRENGTHS, averages, strict=True)))
    assert list(found.average) == sorted(found.average, key=found.average.get)
    expected = friedmanchisquare(*zip(*table, strict=True))
    assert found.difference.friedman == pytest.approx(expected.statistic)
    assert f"p = {expected.pvalue:.2g}" in found.verdict


def test_two_datasets_are_ranked_and_not_tested(rows):
    found = rank_methods([row for row in rows if row.dataset in DATASETS[:2]], "auroc")
    assert set(found.average) == set(STRENGTHS)
    assert found.difference is None
    assert "here there are 3 on 2" in found.verdict


def test_two_methods_are_not_tested(rows):
    found = rank_methods([row for row in rows if row.label != "ae"], "auroc")
    assert found.difference is None
    assert "need at least 3 methods" in found.verdict


def test_a_method_without_a_dataset_is_left_out_and_named(rows):
    found = rank_methods([row for row in rows if row.key != ("rsna", "vae")], "auroc")
    assert found.left_out == ("vae",)
    assert set(found.average) == {"ae", "dae"}


def test_one_dataset_has_no_average(rows):
    found = rank_methods([row for row in rows if row.dataset == "lag"], "auroc")
    assert found.average == {}
    assert found.difference is None
