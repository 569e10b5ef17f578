"""Images through every method: ranks that can be compared, and disagreement first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mia_bench.leaderboard.rows import gather
from mia_bench.report.masks import Masks
from mia_bench.report.samples import (
    by_disagreement,
    calibrated_ranks,
    common_ids,
    cropping_note,
    read_samples,
    shows_most,
)
from mia_bench.report.side_by_side import SHOWN, opening_images, side_by_side
from mia_bench.run_folder.scores_csv import ImageScores


def scores(values, labels):
    ids = [f"i{number}" for number in range(len(values))]
    return ImageScores(ids, np.array(labels), np.array(values, np.float32))


def test_a_rank_is_the_share_of_normal_images_that_score_lower():
    ranks = calibrated_ranks(scores([1, 2, 3, 4, 2.5, 9, 0, 3], [0, 0, 0, 0, 1, 1, 1, 1]))
    assert [ranks[f"i{n}"] for n in range(4, 8)] == [0.5, 1, 0, 0.625]


def test_ranks_do_not_change_with_the_scale_of_the_scores():
    values, labels = np.random.default_rng(0).normal(size=40), np.repeat([0, 1], 20)
    before, after = (scores(each, labels) for each in (values, np.exp(3 * values)))
    assert calibrated_ranks(before) == calibrated_ranks(after)


def test_what_the_methods_disagree_on_comes_first():
    one = {"a": 0.1, "b": 0.9, "c": 0.5}
    two = {"a": 0.2, "b": 0.1, "c": 0.5}
    assert by_disagreement(["a", "b", "c"], [one, two]) == ["b", "a", "c"]


@pytest.fixture(scope="module")
def rows(made_up, tmp_path_factory):
    out = tmp_path_factory.mktemp("samples") / "study"
    made_up(out, ["lag"], {"ae": 0.2, "dae": 3.0, "nsa": -2.0}, seeds=(0, 1), size=16, pixels=5)
    return gather(out)


def test_all_methods_and_seeds_have_kept_the_same_images(rows):
    kept = [read_samples([row]).readable[row.key] for row in rows]
    assert len({tuple(each.ids.tolist()) for each in kept}) == 1
    seeds = [(row.runs[seed].folder.samples.read_bytes() != b"") for row in rows for seed in (0, 1)]
    assert all(seeds)


def test_the_table_holds_each_image_and_what_each_method_makes_of_it(rows):
    samples = read_samples(rows).of_dataset(rows)
    table = side_by_side(rows, samples, Masks())
    assert [row["method"] for row in table["rows"]] == [row.label for row in rows]
    assert len(table["columns"]) == SHOWN
    assert table["kept"] == 12
    spreads = []
    for column in table["columns"]:
        assert (column["mask"] is not None) == (column["label"] == "abnormal")
        own = [calibrated_ranks(row.runs[0].scores)[column["id"]] for row in rows]
        assert [cell["rank"] for cell in column["cells"]] == own
        assert (column["lowest"], column["highest"]) == (min(own), max(own))
        spreads.append(np.std(own))
        for row, cell in zip(rows, column["cells"], strict=True):
            assert (cell["reconstruction"] is None) == (row.label == "nsa")
            assert cell["heat"].startswith("data:image/webp")
            where = row.runs[0].scores.ids.index(column["id"])
            assert cell["score"] == row.runs[0].scores.scores[where]
    assert spreads == sorted(spreads, reverse=True)
    others = set(next(iter(samples.values())).ids.tolist()) - {c["id"] for c in table["columns"]}
    ranks = [calibrated_ranks(row.runs[0].scores) for row in rows]
    assert max(np.std([each[name] for each in ranks]) for name in others) <= spreads[-1]


def test_a_dataset_opens_with_normal_and_abnormal_images(rows):
    shown = opening_images(rows, read_samples(rows).of_dataset(rows), Masks())
    assert [each["label"] for each in shown] == ["normal"] * 4 + ["abnormal"] * 4


def test_a_run_without_samples_is_named_and_one_with_damaged_ones_too(rows, tmp_path):
    import shutil

    out = tmp_path / "study"
    shutil.copytree(rows[0].runs[0].folder.path.parents[2], out)
    (out / "lag/ae/seed-0/samples.npz").unlink()
    (out / "lag/dae/seed-0/samples.npz").write_bytes(b"PK")
    found = read_samples(gather(out))
    assert list(found.readable) == [("lag", "nsa")]
    assert found.missing == ["lag/ae/seed-0"]
    assert list(found.damaged) == ["lag/dae/seed-0"]


def test_only_images_that_all_have_are_common(rows):
    kept = list(read_samples(rows).of_dataset(rows).values())
    assert common_ids(kept) == kept[0].ids.tolist()
    assert common_ids([]) == []


def test_whole_images_in_color_stand_for_a_dataset(rows):
    kept = next(iter(read_samples(rows).of_dataset(rows).values()))
    larger = replace(kept, images=np.repeat(np.repeat(kept.images, 2, 2), 2, 3))
    color = replace(kept, images=np.repeat(kept.images, 3, 1))
    some = {"gray": kept, "larger": larger, "color": color}
    assert shows_most({"gray": kept, "larger": larger}) is larger
    assert shows_most(some) is color
    assert shows_most(some, cropping=["color"]) is larger
    assert cropping_note(["nsa"]) == "nsa sees the middle square of images that are not square."
    assert cropping_note([]) == ""
