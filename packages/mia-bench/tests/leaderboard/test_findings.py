"""The sentences that open the page say what the tests of the leaderboard found."""

from __future__ import annotations

import pytest
from mia_bench.leaderboard.findings import describe_dataset, describe_study
from mia_bench.leaderboard.leaderboard import make_leaderboard
from mia_bench.run_folder.status import read_runs


@pytest.fixture
def board(made_up, tmp_path):
    def make(datasets, strengths, **options):
        made_up(tmp_path, datasets, strengths, size=16, **options)
        return make_leaderboard(read_runs(tmp_path))

    return make


def test_the_best_method_its_interval_and_its_distance_are_those_of_the_leaderboard(board):
    found = board(["lag"], {"ae": 0.2, "dae": 1.8, "vae": 1.7})
    best, second, worst = found.rows
    cell = found.cells[best.key]["auroc"]
    low, high = cell.comparison.found.low, cell.comparison.found.high
    assert worst.label == "ae"
    assert describe_study(found) == (
        f"On lag, {best.label} has the highest AUROC, {cell.text} (95 % interval {low:.3f} to "
        f"{high:.3f}), {cell.mean - second.means['auroc']:.3f} above {second.label}, on 80 test "
        f"images with 3 seeds. Not significantly below it: {second.label}."
    )


def test_a_distance_that_rounds_to_nothing_is_not_called_zero(board):
    found = board(["lag"], {"ae": 1.0, "dae": 1.0}, seeds=(0,))
    best, second = found.rows
    second.means["auroc"] = best.means["auroc"] - 0.0001
    assert "less than 0.001 above" in describe_dataset(found, "lag")


@pytest.mark.parametrize(
    ("strengths", "ending"),
    [
        ({"ae": 0.0, "dae": 5.0}, "The difference is significant."),
        ({"ae": 0.0, "vae": 0.1, "dae": 5.0}, "to all 2 other methods are significant."),
        ({"ae": 1.0, "dae": 1.0}, "No difference to another method is significant."),
        ({"dae": 1.0}, "with one seed."),
    ],
)
def test_tests_are_summed_up(board, strengths, ending):
    found = board(["lag"], strengths, seeds=(0,))
    assert describe_dataset(found, "lag").endswith(ending)


def test_a_method_of_other_images_is_not_tested(board):
    board(["lag"], {"ae": 1.0, "dae": 1.1}, seeds=(0,))
    found = board(["lag"], {"vae": 0.0}, seeds=(0,), images=(30, 30))
    text = describe_dataset(found, "lag")
    assert text.endswith("Not tested, because other test images were scored: vae.")


def test_many_equal_methods_are_counted(board):
    found = board(["lag"], {f"m{i}": 1.0 for i in range(8)} | {"bad": -3.0}, seeds=(0,))
    alike = describe_dataset(found, "lag").rpartition("below it: ")[2]
    assert alike.count(",") == 3
    assert alike.endswith("and 3 more.")


def test_several_datasets_are_summed_up_by_ranks(board):
    found = board(["lag", "rsna", "vincxr"], {"ae": 0.0, "dae": 3.0, "vae": 1.0}, seeds=(0,))
    assert describe_study(found) == (
        "dae has the best average rank over 3 datasets by AUROC: 1.00 of 3 methods, followed by "
        "vae (2.00). Not significantly worse by rank: vae."
    )


def test_two_datasets_are_too_few_for_a_test(board):
    found = board(["lag", "rsna"], {"ae": 0.0, "dae": 3.0}, seeds=(0,))
    assert describe_study(found).endswith("Too few methods or datasets for a test of the ranks.")
