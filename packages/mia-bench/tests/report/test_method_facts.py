"""A method's facts are its registry's, with a link that can only be that of a web page."""

from __future__ import annotations

import json

import pytest
from mia_bench.detectors import plugins
from mia_bench.files import write_json
from mia_bench.leaderboard.rows import gather
from mia_bench.report.citations import CITATIONS, cite, web_link
from mia_bench.report.dataset_facts import dataset_facts
from mia_bench.report.method_facts import method_facts


def test_citations_are_of_papers_that_some_method_names():
    papers = {method.info.paper for method in plugins.methods().values()}
    assert set(CITATIONS) <= papers
    assert all(web_link(paper) for paper in papers)
    assert not any("http" in cite(paper) for paper in papers)


def test_a_paper_without_citation_is_called_by_its_number_or_as_it_is():
    assert cite("https://arxiv.org/abs/2599.01234") == "arXiv 2599.01234"
    assert cite("our report") == "our report"


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc", "none", "", "https://[", "//a"],
)
def test_what_is_no_web_page_is_no_link(text):
    assert web_link(text) is None


def test_settings_are_told_for_each_dataset_where_they_differ(made_up, tmp_path):
    made_up(tmp_path, ["lag", "rsna"], {"dae": 1.0, "gone": 0.5}, seeds=(0,), size=16)
    path = tmp_path / "rsna/dae/seed-0/run.json"
    result = json.loads(path.read_text())
    result["settings"] |= {"epochs": 1, "options": {"depth": 3}, "channels": 3}
    write_json(path, result)
    dae, gone = method_facts(gather(tmp_path))
    assert dae["summary"] == "U-Net that removes coarse noise."
    assert dae["citation"].startswith("Kascenas et al.")
    assert dae["settings"] == [
        {"text": "250 epochs, 64 px, gray", "datasets": ["lag"]},
        {"text": "1 epoch, 64 px, RGB; depth 3", "datasets": ["rsna"]},
    ]
    assert "is not installed here" in gone["summary"]
    assert gone["link"] is None
    assert gone["settings"] == [{"text": "250 epochs, 64 px, gray", "datasets": []}]


def test_a_dataset_of_the_users_own_shows_no_path(made_up, tmp_path):
    made_up(tmp_path, ["mine"], {"ae": 1.0}, seeds=(0,), images=(5, 7), size=16)
    path = tmp_path / "mine/ae/seed-0/run.json"
    result = json.loads(path.read_text())
    hashes = {"train_sha256": "0" * 64, "test_sha256": "0" * 64}
    write_json(path, {**result, "data": {"folder": "/home/someone/scans", **hashes}})
    facts = dataset_facts("mine", gather(tmp_path))
    assert facts["own"] == "scans"
    assert (facts["train"], facts["normal"], facts["abnormal"]) == (100, 5, 7)
    assert not any("someone" in str(value) for value in facts.values())
