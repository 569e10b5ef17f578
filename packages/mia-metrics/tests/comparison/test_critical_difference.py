"""Critical-difference analysis against scipy and the example of Demsar's paper."""

import math
from itertools import combinations

import mia_metrics as mm
import numpy as np
import pytest
from scipy import stats

# After Demsar 2006, table 6: AUC of C4.5 and variants on 14 datasets. What is checked are the
# average ranks, the critical difference and the groups that the paper gives.
DEMSAR = {
    "C4.5": [763, 599, 954, 628, 882, 936, 661, 583, 775, 1000, 940, 619, 972, 957],
    "C4.5+m": [768, 591, 971, 661, 888, 931, 668, 583, 838, 1000, 962, 666, 981, 978],
    "C4.5+cf": [771, 590, 968, 654, 886, 916, 609, 563, 866, 1000, 965, 614, 975.1, 946],
    "C4.5+m+cf": [798, 569, 967, 657, 898, 931, 685, 625, 875, 1000, 962, 669, 975, 970],
}


def random_results(seed, methods=4, datasets=12, decimals=1):
    rng = np.random.default_rng(seed)
    values = rng.random((methods, datasets)) + 0.3 * np.arange(methods)[:, None]
    return {f"m{k}": np.round(row, decimals) for k, row in enumerate(values)}


def test_the_example_of_demsar():
    outcome = mm.critical_difference(DEMSAR)
    ranks = dict(zip(outcome.methods, outcome.average_ranks, strict=True))
    assert ranks == pytest.approx(
        {"C4.5": 3.143, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5+m+cf": 1.964}, abs=5e-4
    )
    assert outcome.critical_difference == pytest.approx(
        2.569 * math.sqrt(4 * 5 / (6 * 14)), abs=1e-3
    )
    assert outcome.groups == (("C4.5+m+cf", "C4.5+m", "C4.5+cf", "C4.5"),)


@pytest.mark.parametrize("decimals", [0, 1, 6])
@pytest.mark.parametrize("seed", range(4))
def test_friedman_equals_scipy_with_ties(seed, decimals):
    results = random_results(seed, decimals=decimals)
    outcome = mm.critical_difference(results)
    statistic, p_value = stats.friedmanchisquare(*results.values())
    assert outcome.friedman == pytest.approx(statistic)
    assert outcome.friedman_p == pytest.approx(p_value)
    f_statistic = 11 * statistic / (12 * 3 - statistic)
    assert outcome.iman_davenport == pytest.approx(f_statistic)
    assert outcome.iman_davenport_p == pytest.approx(stats.f.sf(f_statistic, 3, 33))
    ranks = stats.rankdata(-np.stack(list(results.values())), axis=0).mean(axis=1)
    assert outcome.average_ranks == pytest.approx(np.sort(ranks))


def test_iman_davenport_is_the_f_test_of_the_ranks():
    results = random_results(0, decimals=6)
    ranks = stats.rankdata(-np.stack(list(results.values())), axis=0)
    methods, datasets = ranks.shape
    between = datasets * ((ranks.mean(1) - 2.5) ** 2).sum() / (methods - 1)
    rest = ((ranks - ranks.mean(1, keepdims=True)) ** 2).sum()
    rest /= (methods - 1) * (datasets - 1)
    assert mm.critical_difference(results).iman_davenport == pytest.approx(between / rest)


@pytest.mark.parametrize(
    ("methods", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)]
)  # Demsar 2006, table 5a
def test_nemenyi_uses_the_published_critical_values(methods, q):
    outcome = mm.critical_difference(random_results(1, methods=methods, datasets=8))
    error = math.sqrt(methods * (methods + 1) / (6 * 8))
    assert outcome.critical_difference == pytest.approx(q * error, rel=1e-3)
    far = np.abs(np.subtract.outer(outcome.average_ranks, outcome.average_ranks))
    np.testing.assert_array_equal(outcome.p_values < 0.05, far > outcome.critical_difference)


