import mia_ssl
import numpy as np
import pytest
import torch


@pytest.mark.parametrize("channels", [1, 3])
def test_a_row_for_each_image_shows_what_synthesize_gives(discs, channels, tmp_path):
    images = discs(3, size=40, channels=channels)
    figure = mia_ssl.plot("nsa", images, seed=7)
    pasted, label = mia_ssl.synthesize("nsa", images, seed=7)
    shown = [axis.get_images()[0].get_array() for axis in figure.axes]
    assert len(shown) == 9
    for i in range(3):
        for got, expected in zip(shown[3 * i :], (images[i], pasted[i], label[i]), strict=False):
            np.testing.assert_array_equal(got, np.asarray(expected).transpose(1, 2, 0).squeeze())
    figure.savefig(tmp_path / "pasted.png")
    assert (tmp_path / "pasted.png").stat().st_size > 1000


def test_every_kind_of_paste_has_its_rows(discs):
    images = torch.from_numpy(discs(2))
    name = "cutpaste-3way-2stage"
    figure = mia_ssl.plot(name, images, seed=7)
    pasted, _ = mia_ssl.synthesize(name, images, seed=7)
    shown = [axis.get_images()[0].get_array() for axis in figure.axes]
    assert len(shown) == 12
    for i in range(4):
        np.testing.assert_array_equal(shown[3 * i], images[i % 2, 0])
        np.testing.assert_array_equal(shown[3 * i + 1], pasted[i, 0])
