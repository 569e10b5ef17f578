"""The greedy choice against a plain reference."""

from __future__ import annotations

import logging

import numpy as np
import torch
from mia_ssl.features.coreset import choose_coreset


def farthest_first(vectors, count, first):
    chosen = [first]
    apart = np.linalg.norm(vectors - vectors[first], axis=1)
    while len(chosen) < count:
        chosen.append(int(apart.argmax()))
        apart = np.minimum(apart, np.linalg.norm(vectors - vectors[chosen[-1]], axis=1))
    return chosen


def test_each_choice_is_the_farthest_from_those_before():
    vectors = torch.randn(400, 6, generator=torch.Generator().manual_seed(0)).double()
    chosen = choose_coreset(vectors.float(), 60, torch.Generator().manual_seed(3)).tolist()
    assert chosen == farthest_first(vectors.numpy(), 60, chosen[0])
    assert len(set(chosen)) == 60


def test_projection_chooses_what_covers_nearly_as_well():
    vectors = torch.randn(500, 600, generator=torch.Generator().manual_seed(0))
    vectors *= torch.linspace(1, 0.01, 600)
    chosen = choose_coreset(vectors, 50, torch.Generator().manual_seed(3))
    exact = farthest_first(vectors.numpy(), 50, int(chosen[0]))
    cover = [torch.cdist(vectors, vectors[index]).amin(1).max() for index in (chosen, exact)]
    drawn = torch.cdist(vectors, vectors[:50]).amin(1).max()
    assert cover[0] < 1.1 * cover[1]
    assert cover[0] < drawn


def test_equal_vectors_are_each_chosen_once():
    chosen = choose_coreset(torch.ones(20, 3), 20, torch.Generator())
    assert sorted(chosen.tolist()) == list(range(20))


def test_says_how_long_it_will_take_before_it_starts(caplog, monkeypatch):
    with caplog.at_level(logging.INFO):
        choose_coreset(torch.randn(300, 5), 10, torch.Generator())
    assert "choosing 10 of 300 patches, about 0 s on one core" in caplog.text
    assert caplog.records[0].levelno == logging.INFO
    monkeypatch.setattr("mia_ssl.features.coreset._PER_SECOND", 1)
    choose_coreset(torch.randn(300, 5), 10, torch.Generator())
    assert caplog.records[1].levelno == logging.WARNING  # shown without asking for it
