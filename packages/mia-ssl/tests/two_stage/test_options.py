"""Options: refused at the border with a message that names them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import numpy as np
import pytest
from mia_ssl import METHODS as TABLE
from mia_ssl.two_stage import METHODS
from mia_ssl.two_stage.methods import RECORDS
from mia_ssl.two_stage.options import TwoStageOptions, split_options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"density": "gausian"}, "did you mean 'gaussian'"),
        ({"normalization": "z"}, "unknown normalization 'z'"),
        ({"steps_per_epoch": 0}, "steps_per_epoch to be a whole number, 1 or above, got 0"),
        ({"bandwidth": -1}, "bandwidth to be above 0, got -1"),
        ({"head": (512, 0)}, r"head\[1\] to be a whole number, 1 or above, got 0"),
        ({"restart_epochs": 0}, "restart_epochs to be a whole number, 1 or above"),
        (
            {"freeze_epochs": 3},
            "expected weights for a trunk that is frozen at first, got freeze_epochs=3",
        ),
        ({"with_map": True, "density": "classifier"}, "expected a density of patches"),
        ({"momentum": -1}, "momentum to be in 0 to 1, got -1"),
        ({"weight_decay": -1}, "weight_decay to be 0 or above, got -1"),
        ({"freeze_epochs": -1, "weights": "DEFAULT"}, "freeze_epochs to be 0 or above, got -1"),
        ({"head": 5}, "head to be a tuple of whole numbers, got 5"),
        ({"head": (2.5,)}, r"head\[0\] to be a whole number, 1 or above, got 2.5"),
        ({"restart_epochs": 0.5}, "restart_epochs to be a whole number, 1 or above, got 0.5"),
        ({"weights": 5}, "weights to be a name, a path or None, got 5"),
    ],
)
def test_wrong_values(options, message):
    with pytest.raises(ValueError, match=message):
        TwoStageOptions(**options)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("l2_normalize", "no", "True or False"),
        ("with_map", "no", "True or False"),
        ("momentum", "a", "a finite number"),
        ("momentum", float("nan"), "a finite number"),
        ("jitter", "x", "a finite number"),
        ("margin", "x", "a finite number"),
        ("steps_per_epoch", 2.5, "a whole number"),
        ("k", 1.5, "a whole number"),
        ("freeze_epochs", "x", "a whole number"),
        ("backbone", 5, "text"),
        ("blur", (0.5, 2.5), "two whole numbers"),
        ("area", ("a", "b"), "two numbers"),
    ],
)
def test_values_of_another_kind(name, value, kind):
    with pytest.raises(ValueError, match=re.escape(f"expected {name} to be {kind}")) as error:
        split_options(RECORDS["anatpaste"], {name: value})
    assert repr(value) in str(error.value)


def test_numbers_of_numpy_become_pythons_for_a_file():
    one = np.int64(1)
    given = {
        "head": [one],
        "k": one,
        "restart_epochs": one,
        "area": np.float32([0.1, 0.2]).tolist(),
    }
    records = split_options(RECORDS["cutpaste-2stage"], {**given, "aspect": (np.float32(1), one)})
    json.dumps([asdict(record) for record in records])
    assert (records[0].head, records[1].aspect) == ((1,), (1.0, 1.0))


def test_method_options_and_shared_ones_are_told_apart():
    shared, own = split_options(RECORDS["cutpaste-2stage"], {"momentum": 0.5, "area": [0.1, 0.2]})
    assert shared.momentum == 0.5
    assert own.area == (0.1, 0.2)
    with pytest.raises(ValueError, match="option of cutpaste-2stage 'rotation'"):
        split_options(RECORDS["cutpaste-2stage"], {"rotation": (0, 1)})
    with pytest.raises(ValueError, match="did you mean 'momentum'"):
        split_options(RECORDS["cutpaste-2stage"], {"momentun": 0.5})


def test_settings_of_the_study():
    assert set(METHODS) == {
        "cutpaste-2stage",
        "cutpaste-scar-2stage",
        "cutpaste-union-2stage",
        "cutpaste-3way-2stage",
        "anatpaste",
        "resnet18-imagenet",
    }
    for name, info in METHODS.items():
        assert (info.family, info.image_size, info.channels) == ("two-stage", 224, 3)
        assert (info.batch_size, info.learning_rate) == (64, 0.03)
        assert info.epochs == (0 if name == "resnet18-imagenet" else 100)
    shared = TwoStageOptions()
    assert (shared.steps_per_epoch, shared.momentum, shared.weight_decay) == (256, 0.9, 3e-5)
    assert shared.head == (512, 128)


def test_cost_is_that_of_resnet18():
    """1.81 G multiplications with addition and 11.18 M parameters without the classifier."""
    cost = TABLE["anatpaste"].cost
    assert cost.parameters == 11_176_512
    assert round(cost.macs / 1e9, 2) == 1.81
