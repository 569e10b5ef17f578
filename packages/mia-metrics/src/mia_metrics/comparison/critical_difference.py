"""Critical-difference analysis: comparison of many methods over many datasets by their ranks."""

import math
from collections.abc import Mapping
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mia_metrics import validate
from mia_metrics.comparison.holm import holm
from mia_metrics.comparison.studentized_range import range_exceeds, range_quantile

TESTS = ("nemenyi", "wilcoxon-holm")
"""Names of the tests of pairs of methods."""

Table = NDArray[np.float64]


class CriticalDifference(NamedTuple):
    """Contents of a critical-difference diagram, with methods in the order of their average rank.

    Attributes:
        methods: (K,) names, best first.
        average_ranks: (K,) average rank of each, 1 = best.
        datasets: number of datasets.
        friedman: chi-square of Friedman's test, corrected for ties.
        friedman_p: its p-value.
        iman_davenport: F statistic of Iman and Davenport, which is less conservative.
        iman_davenport_p: its p-value.
        test: the test of pairs.
        alpha: level of the test of pairs.
        p_values: (K, K) p-value of each pair, adjusted for all pairs; 1 on the diagonal.
        critical_difference: smallest significant difference of average ranks by Nemenyi's test;
            None for the other test.
        groups: the bars of the diagram: longest runs of neighbors in rank without a pair that
            differs.
    """

    methods: tuple[str, ...]
    average_ranks: NDArray[np.float64]
    datasets: int
    friedman: float
    friedman_p: float
    iman_davenport: float
    iman_davenport_p: float
    test: str
    alpha: float
    p_values: Table
    critical_difference: float | None
    groups: tuple[tuple[str, ...], ...]

    def table(self) -> list[dict[str, Any]]:
        """Return one row per method, best first: `method`, `average_rank`, `groups` (numbers)."""
        return [
            {
                "method": method,
                "average_rank": float(rank),
                "groups": [number for number, group in enumerate(self.groups) if method in group],
            }
            for method, rank in zip(self.methods, self.average_ranks, strict=True)
        ]


def critical_difference(
    results: Mapping[str, ArrayLike],
    *,
    test: str = "nemenyi",
    alpha: float = 0.05,
    higher_is_better: bool = True,
) -> CriticalDifference:
    """Rank methods on each dataset and test which of them differ.

    On each dataset the methods are ranked from 1, the best; tied methods get their average rank.
    Friedman's test (with the correction for ties, and in the form of Iman and Davenport) tests
    whether any methods differ. Pairs are then tested by one of two tests.

    Args:
        results: for each method its values on the same D datasets in the same order, (D,).
        test: `nemenyi`, the difference of average ranks over sqrt(K (K + 1) / (6 D)) against the
            studentized range; or `wilcoxon-holm`, Wilcoxon's signed-rank test of the values, zero
            differences dropped, adjusted by Holm (p = 1 if there is no difference at all).
        alpha: level, in (0, 1); a pair differs if its adjusted p-value is below it.
        higher_is_better: False for errors.

    Returns:
        Ranks, tests and groups.

    Raises:
        ValueError: fewer than two methods or two datasets, different lengths, NaN or infinity, an
            unknown test, `alpha` outside (0, 1).

    Paper: Demsar, JMLR 7, 2006, https://jmlr.org/papers/v7/demsar06a.html; pairs by Wilcoxon:
        Benavoli, Corani and Mangili, JMLR 17, 2016, https://jmlr.org/papers/v17/benavoli16a.html

    Examples:
        >>> results = {
        ...     "ae": [0.60, 0.55, 0.70, 0.52, 0.61, 0.58],
        ...     "dae": [0.80, 0.75, 0.90, 0.72, 0.81, 0.78],
        ...     "vae": [0.61, 0.54, 0.71, 0.53, 0.60, 0.59],
        ... }
        >>> outcome = critical_difference(results)
        >>> outcome.methods, outcome.groups
        (('dae', 'vae', 'ae'), (('dae', 'vae'), ('vae', 'ae')))
        >>> outcome.table()[0]
        {'method': 'dae', 'average_rank': 1.0, 'groups': [0]}
    """
    validate.one_of("test", test, TESTS)
    alpha = validate.share("alpha", alpha, closed=False)
    names, table = _table(results)
    ranks = _ranks(-table if higher_is_better else table)
    order = np.argsort(ranks.mean(axis=0), kind="stable")
    names, table, ranks = [names[k] for k in order], table[:, order], ranks[:, order]
    average = ranks.mean(axis=0)
    datasets, methods = table.shape
    statistic, chi_p, f_statistic, f_p = _friedman(ranks)
    difference = None
    if test == "nemenyi":
        p_values = _nemenyi(average, datasets)
        difference = _nemenyi_difference(methods, datasets, alpha)
    else:
        p_values = _wilcoxon_holm(table)
    return CriticalDifference(
        methods=tuple(names),
        average_ranks=average,
        datasets=datasets,
        friedman=statistic,
        friedman_p=chi_p,
        iman_davenport=f_statistic,
        iman_davenport_p=f_p,
        test=test,
        alpha=alpha,
        p_values=p_values,
        critical_difference=difference,
        groups=_groups(names, p_values >= alpha),
    )


