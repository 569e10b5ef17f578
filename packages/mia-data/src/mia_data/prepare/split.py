"""Splits into training and test images, by patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_data.dataset_info import Counts
from mia_data.errors import DataError
from mia_data.file_list import ABNORMAL, NORMAL
from mia_data.prepare.seeded_order import in_seeded_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mia_data.prepare.plan import SourceImage


@dataclass(frozen=True)
class Split:
    """The images of a dataset.

    Attributes:
        train: Normal images for training.
        normal: Normal images for testing.
        abnormal: Abnormal images for testing.
    """

    train: Sequence[SourceImage]
    normal: Sequence[SourceImage]
    abnormal: Sequence[SourceImage]

    @property
    def counts(self) -> Counts:
        """Return the numbers of images."""
        return Counts(len(self.train), len(self.normal), len(self.abnormal))

    @property
    def groups(self) -> tuple[Sequence[SourceImage], ...]:
        """Return the three groups in their order."""
        return self.train, self.normal, self.abnormal

    @property
    def images(self) -> list[SourceImage]:
        """Return all images."""
        return [*self.train, *self.normal, *self.abnormal]


def split_by_label(images: Sequence[SourceImage], counts: Counts, seed: int) -> Split:
    """Draw a split in which each patient is as a whole for training or for testing.

    Patients come in a seeded order. Of those without an abnormal image, the first are for testing,
    until their images are as many as ``counts`` has, the next ones for training. Abnormal images
    are for testing; normal images of patients who have abnormal ones are not used. Where there are
    fewer normal images than ``counts`` has in all, they are divided in the same proportion.

    Raises:
        DataError: A class has no image, or normal images are of one patient alone.
    """
    ill = {image.patient for image in images if image.label == ABNORMAL}
    normal = by_patient((image for image in images if image.patient not in ill), seed)
    abnormal = by_patient((image for image in images if image.label == ABNORMAL), seed)
    n_train, n_test = counts.train_normal or 0, counts.test_normal or 0
    total = sum(map(len, normal))
    if total < n_train + n_test:
        n_test = max(1, round(total * n_test / (n_train + n_test)))
        n_train = total
    test, rest = take(normal, n_test)
    train, _ = take(rest, n_train)
    return checked(Split(train, test, take(abnormal, counts.test_abnormal or 0)[0]))


def split_by_share(
    images: Sequence[SourceImage], counts: Counts, seed: int, *, test_share: float
) -> Split:
    """Draw a split where every patient may have normal and abnormal images.

    The first patients of a seeded order are for testing, a share ``test_share`` of all of them; the
    others are for training, with their normal images alone. Of each kind of images, as many as
    ``counts`` has are drawn if there are more.

    Raises:
        DataError: A class has no image, or there is one patient alone.
    """
    patients = in_seeded_order({image.patient for image in images}, seed)
    n_test = max(1, round(len(patients) * test_share))
    test = set(patients[:n_test])
    groups = (
        [i for i in images if i.patient not in test and i.label == NORMAL],
        [i for i in images if i.patient in test and i.label == NORMAL],
        [i for i in images if i.patient in test and i.label == ABNORMAL],
    )
    numbers = (counts.train_normal, counts.test_normal, counts.test_abnormal)
    return checked(Split(*(_draw(g, n or 0, seed) for g, n in zip(groups, numbers, strict=True))))


def by_patient(images: Iterable[SourceImage], seed: int) -> list[list[SourceImage]]:
    """Return the images of each patient, patients in a seeded order, images sorted by name."""
    found: dict[str, list[SourceImage]] = {}
    for image in images:
        found.setdefault(image.patient, []).append(image)
    order = in_seeded_order(found, seed)
    return [sorted(found[patient], key=lambda image: image.name) for patient in order]


def take(
    patients: Sequence[Sequence[SourceImage]], count: int
) -> tuple[list[SourceImage], Sequence[Sequence[SourceImage]]]:
    """Return the first ``count`` images, and the patients of whom none was taken."""
    taken: list[SourceImage] = []
    used = 0
    while used < len(patients) and len(taken) < count:
        taken += patients[used]
        used += 1
    return taken[:count], patients[used:]


def checked(split: Split) -> Split:
    """Return a split if it has images of each kind.

    Raises:
        DataError: It has not.
    """
    kinds = ("normal image for training", "normal image for testing", "abnormal image for testing")
    for kind, images in zip(kinds, split.groups, strict=True):
        if not images:
            counts = split.counts
            msg = (
                f"the source leaves no {kind} ({counts.train_normal} to train, "
                f"{counts.test_normal} normal and {counts.test_abnormal} abnormal to test), "
                "expected at least one of each"
            )
            raise DataError(msg)
    return split


def _draw(images: Sequence[SourceImage], count: int, seed: int) -> list[SourceImage]:
    by_name = {image.name: image for image in images}
    return [by_name[name] for name in sorted(in_seeded_order(by_name, seed)[:count])]
