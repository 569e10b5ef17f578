"""A plan names every run and what it takes, and trains nothing of the study."""

from __future__ import annotations

import json

import pytest


def test_finished_runs_are_known_and_their_seeds_foretell_the_others(mia_bench, finished, root):
    arguments = ["--datasets", "braintumor", "--methods", "ae", "--seeds", "0,1,2", "--epochs", 3]
    result = mia_bench("plan", "--root", root, "--out", finished, *arguments, "--json")
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert (answer["runs"], answer["left"]) == (3, 1)
    sources = {each["run"]: each["source"] for each in answer["plan"]}
    assert sources == {
        "braintumor/ae/seed-0": "done",
        "braintumor/ae/seed-1": "done",
        "braintumor/ae/seed-2": "other seeds",
    }
    measured = json.loads((finished / "braintumor/ae/seed-0/run.json").read_text())
    assert answer["plan"][0]["seconds"] == pytest.approx(sum(measured["seconds"].values()))


def test_a_new_study_is_estimated_from_a_sample(mia_bench, tmp_path):
    out = tmp_path / "out"
    arguments = ["--datasets", "rsna", "--methods", "ae", "--out", out, "--json"]
    short, long = (
        json.loads(mia_bench("plan", *arguments, "--epochs", epochs).stdout)
        for epochs in (10, 1000)
    )
    assert not out.exists()
    # 2000 float32 maps of 64 x 64 pixels and a model of 2.35 million float32 parameters.
    assert short["bytes"] == pytest.approx(2000 * 64 * 64 * 4 + 2.35e6 * 4, rel=0.02)
    # While it trains, the weights once more and two moments of each.
    assert short["working_bytes"] == pytest.approx(3 * 2.35e6 * 4, rel=0.02)
    assert 10 < long["seconds"] / short["seconds"] < 200


def test_an_epoch_of_so_many_steps_takes_as_long_on_any_dataset(mia_bench, tmp_path):
    study = tmp_path / "study.toml"
    text = "[datasets.{}]\n[methods.cutpaste-2stage]\nimage_size = 64\nepochs = 50\n"
    options = "options = { steps_per_epoch = 2, batch_size = 2 }\n"
    seconds = {}
    for dataset in ("rsna", "braintumor"):  # 3851 and 1000 images to train on
        study.write_text(text.format(dataset) + options)
        result = mia_bench("plan", study, "--out", tmp_path / "out", "--json")
        assert result.returncode == 0, result.stderr
        seconds[dataset] = json.loads(result.stdout)["seconds"]
    # Training takes most of it, and four images a step are far from a dataset's thousands.
    assert seconds["rsna"] < 2.5 * seconds["braintumor"]


def test_many_calls_of_a_network_are_not_made_but_taken_from_a_step(mia_bench, tmp_path):
    study = tmp_path / "study.toml"
    text = "[datasets.rsna]\n[methods.anoddpm]\nimage_size = 16\nepochs = 1\n"
    small = "width = 32, depth = 2, attention = 0, steps = 100000"
    seconds = {}
    for level in (1_000, 100_000):
        study.write_text(text + f"options = {{ {small}, level = {level} }}\n")
        result = mia_bench("plan", study, "--out", tmp_path / "out", "--json")
        assert result.returncode == 0, result.stderr
        seconds[level] = json.loads(result.stdout)["seconds"]
    # 3851 images to train on; they and 2000 others to score, each by a third of a step a call.
    assert 20 < seconds[100_000] / seconds[1_000] < 500


def test_the_time_is_of_the_images_that_are_there(mia_bench, root, tmp_path):
    arguments = ["--datasets", "braintumor", "--methods", "ae", "--epochs", 1, "--json"]
    arguments += ["--out", tmp_path / "out"]
    few, published = (
        json.loads(mia_bench("plan", *arguments, "--root", folder).stdout)
        for folder in (root, tmp_path)
    )
    few_maps, maps = (answer["bytes"] - 2.35e6 * 4 for answer in (few, published))
    assert maps == pytest.approx(1200 * 64 * 64 * 4, rel=0.05)
    assert few_maps < 0.5 * maps
    assert few["plan"][0]["source"] == "sample"
    assert published["plan"][0]["source"] == "sample, published counts"


def test_missing_weights_of_a_method_leave_the_others_their_plan(
    mia_bench, mia_bench_process, tmp_path, monkeypatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nothing answers there
    arguments = ["--datasets", "phantom", "--epochs", 1]
    out = tmp_path / "out"
    # A process reads the proxy when it first opens an address.
    planned = mia_bench_process(  # rd reads its weights when it is fitted
        "plan", *arguments, "--methods", "resnet18-imagenet,rd,ae", "--out", out, "--json"
    )
    assert planned.returncode == 0, planned.stderr
    answer = json.loads(planned.stdout)  # and nothing else there
    seconds = {each["run"]: each["seconds"] for each in answer["plan"]}
    assert seconds.pop("phantom/resnet18-imagenet/seed-0") is None
    assert seconds.pop("phantom/rd/seed-0") is None
    assert answer["seconds"] == seconds["phantom/ae/seed-0"] > 0
    arguments += ["--methods", "resnet18-imagenet,ae"]
    done = mia_bench("run", *arguments, "--out", out, "--json", "--device", "cpu")
    assert done.returncode == 1
    states = json.loads(done.stdout)["runs"]
    assert states == {"phantom/resnet18-imagenet/seed-0": "failed", "phantom/ae/seed-0": "finished"}
    assert "could not be downloaded" in mia_bench("report", out).stdout


def test_a_plan_lists_what_as_original_sets(mia_bench, tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(
        "as_original = true\n[datasets.phantom]\n[methods.vae]\n[methods.ae]\n"
        "[methods.mean]\nmethod = 'vae'\noptions = { sample_at_test = false }\n"
    )
    arguments = ["plan", study, "--epochs", 1, "--out", tmp_path / "out"]
    answer = json.loads(mia_bench(*arguments, "--json").stdout)
    assert answer["as_original"] == {"phantom/vae": {"sample_at_test": True}}
    assert {each["run"]: each["settings"]["options"] for each in answer["plan"]} == {
        "phantom/vae/seed-0": {"sample_at_test": True},
        "phantom/ae/seed-0": {},
        "phantom/mean/seed-0": {"sample_at_test": False},
    }
    text = mia_bench(*arguments, "--as-original").stdout
    assert "As the original's code: sample_at_test = True (phantom/vae)\n" in text