def test_wilcoxon_is_adjusted_by_holm():
    results = random_results(2, decimals=6)
    outcome = mm.critical_difference(results, test="wilcoxon-holm")
    pairs = list(combinations(range(4), 2))
    raw = [
        stats.wilcoxon(results[outcome.methods[i]], results[outcome.methods[j]]).pvalue
        for i, j in pairs
    ]
    for (i, j), p_value in zip(pairs, raw, strict=True):
        # Holm: the largest of the smaller ones' products, each with the number not yet rejected.
        adjusted = max(
            min(1.0, (len(raw) - sum(other < q for other in raw)) * q) for q in raw if q <= p_value
        )
        assert outcome.p_values[i, j] == outcome.p_values[j, i] == pytest.approx(adjusted)
    assert outcome.critical_difference is None


def test_equal_methods_do_not_differ():
    values = [0.1, 0.5, 0.9]
    for test in ("nemenyi", "wilcoxon-holm"):
        outcome = mm.critical_difference({"a": values, "b": values}, test=test)
        assert (outcome.friedman, outcome.friedman_p) == (0.0, 1.0)
        assert (outcome.iman_davenport, outcome.iman_davenport_p) == (0.0, 1.0)
        assert outcome.average_ranks.tolist() == [1.5, 1.5]
        np.testing.assert_allclose(outcome.p_values, 1.0)
        assert outcome.groups == (("a", "b"),)


def test_one_order_on_every_dataset_is_the_strongest_outcome():
    results = {"low": [1, 2, 3], "middle": [2, 3, 4], "high": [5, 6, 7]}
    outcome = mm.critical_difference(results)
    assert outcome.methods == ("high", "middle", "low")
    assert outcome.friedman == pytest.approx(6.0)  # D (K - 1), the most there is
    assert (outcome.iman_davenport, outcome.iman_davenport_p) == (math.inf, 0.0)
    worst_first = mm.critical_difference(results, higher_is_better=False)
    assert worst_first.methods == ("low", "middle", "high")


def test_groups_and_table_for_a_plot():
    rng = np.random.default_rng(3)
    base = rng.random(30)
    results = {
        name: base + gain + 0.01 * rng.random(30)
        for name, gain in {"a": 0.3, "b": 0.3, "c": 0.2, "d": 0.1, "e": 0.1}.items()
    }
    outcome = mm.critical_difference(results, test="wilcoxon-holm")
    assert [set(group) for group in outcome.groups] == [{"a", "b"}, {"d", "e"}]
    rows = outcome.table()
    assert [row["method"] for row in rows] == list(outcome.methods)
    assert [row["groups"] for row in rows] == [[0], [0], [], [1], [1]]
    assert [row["average_rank"] for row in rows] == sorted(row["average_rank"] for row in rows)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({}, "expected results of at least 2 methods, got 0"),
        ({"a": [1, 2]}, "expected results of at least 2 methods, got 1"),
        ({"a": [1, 2], "b": [1, 2, 3]}, r"same 2 or more datasets, got {'a': 2, 'b': 3}"),
        ({"a": [1], "b": [2]}, r"same 2 or more datasets, got {'a': 1, 'b': 1}"),
        ({"a": [1, 2], "b": [1, math.nan]}, r"expected results\['b'\] to be finite, got NaN"),
    ],
)
def test_bad_results_are_refused(results, message):
    with pytest.raises(ValueError, match=message):
        mm.critical_difference(results)


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match=r"expected test to be one of .*nearest: 'nemenyi'"):
        mm.critical_difference({"a": [1, 2], "b": [2, 1]}, test="nemeny")
    with pytest.raises(ValueError, match=r"expected alpha in \(0, 1\), got 0"):
        mm.critical_difference({"a": [1, 2], "b": [2, 1]}, alpha=0)
