"""Models of the features against plain NumPy references."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mia_ssl.feature_grid import Axis, FeatureGrid
from mia_ssl.features.extract import Features
from mia_ssl.features.methods import RECORDS
from mia_ssl.features.methods.patchcore import fewer_channels, group_means
from scipy.stats import norm
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA

GRIDS = [
    FeatureGrid(Axis(8, 0, 4), Axis(8, 0, 4)),
    FeatureGrid(Axis(4, 0, 8), Axis(4, 0, 8)),
]


class Normals:
    """Random features of images, in uneven batches."""

    epochs = 1

    def __init__(self, count=30, seed=0):
        generator = torch.Generator().manual_seed(seed)
        self.stages = [
            torch.randn(count, 5, 8, 8, generator=generator) + torch.arange(5.0)[:, None, None],
            torch.randn(count, 7, 4, 4, generator=generator) * torch.arange(1.0, 8)[:, None, None],
        ]
        self.count = count

    def __call__(self):
        for numbers in torch.arange(self.count).split(7):
            yield Features(numbers, [stage[numbers] for stage in self.stages], GRIDS)

    def changed(self, change, numbers):
        for some in numbers.split(7):
            lesions = change(torch.full((len(some), 1, 32, 32), 100, dtype=torch.uint8))
            brighter = (lesions.float() - 100)[:, :, ::4, ::4]
            stages = [self.stages[0][some] + brighter, self.stages[1][some]]
            yield Features(some, stages, GRIDS)

    def whole(self):
        return Features(torch.arange(self.count), self.stages, GRIDS)


def joined(features):
    """Cells with the channels of both stages, [N, 8, 8, 12]: the second is between every other."""
    fine, coarse = (stage.double().numpy() for stage in features.stages)
    rows = np.empty((*coarse.shape[:2], 8, 4))
    rows[:, :, ::2] = coarse
    rows[:, :, 1:7:2] = (coarse[:, :, :-1] + coarse[:, :, 1:]) / 2
    rows[:, :, 7] = coarse[:, :, -1]
    both = np.empty((*coarse.shape[:2], 8, 8))
    both[..., ::2] = rows
    both[..., 1:7:2] = (rows[..., :-1] + rows[..., 1:]) / 2
    both[..., 7] = rows[..., -1]
    return np.concatenate([fine, both], 1).transpose(0, 2, 3, 1)


def top(cells, share):
    flat = np.sort(cells.reshape(len(cells), -1))[:, ::-1]
    return flat[:, : max(int(np.ceil(share * flat.shape[1])), 1)].mean(1)


def fitted(name, normals, **options):
    method = RECORDS[name]
    model = method.model(method.options(**options))
    model.fit(normals, torch.Generator().manual_seed(1))
    return model


@pytest.fixture(scope="module")
def normals():
    return Normals()


@pytest.fixture(scope="module")
def others():
    return Normals(6, seed=9).whole()


def test_cells_have_all_stages_at_the_first_ones_centers(others):
    np.testing.assert_allclose(others.cells(), joined(others), rtol=1e-5, atol=1e-5)


def test_gaussian_features(normals, others):
    scores = fitted("gaussian-features", normals, ridge=1e-3).score(others)
    means, ours = (
        np.concatenate([s.double().mean((2, 3)).numpy() for s in part.stages], 1)
        for part in (normals.whole(), others)
    )
    expected = np.sqrt(LedoitWolf().fit(means).mahalanobis(ours))
    np.testing.assert_allclose(scores.image, expected, rtol=1e-4)
    cells = joined(normals.whole()).reshape(-1, 12)
    covariance = np.cov(cells.T)
    covariance += 1e-3 * np.trace(covariance) / 12 * np.eye(12)
    apart = joined(others) - cells.mean(0)
    squares = np.einsum("nhwi,ij,nhwj->nhw", apart, np.linalg.inv(covariance), apart)
    np.testing.assert_allclose(scores.cells, np.sqrt(squares), rtol=1e-4)


def test_padim(normals, others):
    model = fitted("padim", normals, channels=6)
    channels = model.channels.numpy()
    assert len(set(channels.tolist())) == 6
    scores = model.score(others)
    train, test = (joined(part)[..., channels] for part in (normals.whole(), others))
    expected = np.empty((6, 8, 8))
    for row in range(8):
        for column in range(8):
            place = train[:, row, column]
            inverse = np.linalg.inv(np.cov(place.T) + 0.01 * np.eye(6))
            apart = test[:, row, column] - place.mean(0)
            expected[:, row, column] = np.sqrt(np.einsum("ni,ij,nj->n", apart, inverse, apart))
    np.testing.assert_allclose(scores.cells, expected, rtol=1e-3)
    np.testing.assert_allclose(scores.image, expected.max((1, 2)), rtol=1e-3)


@pytest.mark.parametrize("variance", [0.5, 0.9, 0.99])
def test_subspace(variance, normals, others):
    scores = fitted("subspace", normals, variance=variance, top_share=0.05).score(others)
    cells = joined(normals.whole()).reshape(-1, 12)
    pca = PCA(svd_solver="full").fit(cells)
    kept = int(np.searchsorted(np.cumsum(pca.explained_variance_ratio_), variance)) + 1
    pca = PCA(kept, svd_solver="full").fit(cells)
    test = joined(others).reshape(-1, 12)
    back = pca.inverse_transform(pca.transform(test))
    expected = ((test - back) ** 2).sum(1).reshape(6, 8, 8)
    np.testing.assert_allclose(scores.cells, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(scores.image, top(expected, 0.05), rtol=1e-4)


def test_nearest_features_with_all_patches(normals, others):
    scores = fitted("nearest-features", normals, bank=10_000, top_share=0.05).score(others)
    train, test = (joined(part).reshape(-1, 12) for part in (normals.whole(), others))
    train /= np.linalg.norm(train, axis=1, keepdims=True)
    test /= np.linalg.norm(test, axis=1, keepdims=True)
    expected = (1 - test @ train.T).min(1).reshape(6, 8, 8)
    np.testing.assert_allclose(scores.cells, expected, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(scores.image, top(expected, 0.05), rtol=1e-3)


def averaged(features, window=3):
    """Features averaged over windows, with zeros beyond the border, then joined."""
    stages = []
    for stage in features.stages:
        values, half = stage.double().numpy(), window // 2
        out = np.empty_like(values)
        for y, x in np.ndindex(values.shape[2:]):
            box = values[:, :, max(y - half, 0) : y + half + 1, max(x - half, 0) : x + half + 1]
            out[:, :, y, x] = box.sum((2, 3)) / window**2
        stages.append(torch.from_numpy(out))
    return joined(Features(features.numbers, stages, features.grids))


def test_patchcore_with_all_patches(normals, others):
    model = fitted("patchcore", normals, pool=10_000, share=1.0)
    scores = model.score(others)
    train, test = (averaged(part).reshape(-1, 12) for part in (normals.whole(), others))
    apart = np.sqrt(((test[:, None] - train[None]) ** 2).sum(2))
    expected = apart.min(1).reshape(6, 8, 8)
    np.testing.assert_allclose(scores.cells, expected, rtol=1e-4)
    np.testing.assert_allclose(scores.image, expected.max((1, 2)), rtol=1e-4)


def test_patchcore_averages_channels_in_groups(normals, others):
    model = fitted("patchcore", normals, pool=10_000, share=1.0, channels=4)
    grouped = averaged(others).reshape(-1, 4, 3).mean(2)
    train = averaged(normals.whole()).reshape(-1, 4, 3).mean(2)
    expected = np.sqrt(((grouped[:, None] - train[None]) ** 2).sum(2)).min(1)
    np.testing.assert_allclose(model.score(others).cells.flatten(), expected, rtol=1e-4)


def test_patches_of_the_image_itself_do_not_count(normals):
    whole = normals.whole()
    model = fitted("patchcore", normals, pool=10_000, share=1.0)
    own = averaged(whole).reshape(30, 64, 12)
    others = own[1:].reshape(-1, 12)
    expected = np.sqrt(((own[0][:, None] - others[None]) ** 2).sum(2)).min(1)
    cells = model.score(whole, is_normal=True).cells[0]
    np.testing.assert_allclose(cells.flatten(), expected, rtol=1e-4)
    assert model.score(whole).cells.max() < 1e-3


def test_bank_has_as_many_patches_of_each_image(normals):
    model = fitted("nearest-features", normals, bank=100)
    owners, counts = model.bank.owners.unique(return_counts=True)
    assert owners.tolist() == list(range(30))
    assert set(counts.tolist()) == {3}
    few = fitted("nearest-features", normals, bank=5)
    assert len(few.bank.vectors) == 30  # one of each at least


def summary(stages):
    """Mean and standard deviation of each channel, (N, 2 D)."""
    stages = [stage.double().numpy() for stage in stages]
    return np.concatenate([f(s, (2, 3)) for s in stages for f in (np.mean, np.std)], 1)


def test_synthetic_lesions_joins_its_network_and_gaussian_by_left_out_images():
    normals, others = Normals(40), Normals(6, seed=9).whole()
    model = fitted("synthetic-lesions", normals, steps=20, top_share=0.05)
    summaries, ours = (summary(part.stages) for part in (normals, others))
    fold = np.arange(40) % 5
    apart = np.empty(40)
    for number in range(5):
        part = LedoitWolf().fit(summaries[fold != number])
        apart[fold == number] = np.log(part.mahalanobis(summaries[fold == number])) / 2
    distance = np.log(LedoitWolf().fit(summaries).mahalanobis(ours)) / 2
    with torch.no_grad():
        left_out = top(model.network([s[::5].half() for s in normals.stages], GRIDS).numpy(), 0.05)
        cells = model.network(others.stages, GRIDS).numpy()
    expected = -norm.logsf(distance, apart.mean(), apart.std(ddof=1))
    expected -= norm.logsf(top(cells, 0.05), left_out.mean(), left_out.std(ddof=1))
    scores = model.score(others)
    np.testing.assert_allclose(scores.image, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(scores.cells, cells, rtol=1e-4, atol=1e-5)


def test_synthetic_lesions_trains_on_no_image_that_it_is_compared_with():
    seen = []

    class Watched(Normals):
        def changed(self, change, numbers):
            seen.extend(numbers.tolist())
            return super().changed(change, numbers)

    fitted("synthetic-lesions", Watched(40), steps=1)
    trained = [number for number in range(40) if number % 5]
    assert seen == trained * 7  # 256 lesions or more


def test_synthetic_lesions_keeps_as_many_images_as_the_memory_holds():
    seen = []

    class Watched(Normals):
        def changed(self, change, numbers):
            seen.extend(numbers.tolist())
            return super().changed(change, numbers)

    one = 2 * 6 * (5 * 64 + 7 * 16)  # bytes of an image, as it is and with each of five lesions
    fitted("synthetic-lesions", Watched(60), steps=1, memory=30 * one / 1e9)
    assert 20 <= len(set(seen)) < 30
    assert len(seen) == 5 * len(set(seen))


@pytest.mark.parametrize(("before", "after"), [(7, 3), (12, 4), (152, 64), (5, 4)])
def test_channels_are_averaged_alike_in_a_traced_graph(before, after):
    vectors = torch.randn(2, 3, 4, before, generator=torch.Generator().manual_seed(0))
    expected = torch.nn.functional.adaptive_avg_pool1d(vectors.flatten(0, 2), after)
    torch.testing.assert_close(fewer_channels(vectors, after), expected.view(2, 3, 4, after))
    torch.testing.assert_close(vectors @ group_means(before, after), expected.view(2, 3, 4, after))
    assert fewer_channels(vectors, before) is vectors
