"""The conformance test passes a detector that keeps the contract and catches each broken rule."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from unittest import SkipTest

import numpy as np
import pytest
import torch
from mia_bench.errors import StudyError
from mia_bench.testing import check_detector, parametrize_with_rules, rules
from mia_bench.testing.conformance import ALL_RULES
from mia_bench.testing.optional_rules import OPTIONAL_RULES

OPTIONAL = {rule.__name__ for rule in OPTIONAL_RULES}


class Small:
    """The smallest detector that keeps the contract: distance from the mean training image."""

    def __init__(self) -> None:
        self.mean = np.zeros(0)

    def fit(self, images, *, epochs=None, seed=0, device="auto", on_epoch=None):
        images = as_array(images)
        self.mean = images.mean(0)
        for epoch in range(1, (1 if epochs is None else epochs) + 1):
            self.mean += np.random.default_rng([seed, epoch]).normal(0, 1, self.mean.shape)
            if on_epoch is not None and on_epoch(epoch_of(epoch, epochs)) is True:
                break
        return self

    def predict(self, images, *, device="auto"):
        heat = np.abs(as_array(images) - self.mean).mean(1).astype(np.float32)
        return SimpleNamespace(score=heat.mean((1, 2)), map=heat)

    def save(self, path):
        Path(path).mkdir(exist_ok=True)
        Path(path, "mean.json").write_text(json.dumps(self.mean.tolist()))

    @classmethod
    def load(cls, path):
        detector = cls()
        detector.mean = np.array(json.loads(Path(path, "mean.json").read_text()))
        return detector


class Whole(Small):
    """The same with all that is optional."""

    steps_per_epoch = 3
    learned_parameters = 64
    calls_per_image = 1

    def fit(
        self,
        images,
        *,
        epochs=None,
        seed=0,
        device="auto",
        on_epoch=None,
        checkpoint=None,
        checkpoint_every=1,
    ):
        images = as_array(images)
        self.mean, self.history = images.mean(0), []
        if checkpoint is not None and Path(checkpoint).exists():
            kept = Small.load(checkpoint)
            self.mean = kept.mean
            self.history = json.loads(Path(checkpoint, "history.json").read_text())
        for epoch in range(len(self.history) + 1, (1 if epochs is None else epochs) + 1):
            self.mean += np.random.default_rng([seed, epoch]).normal(0, 1, self.mean.shape)
            self.history.append({"loss": 1 / epoch})
            stop = on_epoch is not None and on_epoch(epoch_of(epoch, epochs)) is True
            if checkpoint is not None and (stop or epoch % checkpoint_every == 0):
                Small.save(self, checkpoint)
                Path(checkpoint, "history.json").write_text(json.dumps(self.history))
            if stop:
                break
        return self

    def predict(self, images, *, batch_size=64, device="auto"):
        return super().predict(images)

    def scoring_module(self):
        return Distance(self.mean)

    reconstructs = True

    def reconstruct(self, images, *, device="auto"):
        return (0.5 * as_array(images) / 255 + 0.5 * self.mean / 255).astype(np.float32)


class Distance(torch.nn.Module):
    """The score and the map of ``Small``, by PyTorch."""

    def __init__(self, mean, factor=1.0):
        super().__init__()
        self.mean, self.factor = torch.from_numpy(mean), factor

    def forward(self, images):
        heat = (images - self.mean).abs().mean(1).float()
        return heat.mean((1, 2)), heat * self.factor


def as_array(images):
    if isinstance(images, list):
        images = np.stack([item["image"] for item in images])
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4:
        msg = f"expected uint8 (N, C, H, W), got {images.dtype} {images.shape}"
        raise ValueError(msg)
    return images


def epoch_of(number, epochs):
    return SimpleNamespace(
        epoch=number, epochs=epochs or 1, losses={"loss": 1 / number}, learning_rate=0.0
    )


@pytest.mark.parametrize("kind", [Small, Whole])
def test_a_detector_without_torch_can_keep_it(kind):
    assert check_detector(kind) is None


@parametrize_with_rules(Whole)
def test_each_rule_is_a_test(rule):
    assert rule() is None


@parametrize_with_rules(Small)
def test_rules_of_what_a_detector_lacks_are_skipped(rule, request):
    name = request.node.callspec.id
    if name in OPTIONAL - {"history_has_one_entry_an_epoch"}:
        with pytest.raises(SkipTest):
            rule()
    elif name in OPTIONAL:
        with pytest.raises(SkipTest, match="it has no history"):
            rule()
    else:
        rule()


def forgets_itself(self, images, **options):
    Small.fit(self, images, **options)


def ignores_the_seed(self, images, *, seed=0, **options):
    return Small.fit(self, images, **options)


def never_stops(self, images, *, on_epoch=None, **options):
    Small.fit(self, images, on_epoch=lambda epoch: on_epoch and on_epoch(epoch) and None)
    return Small.fit(self, images, on_epoch=on_epoch, **options)


def returns_doubles(self, images, **options):
    found = Small.predict(self, images, **options)
    return SimpleNamespace(score=found.score.astype(float), map=found.map)


def learns_while_it_scores(self, images, **options):
    found = Small.predict(self, images, **options)
    self.mean = self.mean + 1
    return found


def compares_with_the_others(self, images, **options):
    score = Small.predict(self, images).score
    return SimpleNamespace(score=(score - score.mean()).astype(np.float32), map=None)


def compares_within_the_batch(self, images, *, batch_size=64, device="auto"):
    found = Small.predict(self, images)
    parts = np.split(found.score, range(batch_size, len(found.score), batch_size))
    score = np.concatenate([part - part.mean() for part in parts])
    return SimpleNamespace(score=score.astype(np.float32), map=None)


def takes_floats(self, images, **options):
    array = np.stack([i["image"] for i in images]) if isinstance(images, list) else images
    return Small.predict(self, np.asarray(array).astype(np.uint8), **options)


def writes_into_the_images(self, images, **options):
    if isinstance(images, np.ndarray):
        images[:] = images
    return Small.predict(self, images, **options)


def takes_no_dataset(self, images, **options):
    return Small.predict(self, np.asarray(images, np.uint8), **options)


def takes_no_tensor(self, images, **options):
    return Small.predict(self, images.copy() if hasattr(images, "shape") else images, **options)


def knows_memory_maps(self, images, **options):
    if isinstance(images, np.memmap):
        raise TypeError
    return Small.fit(self, images, **options)


def saves_once(self, path):
    Path(path).mkdir()
    Small.save(self, path)


def saves_a_pickle(self, path):
    Small.save(self, path)
    Path(path, "more.pkl").write_bytes(b"")


def forgets_the_checkpoint(self, images, *, checkpoint=None, checkpoint_every=1, **options):
    return Whole.fit(self, images, **options)


def forgets_an_epoch(self, images, *, checkpoint=None, checkpoint_every=1, **options):
    Whole.fit(self, images, checkpoint=checkpoint, checkpoint_every=1, **options)
    self.history = self.history[1:]
    return self


def resets_the_steps(self, images, **options):
    self.steps_per_epoch = 3
    return Whole.fit(self, images, **options)


def counts_no_calls(self):
    return 0


def draws_another_map(self):
    return Distance(self.mean, factor=2.0)


def rebuilds_from_the_others(self, images, **options):
    return np.repeat(as_array(images).mean(0, keepdims=True) / 255, len(images), 0)


BROKEN = [
    ("fit_returns_the_detector", "fit", forgets_itself, "fit must return the detector itself"),
    ("the_seed_decides", "fit", ignores_the_seed, "another seed must give other scores"),
    ("on_epoch_is_called_and_may_stop", "fit", never_stops, "returned True and was called"),
    ("scores_have_the_right_form", "predict", returns_doubles, "score must be float32"),
    ("predict_changes_nothing", "predict", learns_while_it_scores, "a second predict must not"),
    (
        "scores_do_not_depend_on_other_images",
        *("predict", compares_with_the_others, "the company of other images must not"),
    ),
    ("read_only_arrays_are_read", "predict", writes_into_the_images, "ValueError: .*read-only"),
    ("datasets_are_read", "predict", takes_no_dataset, "TypeError"),
    ("tensors_are_read", "predict", takes_no_tensor, "AttributeError: .*copy"),
    ("memory_maps_are_read", "fit", knows_memory_maps, "TypeError"),
    ("wrong_images_are_refused", "predict", takes_floats, "predict must refuse float32 images"),
    ("a_saved_model_scores_the_same", "save", saves_a_pickle, r"must not pickle, got .'more.pkl'"),
    ("saving_again_replaces_the_model", "save", saves_once, "FileExistsError"),
    (
        "batch_size_changes_no_score",
        *("predict", compares_within_the_batch, "batch_size=1 must not change the score"),
    ),
    ("history_has_one_entry_an_epoch", "fit", forgets_an_epoch, "history must be"),
    (
        "a_checkpoint_resumes_to_the_same_weights",
        *("fit", forgets_the_checkpoint, r"epochs that are left, got \[1, 2\]"),
    ),
    (
        "calls_are_counted",
        "calls_per_image",
        property(counts_no_calls),
        "whole number from 1, got 0",
    ),
    ("an_epoch_can_be_one_step", "fit", resets_the_steps, "fit must leave steps_per_epoch"),
    (
        "learned_parameters_are_a_number",
        "learned_parameters",
        "64",
        "whole number from 0, got '64'",
    ),
    (
        "the_scoring_module_gives_the_scores",
        *("scoring_module", draws_another_map, "scoring_module must not change the map"),
    ),
    (
        "reconstructions_are_images",
        *("reconstruct", rebuilds_from_the_others, "must not depend on the others"),
    ),
]


@pytest.mark.parametrize(("rule", "method", "broken", "message"), BROKEN)
def test_each_rule_catches_what_breaks_it(rule, method, broken, message):
    base = Whole if rule in OPTIONAL else Small
    detector = type("Broken", (base,), {method: broken})
    with pytest.raises(AssertionError, match=rf"(?m)^{rule}: .*{message}"):
        check_detector(detector)


def test_every_rule_has_something_that_breaks_it():
    assert sorted(rule for rule, *_ in BROKEN) == sorted(ALL_RULES)


def test_all_rules_are_reported_not_the_first_alone():
    both = {"fit": ignores_the_seed, "predict": returns_doubles}
    detector = type("Broken", (Small,), both)
    with pytest.raises(AssertionError) as error:
        check_detector(detector)
    assert str(error.value).splitlines() == [
        f"2 of {len(ALL_RULES)} rules:",
        "the_seed_decides: another seed must give other scores",
        "scores_have_the_right_form: score must be float32 (7,), got float64 (7,)",
    ]


def test_an_expected_failure_is_named_and_must_fail():
    detector = type("Broken", (Small,), {"fit": ignores_the_seed})
    expected = {"the_seed_decides": "it draws nothing"}
    assert check_detector(detector, expected_failures=expected) is None
    with pytest.raises(AssertionError, match="is kept, and was expected to fail: it draws nothing"):
        check_detector(Small, expected_failures=expected)
    marked = {each.id: each.marks for each in rules(detector, expected_failures=expected)}
    assert [(m.name, m.kwargs) for m in marked.pop("the_seed_decides")] == [
        ("xfail", {"reason": "it draws nothing", "strict": True})
    ]
    assert not any(marked.values())


def test_an_expected_failure_of_no_rule_is_refused():
    with pytest.raises(StudyError, match="unknown rule 'the_seed'; did you mean 'the_seed_decides"):
        rules(Small, expected_failures={"the_seed": "?"})
