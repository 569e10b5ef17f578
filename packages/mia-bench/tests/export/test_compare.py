"""The scale of differences, and images that are compared."""

from __future__ import annotations

import numpy as np
import pytest
from mia_bench import RunsFailedError
from mia_bench.export import compare
from mia_bench.export.check_images import MOST, draw_images, read_images
from mia_bench.export.compare import relative
from mia_bench.inference.model_folder import Preprocessing
from mia_bench.inference.normal_scores import NormalScores, Origin


@pytest.mark.parametrize(("factor", "shift"), [(1, 0), (1000, 0), (1e-3, 0), (1, 5), (-2, 1)])
def test_the_difference_does_not_change_when_scores_are_shifted_or_multiplied(factor, shift):
    normal = np.array([1.0, 2.0, 3.0])
    expected, found = np.array([2.5, 12.0]), np.array([2.6, 12.5])
    # 0.1 of the range 2, and 0.5 of the distance 10 from the median.
    got = relative(found * factor + shift, expected * factor + shift, normal * factor + shift)
    assert got == pytest.approx(0.05)


def test_equal_normal_scores_have_a_scale_too():
    assert relative(np.array([10.1]), np.array([10.0]), np.full(5, 10.0)) == pytest.approx(0.1)
    assert relative(np.zeros(1), np.zeros(1), np.zeros(3)) == 0


@pytest.mark.parametrize("channels", [1, 3])
def test_drawn_images_span_the_input_range(channels):
    images = draw_images(Preprocessing(size=40, channels=channels, resize="squash"))
    assert images.shape == (8, channels, 40, 40)
    assert images.dtype == np.uint8
    assert set(np.unique(images[:2])) >= {0, 255}
    assert len({image.tobytes() for image in images}) == 8
    assert np.ptp(images[6]) < np.ptp(images[7]) == 255


def test_images_of_a_folder_are_read_as_the_model_reads_them(scans):
    images = read_images(scans, Preprocessing(size=16, channels=3, resize="short_side"))
    assert images.shape == (MOST, 3, 16, 16)


def test_a_graph_with_scores_of_other_images_is_refused(monkeypatch):
    def predict(detector, images, *, device):
        return np.zeros(len(images), np.float32), None

    monkeypatch.setattr(compare, "predict_checked", predict)
    monkeypatch.setattr("onnxruntime.InferenceSession", lambda *args, **named: None)
    twice = {compare.SCORE: np.zeros(8, np.float32)}
    monkeypatch.setattr(compare, "_run", lambda session, images, size: twice)
    normals = NormalScores(origin=Origin.TRAINING, scores=np.arange(4, dtype=np.float32))
    images = np.zeros((4, 1, 8, 8), np.uint8)
    with pytest.raises(RunsFailedError, match=r"refused: expected scores \(4,\), got \(8,\)"):
        compare.compare("model.onnx", None, images, normals, 1.0)
