"""Options are refused by name and by kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from mia_ssl._engine.options import (
    check_choice,
    check_not_negative,
    check_positive,
    parse_options,
    paths_as_text,
    unknown,
)


@dataclass(frozen=True)
class Files:
    first: object = None
    second: object = None


@dataclass(frozen=True, kw_only=True)
class Record:
    slots: int = 3
    weight: float = 0.5
    foreground: bool = True
    mode: str = "image"
    bounds: tuple[float, float] = (0, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slots": 2.5}, "slots to be a whole number, got 2.5"),
        ({"slots": True}, "slots to be a whole number, got True"),
        ({"weight": "1"}, "weight to be a finite number, got '1'"),
        ({"weight": float("nan")}, "weight to be a finite number, got nan"),
        ({"weight": True}, "weight to be a finite number, got True"),
        ({"weight": 10**400}, "weight to be a finite number, got 1000"),
        ({"foreground": "false"}, "foreground to be True or False, got 'false'"),
        ({"mode": None}, "mode to be text, got None"),
        ({"wieght": 1.0}, "unknown option of ae 'wieght'; did you mean 'weight'"),
    ],
)
def test_a_value_of_another_kind_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        parse_options(Record, options, owner="ae")


def test_numbers_become_python_s_own_and_other_kinds_are_the_record_s_affair():
    options = {"slots": np.int64(2), "weight": np.float32(0.25), "bounds": [0, 2]}
    parsed = parse_options(Record, options, owner="ae")
    assert parsed == Record(slots=2, weight=0.25, bounds=[0, 2])
    assert (type(parsed.slots), type(parsed.weight)) == (int, float)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, "rate to be above 0, got 0"),
        ("fast", "rate to be above 0, got 'fast'"),
        (float("inf"), "rate to be finite, got inf"),
        pytest.param(10**400, "rate to be finite, got 1000", id="too large for a float"),
    ],
)
def test_what_is_not_above_zero_or_not_finite_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        check_positive(rate=value)


@pytest.mark.parametrize("value", [["ae"], {}, None, 1])
def test_a_choice_that_is_not_even_text_is_refused(value):
    with pytest.raises(ValueError, match=r"unknown method .* expected one of ae, vae"):
        check_choice("method", value, ("ae", "vae"))


def test_the_nearest_name_is_found_whatever_its_case():
    assert "did you mean 'VAE-kl'" in str(unknown("method", "vae-KL", ["ae", "VAE-kl"]))


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "1", None])
def test_negative_numbers_are_refused(value):
    check_not_negative(weight=0, other=2.5)
    with pytest.raises(ValueError, match=f"weight to be finite and 0 or above, got {value!r}"):
        check_not_negative(weight=value)


def test_paths_become_text():
    record = Files(Path("folder", "file"), None)
    paths_as_text(record, "first", "second")
    assert record == Files(str(Path("folder", "file")), None)
    with pytest.raises(ValueError, match="second to be a path or None, got 3"):
        paths_as_text(Files("file", 3), "first", "second")
