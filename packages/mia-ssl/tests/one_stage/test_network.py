import pytest
import torch
from mia_ssl import METHODS
from mia_ssl.one_stage.network import EncoderDecoder


def test_names_and_shapes_are_the_originals(original_shapes):
    shapes = {key: tuple(value.shape) for key, value in EncoderDecoder().state_dict().items()}
    assert shapes == original_shapes("one-stage")


def test_cost_is_the_studys():
    cost = METHODS["nsa"].cost
    assert cost.parameters == pytest.approx(11.49e6, rel=1e-3)
    assert cost.macs == pytest.approx(1.87e9, rel=0.06)


@pytest.mark.parametrize("side", [32, 57, 112])
def test_logits_have_the_images_sides(side):
    network = EncoderDecoder(3).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, side, side)).shape == (1, 1, side, side)
