"""The page says what an epoch chosen without labels gained beside the last one."""

from __future__ import annotations

import json

import pytest
from mia_bench.leaderboard.rows import gather
from mia_bench.report.epoch_selection import selection_context
from mia_bench.report.write import write_report


@pytest.fixture
def chosen(tmp_path, made_up):
    """A study of two seeds whose results say which epoch was kept."""
    out = tmp_path / "study"
    made_up(out, ["brats2021"], {"ae": 1.0, "vae": 0.5}, seeds=(0, 1))
    for seed, (auroc, last) in enumerate([(0.8, 0.6), (0.9, 0.8)]):
        path = out / f"brats2021/ae/seed-{seed}/run.json"
        result = json.loads(path.read_text())
        result["settings"]["select"] = "pseudo_auroc"
        result["metrics"] = {"auroc": auroc, "ap": 0.5}
        result["selection"] = {
            "epoch": 30 + seed,
            "held_out": 12,
            "scores": [{"epoch": 30 + seed, "score": 0.7}, {"epoch": 250, "score": 0.6}],
            "last": {"epoch": 250, "metrics": {"auroc": last, "ap": 0.75}},
        }
        path.write_text(json.dumps(result))
    return out


def test_the_gain_is_the_mean_difference_over_the_seeds(chosen):
    rows = {row.label: row for row in gather(chosen)}
    assert selection_context(rows["vae"]) is None
    found = selection_context(rows["ae"])
    assert found["epochs"] == [30, 31]
    assert found["metrics"] == [
        {"title": "AUROC", "chosen": "0.850 ± 0.071", "last": "0.700 ± 0.141", "gain": "+0.150"},
        {"title": "AP", "chosen": "0.500 ± 0.000", "last": "0.750 ± 0.000", "gain": "-0.250"},
    ]


def test_the_page_has_it_for_that_method_alone(chosen):
    text = write_report(chosen).page.read_text()
    assert text.count("Epoch chosen without labels") == 1
    assert "<code>pseudo_auroc</code> kept epoch 30, 31 of 250" in text
    assert "from all test images, unlabeled" in text
    assert '<td class="number">+0.150</td>' in text
