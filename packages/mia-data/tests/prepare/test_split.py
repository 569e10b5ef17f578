"""Splits by patient: what is drawn, from whom, and how many."""

from pathlib import Path

import pytest
from mia_data.dataset_info import Counts
from mia_data.errors import DataError
from mia_data.prepare.plan import SourceImage
from mia_data.prepare.seeded_order import in_seeded_order
from mia_data.prepare.split import split_by_label, split_by_share


def _image(name, label, patient=None):
    return SourceImage(f"{name}.png", label, patient or name, Path(name))


def _names(split):
    return [[image.name for image in group] for group in split.groups]


def test_the_order_is_the_same_on_every_machine():
    names = ["a", "b", "c", "d"]
    assert in_seeded_order(names, 0) == in_seeded_order(reversed(names), 0)
    # By b2sum -l 128 of 0/a, 0/b, ...
    assert [in_seeded_order(names, seed) for seed in (0, 1)] == [
        ["c", "a", "b", "d"],
        ["b", "d", "a", "c"],
    ]
    # Leaving a name out does not change the order of the others.
    assert in_seeded_order("abd", 0) == [name for name in in_seeded_order(names, 0) if name != "c"]


def test_a_large_source_gives_the_asked_numbers():
    images = [_image(f"n{i}", 0) for i in range(100)] + [_image(f"a{i}", 1) for i in range(50)]
    split = split_by_label(images, Counts(40, 20, 30), 0)
    assert split.counts == Counts(40, 20, 30)
    assert len({image.name for image in split.images}) == 90
    assert _names(split) == _names(split_by_label(images[::-1], Counts(40, 20, 30), 0))
    assert _names(split) != _names(split_by_label(images, Counts(40, 20, 30), 1))


@pytest.mark.parametrize(
    ("n_normal", "n_abnormal", "counts"),
    [(60, 30, Counts(40, 20, 30)), (30, 10, Counts(20, 10, 10)), (2, 1, Counts(1, 1, 1))],
)
def test_a_small_source_is_divided_in_proportion(n_normal, n_abnormal, counts):
    images = [_image(f"n{i}", 0) for i in range(n_normal)]
    images += [_image(f"a{i}", 1) for i in range(n_abnormal)]
    assert split_by_label(images, Counts(40, 20, 30), 0).counts == counts


@pytest.mark.parametrize("seed", range(5))
def test_no_patient_is_in_both_splits_and_the_ill_never_train(seed):
    images = [
        _image(f"{p}-{i}", int(p % 4 == 0 and i == 1), f"p{p}") for p in range(40) for i in (0, 1)
    ]
    split = split_by_label(images, Counts(20, 10, 10), seed)
    train = {image.patient for image in split.train}
    test = {image.patient for image in (*split.normal, *split.abnormal)}
    assert train.isdisjoint(test)
    assert all(int(image.patient[1:]) % 4 for image in (*split.train, *split.normal))
    shared = split_by_share(images, Counts(20, 10, 10), seed, test_share=0.3)
    train = {image.patient for image in shared.train}
    test = {image.patient for image in (*shared.normal, *shared.abnormal)}
    assert train.isdisjoint(test)
    assert len(test) <= 12


@pytest.mark.parametrize(
    ("labels", "missing"),
    [
        ([1, 1], "no normal image for training"),
        ([0, 1], "no normal image for training"),
        ([0, 0], "no abnormal image for testing"),
        ([], "no normal image for training"),
    ],
)
def test_a_class_without_images_is_refused(labels, missing, one_line):
    images = [_image(f"i{i}", label) for i, label in enumerate(labels)]
    with pytest.raises(DataError, match=one_line(missing)):
        split_by_label(images, Counts(4, 2, 3), 0)
    with pytest.raises(DataError, match=one_line("at least one of each")):
        split_by_share(images, Counts(4, 2, 3), 0, test_share=0.2)
