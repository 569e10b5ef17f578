"""A fitted model becomes one file that gives its scores, or nothing is written."""

from __future__ import annotations

import hashlib
import json

import mia_bench
import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    return mia_bench.export_model(model, tmp_path_factory.mktemp("out") / "model.onnx", fpr=0.2)


def run(path, images):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, {"images": images}), strict=True))


@pytest.mark.parametrize("count", [1, 7])
def test_the_file_gives_what_the_loaded_model_gives(exported, model, count):
    images = np.random.default_rng(1).integers(0, 256, (count, 64, 64), np.uint8)
    expected = mia_bench.load_model(model, device="cpu").score(list(images), fpr=0.2)
    found = run(exported.path, images[:, None])
    np.testing.assert_allclose(found["score"], expected.score, rtol=1e-5)
    np.testing.assert_allclose(found["map"], expected.map, atol=1e-5 * expected.map.max())
    np.testing.assert_allclose(found["quantile"], expected.quantile, atol=1e-6)
    assert found["flag"].tolist() == expected.flagged.tolist()
    assert exported.threshold == expected.threshold
    assert {name: value.dtype.name for name, value in found.items()} == {
        **{"score": "float32", "quantile": "float32", "flag": "bool", "map": "float32"}
    }


def test_quantile_and_flag_are_those_of_scores_at_the_threshold():
    torch = pytest.importorskip("torch")
    from mia_bench.export.graph import ScoringGraph

    class Mean(torch.nn.Module):
        def forward(self, images):
            return images.float().mean((1, 2, 3)), None

    normal = np.array([1, 2, 2, 4], np.float32)
    graph = ScoringGraph(Mean(), normal, 2.0)
    images = torch.tensor([0, 1, 2, 3, 9], dtype=torch.uint8).view(5, 1, 1, 1)
    score, quantile, flag = graph(images)
    assert score.tolist() == [0, 1, 2, 3, 9]
    assert quantile.tolist() == [0, 0.25, 0.75, 0.75, 1]
    assert flag.tolist() == [False, False, True, True, True]


def test_the_metadata_tells_what_is_needed_to_use_it(exported, model):
    facts = dict(onnxruntime.InferenceSession(exported.path).get_modelmeta().custom_metadata_map)
    assert facts["mia.method"] == "ae"
    assert facts["mia.version"] == mia_bench.__version__
    saved = (model / "fit.json").read_bytes()
    assert facts["mia.model_sha256"] == hashlib.sha256(saved).hexdigest()
    assert json.loads(facts["mia.reading"]) == json.loads(saved)["reading"]
    calibration = json.loads(facts["mia.calibration"])
    assert calibration["threshold"] == exported.threshold
    assert calibration["fpr"] == 0.2
    assert calibration["normal_images"] == len(np.load(model / "normal_scores.npy"))
    assert calibration["origin"] == "held-out images"
    assert json.loads(facts["mia.backbones"]) == {}


def test_the_same_model_gives_the_same_bytes_without_places_in_the_code(exported, model, tmp_path):
    again = mia_bench.export_model(model, tmp_path / "again.onnx", fpr=0.2)
    content = again.path.read_bytes()
    assert content == exported.path.read_bytes()
    assert b".py" not in content


def test_frozen_features_are_inside_with_their_hash(fit_small, tmp_path, scans):
    model = fit_small("synthetic-lesions", {"steps": 2}, holdout=None)
    done = mia_bench.export_model(model, tmp_path / "model.onnx", images=scans)
    assert done.differences.images == 16
    facts = onnxruntime.InferenceSession(done.path).get_modelmeta().custom_metadata_map
    saved = json.loads((model / "detector" / "model.json").read_text())
    assert list(json.loads(facts["mia.backbones"])) == [saved["options"]["backbone"]]
    assert all(len(digest) == 64 for digest in json.loads(facts["mia.backbones"]).values())