def _table(results: Mapping[str, ArrayLike]) -> tuple[list[str], Table]:
    """Check the results and return the method names and the values, (D, K)."""
    validate.named("results", results, "method", least=2)
    columns = [validate.as_scores(f"results[{name!r}]", v, 1) for name, v in results.items()]
    sizes = {name: column.size for name, column in zip(results, columns, strict=True)}
    if len(set(sizes.values())) > 1 or columns[0].size < 2:
        msg = f"expected results of every method on the same 2 or more datasets, got {sizes}"
        raise ValueError(msg)
    return list(results), np.stack(columns, axis=1).astype(float)


def _ranks(table: Table) -> Table:
    """Rank the values of each row from the smallest up, ties averaged."""
    smaller = (table[:, :, None] > table[:, None, :]).sum(axis=2)
    equal = (table[:, :, None] == table[:, None, :]).sum(axis=2)
    return smaller + (equal + 1) / 2.0


def _friedman(ranks: Table) -> tuple[float, float, float, float]:
    """Return Friedman's chi-square and p, and Iman and Davenport's F and p.

    If all ranks are tied, the statistics are 0 and the p-values 1.
    """
    from scipy.special import chdtrc, fdtrc

    datasets, methods = ranks.shape
    middle = (methods + 1) / 2.0
    spread = ((ranks - middle) ** 2).sum()
    if spread == 0.0:
        return 0.0, 1.0, 0.0, 1.0
    statistic = float((methods - 1) * ((ranks.sum(0) - datasets * middle) ** 2).sum() / spread)
    rest = datasets * (methods - 1) - statistic
    f_statistic = (datasets - 1) * statistic / rest if rest > 1e-9 else math.inf
    degrees = methods - 1, (methods - 1) * (datasets - 1)
    f_p = float(fdtrc(*degrees, f_statistic)) if math.isfinite(f_statistic) else 0.0
    return statistic, float(chdtrc(methods - 1, statistic)), f_statistic, f_p


def _nemenyi(average: NDArray[np.float64], datasets: int) -> Table:
    """Return the p-values of Nemenyi's test of all pairs, (K, K)."""
    methods = average.size
    error = math.sqrt(methods * (methods + 1) / (6.0 * datasets))
    distances = np.abs(average[:, None] - average) / error * math.sqrt(2.0)
    p_values = range_exceeds(distances.ravel(), methods).reshape(methods, methods)
    np.fill_diagonal(p_values, 1.0)
    return p_values


def _nemenyi_difference(methods: int, datasets: int, alpha: float) -> float:
    """Return the smallest difference of average ranks that Nemenyi's test finds significant."""
    quantile = range_quantile(alpha, methods) / math.sqrt(2.0)
    return quantile * math.sqrt(methods * (methods + 1) / (6.0 * datasets))


def _wilcoxon_holm(table: Table) -> Table:
    """Return the p-values of Wilcoxon's test of all pairs, (K, K), adjusted by Holm."""
    from scipy.stats import wilcoxon

    pairs = list(combinations(range(table.shape[1]), 2))
    raw = np.ones(len(pairs))
    for number, (i, j) in enumerate(pairs):
        if not np.array_equal(table[:, i], table[:, j]):
            raw[number] = wilcoxon(table[:, i], table[:, j]).pvalue
    p_values = np.ones((table.shape[1], table.shape[1]))
    for (i, j), p_value in zip(pairs, holm(raw), strict=True):
        p_values[i, j] = p_values[j, i] = p_value
    return p_values


def _groups(names: list[str], alike: NDArray[np.bool_]) -> tuple[tuple[str, ...], ...]:
    """Return the longest runs of two or more neighbors in which no pair differs."""
    groups: list[tuple[str, ...]] = []
    reached = 0
    for start in range(len(names)):
        stop = start + 1
        while stop < len(names) and alike[start : stop + 1, stop].all():
            stop += 1
        if stop > reached and stop - start > 1:
            groups.append(tuple(names[start:stop]))
            reached = stop
    return tuple(groups)
