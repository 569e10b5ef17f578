"""Find lesions by a small network trained on synthetic ones, and odd images by a Gaussian.

The features of a frozen network are computed for the normal images, and in each epoch for the same
images with one synthetic lesion each; a network of two convolutions learns to find the lesions. It
sees small changes that a description of the whole image does not show. The Mahalanobis distance of
the features' means and deviations over the whole image sees what is no lesion with a border. Each
is compared with its values on normal images that were left out, which gives the probability of a
value as high under a normal distribution; an image's score is the negative logarithm of the product
of both (Fisher's method).

Paper: https://arxiv.org/abs/2108.07610 (a network that finds synthetic anomalies);
https://arxiv.org/abs/2005.14140 (the distance)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from mia_ssl._engine.options import whole_number
from mia_ssl.checks import check_between, check_pair
from mia_ssl.densities import GaussianDensity
from mia_ssl.densities.modules import as_module
from mia_ssl.features.draw_lesions import RADIUS, SOFTNESS, draw_lesions
from mia_ssl.features.lesion_network import LesionNetwork, train_lesion_network
from mia_ssl.features.log_tail import log_normal_distribution
from mia_ssl.features.method import FeatureMethod, Scores, feature_info
from mia_ssl.features.options import FeatureOptions
from mia_ssl.features.streaming import restored
from mia_ssl.features.top_mean import top_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor, nn

    from mia_ssl.feature_grid import FeatureGrid
    from mia_ssl.features.extract import Features
    from mia_ssl.features.method import NormalImages

FOLDS = 5
FEWEST = 4 * FOLDS  # images from which on some are left out to compare with
FEWEST_LESIONS = 256  # few images are passed over more often
_NETWORK = "network_"
_IMAGES = "image_"


@dataclass(frozen=True, kw_only=True)
class SyntheticLesionsOptions(FeatureOptions):
    """Options of synthetic-lesions.

    The network is EfficientNet-Lite2, the largest one whose weights can be installed as a package.

    Attributes:
        radius: Least and largest radius of the lesions, in sides of the image.
        softness: Least and largest width of the lesions' borders, in radii.
        steps: Training steps of 32 images each.
        top_share: Share of the cells, those that look most like a lesion, whose mean counts.
    """

    backbone: str = "efficientnet-lite2"
    stages: tuple[int, ...] = (2, 3, 4)
    radius: tuple[float, float] = RADIUS
    softness: tuple[float, float] = SOFTNESS
    steps: int = 600
    top_share: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_pair(self, "radius", low=0, high=1, above_low=True)
        check_pair(self, "softness", low=0, high=10, above_low=True)
        whole_number("steps", self.steps, least=1)
        check_between(0, 1, top_share=self.top_share)


class SyntheticLesions:
    """A network that finds lesions and a Gaussian of whole images' features.

    Attributes:
        network: Finds lesions; None before ``fit``.
        images: Gaussian of the features' means and deviations over whole images.
        distance: The Mahalanobis distance under that Gaussian; None before ``fit``.
        scale: Mean and standard deviation of normal images' scores that were left out, of the
            network and of the Gaussian's logarithm, float64 [2, 2].
    """

    def __init__(self, options: SyntheticLesionsOptions) -> None:
        self.options = options
        self.network: LesionNetwork | None = None
        self.images = GaussianDensity(l2_normalize=False)
        self.distance: nn.Module | None = None
        self.scale = torch.tensor([[0.0, 1.0], [0.0, 1.0]], dtype=torch.float64)

    def fit(self, normals: NormalImages, generator: torch.Generator) -> None:
        """Learn the normal features and the lesions; see ``FeatureModel``."""
        summaries, kept, numbers, grids = self._read_normals(normals, generator)
        left_out = numbers % FOLDS == 0
        if len(summaries) < FEWEST or not left_out.any() or left_out.all():
            left_out = torch.zeros_like(left_out)
        trained = [stage[~left_out] for stage in kept]
        self.network = LesionNetwork([stage.shape[1] for stage in kept])
        self.network.prepare(trained, generator)
        if normals.epochs:
            drawn = self._draw(normals, numbers[~left_out].unique(), grids, generator)
            train_lesion_network(
                self.network, drawn, trained, grids, steps=self.options.steps, generator=generator
            )
        compared = [stage[left_out] for stage in kept] if left_out.any() else kept
        found = torch.cat([self._find(part, grids)[0] for part in _batches(compared)])
        self.distance = as_module(self.images.fit(summaries))
        apart = _apart(summaries)
        self.scale = torch.stack([_mean_and_deviation(found), _mean_and_deviation(apart)])

    def _read_normals(
        self, normals: NormalImages, generator: torch.Generator
    ) -> tuple[np.ndarray, list[Tensor], Tensor, list[FeatureGrid]]:
        """Return all images' summaries, and the features of as many as fit into the memory."""
        summaries: list[Tensor] = []
        kept: list[list[Tensor]] = []
        numbers: list[Tensor] = []
        grids: list[FeatureGrid] = []
        chosen: Tensor | None = None
        start = 0
        for features in normals():
            if chosen is None:
                grids = features.grids
                # Of each image in half precision: as it is, and with each lesion.
                one = (
                    2 * (1 + _passes(normals)) * sum(stage[0].numel() for stage in features.stages)
                )
                chosen = _sample(normals.count, int(self.options.bytes // one), generator)
            summaries.append(features.means_and_deviations())
            here = chosen[start : start + len(features.numbers)]
            start += len(here)
            kept.append([stage[here].half() for stage in features.stages])
            numbers.append(features.numbers[here])
        stages = [torch.cat(parts) for parts in zip(*kept, strict=True)]
        return torch.cat(summaries).double().numpy(), stages, torch.cat(numbers), grids

    def _draw(
        self,
        normals: NormalImages,
        numbers: Tensor,
        grids: list[FeatureGrid],
        generator: torch.Generator,
    ) -> tuple[list[Tensor], Tensor]:
        """Return features of images with lesions, and the share of each cell that they cover."""
        covered: list[Tensor] = []
        size = (grids[0].rows.cells, grids[0].columns.cells)

        def change(images: Tensor) -> Tensor:
            options = self.options
            changed, lesions = draw_lesions(
                images, generator, radius=options.radius, softness=options.softness
            )
            covered.append(F.adaptive_avg_pool2d(lesions.float(), size))
            return changed

        kept = [
            [stage.half() for stage in features.stages]
            for _ in range(_passes(normals))
            for features in normals.changed(change, numbers)
        ]
        return [torch.cat(parts) for parts in zip(*kept, strict=True)], torch.cat(covered)

    def _find(self, stages: list[Tensor], grids: list[FeatureGrid]) -> tuple[Tensor, Tensor]:
        """Return the network's score of images, [B], and of their cells, [B, h, w]."""
        assert self.network is not None
        with torch.inference_mode():
            cells = self.network(stages, grids)
        return top_mean(cells, self.options.top_share), cells

    def score(
        self, features: Features, *, is_normal: bool = False, with_cells: bool = True
    ) -> Scores:
        """Score images; see ``FeatureModel``."""
        found, cells = self._find(features.stages, features.grids)
        assert self.distance is not None
        distance = self.distance(features.means_and_deviations())
        both = torch.stack([found.double(), _logarithm(distance)])
        # By Fisher's method: no trust of the one in an image outweighs the other's alarm.
        unlikely = -log_normal_distribution((self.scale[:, :1] - both) / self.scale[:, 1:])
        return Scores(unlikely.sum(0), cells)

    def state(self) -> dict[str, Tensor]:
        """Return the network's tensors, the Gaussian's, and the scale."""
        assert self.network is not None
        network = {f"{_NETWORK}{key}": value for key, value in self.network.state_dict().items()}
        images = {f"{_IMAGES}{k}": torch.from_numpy(v) for k, v in self.images.state().items()}
        return {**network, **images, "scale": self.scale}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take back what ``state`` returned; for errors see ``FeatureModel``."""
        count = len(self.options.stages)
        widths = [restored(state, f"{_NETWORK}mean_{n}", 3).shape[0] for n in range(count)]
        network = LesionNetwork(widths)
        wanted = network.state_dict()
        network.load_state_dict(
            {key: restored(state, f"{_NETWORK}{key}", v.ndim) for key, v in wanted.items()}
        )
        self.network = network.requires_grad_(requires_grad=False)
        arrays = {
            "mean": restored(state, f"{_IMAGES}mean", 1).numpy(),
            "whitening": restored(state, f"{_IMAGES}whitening", 2).numpy(),
        }
        self.distance = as_module(self.images.restore(arrays))
        self.scale = restored(state, "scale", 2)


def _passes(normals: NormalImages) -> int:
    """Return the number of lesions that are drawn into each image."""
    return max(normals.epochs, math.ceil(FEWEST_LESIONS / normals.count)) if normals.epochs else 0


def _sample(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Return which of the images are kept, bool [count]: a random choice, at least FEWEST."""
    chosen = torch.zeros(count, dtype=torch.bool)
    chosen[torch.randperm(count, generator=generator)[: max(size, FEWEST)]] = True
    return chosen


def _batches(stages: list[Tensor], size: int = 64) -> Iterable[list[Tensor]]:
    return (list(parts) for parts in zip(*(stage.split(size) for stage in stages), strict=True))


def _apart(summaries: np.ndarray) -> Tensor:
    """Return the log distance of each image under a Gaussian of the others, fold by fold."""
    fold = np.arange(len(summaries)) % FOLDS
    if len(summaries) < FEWEST:
        gaussian = GaussianDensity(l2_normalize=False).fit(summaries)
        return _logarithm(torch.from_numpy(gaussian.score(summaries)))
    distances = np.empty(len(summaries))
    for number in range(FOLDS):
        others = GaussianDensity(l2_normalize=False).fit(summaries[fold != number])
        distances[fold == number] = others.score(summaries[fold == number])
    return _logarithm(torch.from_numpy(distances))


def _logarithm(distances: Tensor) -> Tensor:
    return distances.clamp(min=math.ulp(1.0)).log()


def _mean_and_deviation(scores: Tensor) -> Tensor:
    deviation, mean = torch.std_mean(scores.double())
    return torch.stack([mean, deviation.clamp(min=1e-6)])


SYNTHETIC_LESIONS = FeatureMethod(
    info=feature_info(
        "synthetic-lesions",
        "network that finds synthetic lesions in ImageNet features, with a Gaussian of images",
        paper="https://arxiv.org/abs/2108.07610",
        epochs=4,
    ),
    options=SyntheticLesionsOptions,
    model=SyntheticLesions,
)
