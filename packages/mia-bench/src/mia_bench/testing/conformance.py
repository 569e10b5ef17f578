"""All rules of a detector: a test for each, or all of them in one call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import SkipTest

from mia_bench.errors import unknown_name
from mia_bench.testing.case import Case
from mia_bench.testing.optional_rules import OPTIONAL_RULES
from mia_bench.testing.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mia_bench.detectors.protocol import Detector

    Rule = Callable[[Case], None]

ALL_RULES: dict[str, Rule] = {rule.__name__: rule for rule in (*RULES, *OPTIONAL_RULES)}


def parametrize_with_rules(
    build: Callable[[], Detector],
    *,
    channels: int = 1,
    image_size: int = 64,
    epochs: int = 1,
    trains: bool = True,
    expected_failures: Mapping[str, str] | None = None,
) -> Any:
    """Decorate a pytest function so that it runs once for each rule.

    The function has one parameter, ``rule``, and calls it. A rule of an optional part that the
    detector does not have is skipped.

    Args:
        build: Makes a new, untrained detector for images of this size.
        channels: 1 or 3.
        image_size: Side of the images in pixels.
        epochs: Epochs of each training.
        trains: False for a detector whose ``fit`` draws nothing at random.
        expected_failures: Rule -> reason why the detector does not keep it.

    Raises:
        ValueError: An expected failure of a rule that does not exist.
    """
    import pytest

    params = rules(
        build,
        channels=channels,
        image_size=image_size,
        epochs=epochs,
        trains=trains,
        expected_failures=expected_failures,
    )
    return pytest.mark.parametrize("rule", params)


def rules(
    build: Callable[[], Detector],
    *,
    channels: int = 1,
    image_size: int = 64,
    epochs: int = 1,
    trains: bool = True,
    expected_failures: Mapping[str, str] | None = None,
) -> list[Any]:
    """Return a ``pytest.param`` for each rule, with its name as the id.

    Its value is a function without arguments that raises AssertionError where the rule is not kept.
    For the arguments and errors see ``parametrize_with_rules``.
    """
    import pytest

    case = Case.draw(build, channels=channels, image_size=image_size, epochs=epochs, trains=trains)
    expected = _checked(expected_failures)
    return [
        pytest.param(
            partial(rule, case),
            id=name,
            marks=[pytest.mark.xfail(reason=expected[name], strict=True)]
            if name in expected
            else [],
        )
        for name, rule in ALL_RULES.items()
    ]


def check_detector(
    build: Callable[[], Detector],
    *,
    channels: int = 1,
    image_size: int = 64,
    epochs: int = 1,
    trains: bool = True,
    expected_failures: Mapping[str, str] | None = None,
) -> None:
    """Check all rules on small drawn images and report all that are not kept.

    Every rule trains a detector or two, so give it a small one. For the arguments see
    ``parametrize_with_rules``, which gives each rule a test of its own.

    Raises:
        AssertionError: Rules that are not kept, or are kept against expectation, a line each.
        ValueError: An expected failure of a rule that does not exist.
    """
    case = Case.draw(build, channels=channels, image_size=image_size, epochs=epochs, trains=trains)
    expected = _checked(expected_failures)
    failures: list[str] = []
    cause: Exception | None = None
    for name, rule in ALL_RULES.items():
        error = _broken(rule, case)
        if error is not None and name not in expected:
            failures.append(f"{name}: {_in_words(error)}")
            cause = cause or error
        elif error is None and name in expected:
            failures.append(f"{name}: is kept, and was expected to fail: {expected[name]}")
    if failures:
        msg = f"{len(failures)} of {len(ALL_RULES)} rules:\n" + "\n".join(failures)
        raise AssertionError(msg) from cause


def _broken(rule: Rule, case: Case) -> Exception | None:
    """Return the error of a rule that is not kept."""
    try:
        rule(case)
    except SkipTest:
        return None
    except Exception as error:  # whatever a detector raises
        return error
    return None


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"


def _checked(expected: Mapping[str, str] | None) -> dict[str, str]:
    for name in expected or ():
        if name not in ALL_RULES:
            raise unknown_name("rule", name, ALL_RULES)
    return dict(expected or {})