def test_a_method_without_a_map_has_three_outputs(fit_small, tmp_path):
    done = mia_bench.export_model(fit_small("ganomaly"), tmp_path / "model.onnx")
    found = run(done.path, np.zeros((2, 1, 64, 64), np.uint8))
    assert list(found) == ["score", "quantile", "flag"]
    assert done.differences.map is None


def test_a_gradient_is_refused_in_one_line_with_exit_code_2(fit_small, tmp_path, mia_bench):
    model = fit_small("vae-kl")
    result = mia_bench("export", "--model", model, "--out", tmp_path / "model.onnx")
    assert result.returncode == 2
    assert result.stderr == (
        "mia-bench: cannot export vae-kl as a graph: the map of vae-kl is a gradient, "
        "which takes a pass back through the network\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_writes_the_file_and_says_how_far_it_is_off(
    model, tmp_path, mia_bench_process
):
    out = tmp_path / "new" / "model.onnx"
    words = ("--model", model, "--out", out, "--fpr", "0.2", "--json")
    result = mia_bench_process("export", *words)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    answer = json.loads(result.stdout)
    assert answer["path"] == str(out)
    assert answer["bytes"] == out.stat().st_size
    assert 0 <= answer["differences"]["score"] <= 1e-4
    assert answer["differences"]["images"] == 8


def test_a_graph_that_is_off_is_refused_and_the_old_file_stays(model, tmp_path, monkeypatch):
    from mia_bench.export import graph

    class Off(graph.ScoringGraph):
        def forward(self, images):
            score, *rest = super().forward(images)
            return score * 1.01, *rest

    monkeypatch.setattr(graph, "ScoringGraph", Off)
    out = tmp_path / "model.onnx"
    out.write_bytes(b"old")
    with pytest.raises(mia_bench.RunsFailedError, match=r"refused: .* its scores differ"):
        mia_bench.export_model(model, out)
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


def test_wrong_input_is_one_error(model, tmp_path):
    with pytest.raises(mia_bench.StudyError, match="no model in"):
        mia_bench.export_model(tmp_path, tmp_path / "model.onnx")
    with pytest.raises(mia_bench.StudyError, match=r"ends in \.onnx, got .*model\.pt"):
        mia_bench.export_model(model, tmp_path / "model.pt")
    with pytest.raises(mia_bench.StudyError, match=r"too few for .* rate of 0\.001"):
        mia_bench.export_model(model, tmp_path / "model.onnx", fpr=0.001)
    with pytest.raises(ValueError, match="absent"):
        mia_bench.export_model(model, tmp_path / "model.onnx", images=tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


def test_a_detector_without_a_scoring_module_is_refused(model, tmp_path, monkeypatch):
    from mia_recon._engine.detector import TrainedDetector

    monkeypatch.delattr(TrainedDetector, "scoring_module")
    with pytest.raises(mia_bench.StudyError, match="cannot export ae: its detector has no scoring"):
        mia_bench.export_model(model, tmp_path / "model.onnx")


def test_one_image_is_joined_by_drawn_ones(model, tmp_path, scans):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.png").write_bytes((scans / "00.png").read_bytes())
    done = mia_bench.export_model(model, tmp_path / "model.onnx", images=tmp_path / "one")
    assert done.differences.images == 9


def test_a_fusion_is_refused_with_the_reason(made_up, tmp_path):
    made_up(tmp_path, ["brain"], {"fusion": 1.0}, seeds=(0,))
    run = tmp_path / "brain" / "fusion" / "seed-0"
    with pytest.raises(mia_bench.StudyError, match=r"a fusion compares .*; export its members"):
        mia_bench.export_model(run, tmp_path / "model.onnx")


def test_a_package_that_is_missing_is_named_with_the_extra(model, tmp_path, monkeypatch):
    from mia_bench.export import export_model

    monkeypatch.setattr(export_model, "find_spec", lambda name: None)
    with pytest.raises(mia_bench.StudyError, match="needs the package onnx: install the extra"):
        mia_bench.export_model(model, tmp_path / "model.onnx")
