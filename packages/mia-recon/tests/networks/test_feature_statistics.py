"""Statistics of features: NumPy's, with a floor; or those of the original project's file."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_recon.networks.feature_statistics import (
    FLOOR,
    measure_statistics,
    read_statistics,
    with_floor,
)


def test_measured_statistics_are_numpys_whatever_the_batches():
    features = torch.randn(9, 6, 4, 5, generator=torch.Generator().manual_seed(0)) * 3 + 100
    mean, deviation = measure_statistics(features.split([4, 4, 1]))
    exact = features.double().numpy()
    np.testing.assert_allclose(mean, exact.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(deviation, exact.std((0, 2, 3)), rtol=1e-6)


def test_a_channel_that_never_fires_gets_a_fraction_of_the_median_deviation():
    features = torch.randn(8, 5, 6, 6, generator=torch.Generator().manual_seed(0))
    features *= torch.tensor([1.0, 2.0, 3.0, 1e-4, 0.0]).view(1, 5, 1, 1)
    _, deviation = measure_statistics([features])
    exact = features.double().numpy().std((0, 2, 3))
    floor = FLOOR * np.sort(exact[exact > 0])[1]  # the lower median, of four
    np.testing.assert_allclose(deviation[3:], [floor, floor], rtol=1e-6)
    np.testing.assert_allclose(deviation[:3], exact[:3], rtol=1e-6)


def test_features_that_are_all_constant_are_not_divided_by_zero():
    assert torch.equal(with_floor(torch.zeros(4, dtype=torch.float64)), torch.ones(4))


@pytest.mark.parametrize("shape", [(4,), (4, 1, 1), (1, 4, 1, 1)])
def test_a_file_gives_its_layer_whatever_the_shape(shape, tmp_path):
    values = torch.arange(1.0, 5)
    pairs = {"c42": (-values, -values), "r42": (values.view(shape), 2 * values.view(shape))}
    torch.save(pairs, tmp_path / "statistics.pt")
    mean, deviation = read_statistics(str(tmp_path / "statistics.pt"), "r42", 4)
    assert torch.equal(mean, values)
    assert torch.equal(deviation, 2 * values)


class Payload:
    """An object that a pickle can hold, and a file of statistics must not."""


ONES = torch.ones(4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"c42": (ONES, ONES)}, "it holds c42"),
        ({"r42": ONES}, "it holds r42"),
        ({"r42": (ONES, ONES, ONES)}, "it holds r42"),
        ({"r42": (ONES, torch.ones(5))}, r"got \(5,\)"),
        ({"r42": (ONES, 1.0)}, "got 1.0"),
        ({"r42": (ONES, ONES * 0)}, "deviations above 0"),
        ({"r42": (ONES * torch.nan, ONES)}, "finite"),
        ([ONES], "it holds list"),
        ({"r42": (ONES, Payload())}, "more than tensors"),
    ],
)
def test_a_file_of_another_kind_is_refused(content, message, tmp_path):
    path = tmp_path / "statistics.pt"
    torch.save(content, path)
    with pytest.raises(ValueError, match=f"statistics.pt is not a file with mean.*{message}"):
        read_statistics(str(path), "r42", 4)


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected statistics .*absent\.pt"):
        read_statistics(str(tmp_path / "absent.pt"), "r42", 4)
