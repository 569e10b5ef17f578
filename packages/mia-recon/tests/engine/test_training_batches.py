"""Batches of an epoch: each image once, and no last batch that BatchNorm cannot learn from."""

from __future__ import annotations

import pytest
import torch
from mia_recon._engine.training import batches

# Training images of the study's datasets.
STUDY = {
    "rsna": 3851,
    "vincxr": 4000,
    "braintumor": 1000,
    "lag": 1500,
    "camelyon16": 5088,
    "brats2021": 4211,
    "isic2018": 6705,
}


def sizes(count, batch_size):
    parts = list(batches(count, batch_size, torch.Generator().manual_seed(0)))
    assert sorted(torch.cat(parts).tolist()) == list(range(count))
    return [len(part) for part in parts]


@pytest.mark.parametrize(
    ("count", "batch_size", "last"),
    [
        (900, 64, 68),  # 4 are left over
        (904, 64, 72),
        (905, 64, 9),
        (34, 16, 18),
        (35, 16, 3),
        (9, 8, 9),
        (10, 8, 2),
        (3, 2, 3),
        (3, 64, 3),
        (1, 64, 1),
    ],
)
def test_few_images_left_over_join_the_batch_before(count, batch_size, last):
    *full, found = sizes(count, batch_size)
    assert set(full) <= {batch_size}
    assert found == last


@pytest.mark.parametrize("dataset", STUDY)
@pytest.mark.parametrize("batch_size", [16, 32, 64])
def test_the_batches_of_the_study_are_those_of_pytorchs_loader(dataset, batch_size):
    count = STUDY[dataset]
    loader = torch.utils.data.DataLoader(range(count), batch_size=batch_size)
    expected = [len(batch) for batch in loader]
    if expected[-1] == 1:  # isic2018 in batches of 16
        expected[-2:] = [17]
    assert sizes(count, batch_size) == expected


def test_with_steps_all_batches_are_full():
    generator = torch.Generator().manual_seed(0)
    found = list(batches(10, 8, generator, steps=4))
    assert [len(batch) for batch in found] == [8] * 4
    assert sorted(torch.cat(found).bincount().tolist()) == [3] * 8 + [4] * 2  # 32 of 10 images
