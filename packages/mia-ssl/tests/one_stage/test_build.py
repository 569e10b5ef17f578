import mia_ssl
import pytest
import torch
from mia_ssl.one_stage import METHODS
from mia_ssl.one_stage.network import EncoderDecoder


def test_the_studys_settings_are_the_defaults():
    assert {"cutpaste", "fpi", "pii", "nsa"} < set(METHODS)
    assert len(METHODS) == 9
    detector = mia_ssl.build("nsa")
    assert detector.image_size == 256
    assert detector.info.resize == "short_side"
    settings, options = detector.settings, detector.options
    assert (settings.epochs, settings.batch_size, settings.learning_rate) == (250, 64, 1e-3)
    assert (options.patches, options.tries, options.width_scale) == (3, 200, 0.03)
    assert (options.width_offset, options.width_bounds) == (0.05, (0.03, 0.4))
    assert (options.rotation, options.interpolation) == (3.0, "nearest")
    assert options.final_learning_rate == 1e-6


def test_channels_are_read_from_the_original_weights(tmp_path):
    torch.save(EncoderDecoder(3).state_dict(), tmp_path / "model.pt")
    assert mia_ssl.load_medianomaly("pii", tmp_path / "model.pt").in_channels == 3


def test_other_checkpoints_are_refused(tmp_path):
    state = EncoderDecoder().state_dict()
    del state["bn1.weight"]
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(ValueError, match=r"bn1\.weight"):
        mia_ssl.load_medianomaly("nsa", tmp_path / "model.pt")
    with pytest.raises(FileNotFoundError):
        mia_ssl.load_medianomaly("nsa", tmp_path / "absent.pt")
    (tmp_path / "text.pt").write_text("no tensors")
    with pytest.raises(ValueError, match=r"text\.pt"):
        mia_ssl.load_medianomaly("nsa", tmp_path / "text.pt")
