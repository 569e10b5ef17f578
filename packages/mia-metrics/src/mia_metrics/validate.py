"""Checks of all input: labels, masks, scores, maps and options.

Public functions check their arguments here, once; what they call trusts the arrays it gets.
"""

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[Any]  # float32 or float64

_AXES = {1: "(N,)", 3: "(N, H, W)"}


class Pair(NamedTuple):
    """Checked labels or masks, and the scores or maps of the same shape."""

    truth: Bools
    scores: Floats


def as_array(name: str, value: ArrayLike, ndim: int | None) -> NDArray[Any]:
    """Return `value` as a non-empty numeric array.

    Args:
        name: name of the argument, for the error message.
        value: what the caller passed.
        ndim: number of dimensions; None allows any number.

    Raises:
        ValueError: `value` is masked, ragged, empty, not numeric, or has other dimensions.
    """
    if isinstance(value, np.ma.MaskedArray):
        msg = f"expected {name} to be a plain array, got a masked array: fill its gaps first"
        raise ValueError(msg)
    try:
        array = np.asarray(value)
    except ValueError as error:
        msg = f"expected {name} to be a rectangular array of numbers, got rows of different lengths"
        raise ValueError(msg) from error
    if array.dtype.kind not in "buif":
        msg = f"expected {name} to be an array of numbers, got dtype {array.dtype}"
        raise ValueError(msg)
    if ndim is not None and array.ndim != ndim:
        msg = f"expected {name} of shape {_AXES[ndim]}, got shape {array.shape}"
        raise ValueError(msg)
    if array.size == 0:
        msg = f"expected {name} to contain at least one value, got shape {array.shape}"
        raise ValueError(msg)
    return array


def as_scores(name: str, value: ArrayLike, ndim: int | None) -> Floats:
    """Return finite scores as float32 or float64, whichever represents every value exactly.

    float16 and integers of up to 16 bits become float32, other integers float64.

    Args:
        name: name of the argument, for the error message.
        value: what the caller passed.
        ndim: number of dimensions; None allows any number.

    Raises:
        ValueError: as `as_array`; NaN or infinity; integers too large for float64 to tell apart;
            floats wider than 64 bits.
    """
    array = as_array(name, value, ndim)
    low, high = array.min(), array.max()  # both propagate NaN, and neither needs a temporary
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = "NaN" if np.isnan(low) else f"{low if np.isinf(low) else high}"
        msg = f"expected {name} to be finite, got {bad} among its {array.size} values"
        raise ValueError(msg)
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and max(-int(low), int(high)) > 2**53:
        msg = f"expected integer {name} within +-2**53 (exact in float64), got {low} to {high}"
        raise ValueError(msg)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        msg = f"expected {name} to be float64 or narrower, got dtype {array.dtype}"
        raise ValueError(msg)
    narrow = array.dtype.itemsize <= (4 if array.dtype.kind == "f" else 2)
    return array.astype(np.float32 if narrow else np.float64, copy=False)


def as_binary(name: str, value: ArrayLike, ndim: int) -> Bools:
    """Return labels or masks as booleans; 0/1, 0/255 and booleans are accepted.

    Args:
        name: name of the argument, for the error message.
        value: what the caller passed.
        ndim: number of dimensions.

    Raises:
        ValueError: as `as_array`; values other than these.
    """
    array = as_array(name, value, ndim)
    if array.dtype == np.bool_:
        return array
    top = array.max()
    positive = array == top if top in (1, 255) else np.zeros(array.shape, np.bool_)
    if np.count_nonzero(array) != np.count_nonzero(positive):
        seen = np.unique(array)
        shown = ", ".join(f"{v:g}" for v in seen[:5]) + (", ..." if seen.size > 5 else "")
        msg = f"expected {name} to contain only 0 and 1 (or 0 and 255), got values {shown}"
        raise ValueError(msg)
    return positive


def as_float32(name: str, scores: Floats) -> NDArray[np.float32]:
    """Return checked scores rounded to float32.

    Raises:
        ValueError: a score is beyond the range of float32.
    """
    largest = float(np.finfo(np.float32).max)
    if max(abs(float(scores.min())), abs(float(scores.max()))) > largest:
        msg = f"expected {name} within the range of float32, got {scores.min()} to {scores.max()}"
        raise ValueError(msg)
    return scores.astype(np.float32, copy=False)


def same_shape(name_a: str, a: NDArray[Any], name_b: str, b: NDArray[Any]) -> None:
    """Raise ValueError unless both arrays have the same shape."""
    if a.shape != b.shape:
        msg = f"expected {name_a} and {name_b} of the same shape, got {a.shape} and {b.shape}"
        raise ValueError(msg)


def both_classes(name: str, truth: Bools) -> None:
    """Raise ValueError unless `truth` has at least one normal (0) and one abnormal (1) entry."""
    positives = int(np.count_nonzero(truth))
    if positives in (0, truth.size):
        only = f"only {int(positives > 0)} ({truth.size} values)"
        msg = f"expected {name} to contain both classes, 0 and 1, got {only}"
        raise ValueError(msg)


def image_pair(
    labels: ArrayLike, scores: ArrayLike, *, names: tuple[str, str] = ("labels", "scores")
) -> Pair:
    """Check labels (N,) and scores (N,) of the same images, with both classes present."""
    pair = Pair(as_binary(names[0], labels, 1), as_scores(names[1], scores, 1))
    same_shape(names[0], pair.truth, names[1], pair.scores)
    both_classes(names[0], pair.truth)
    return pair


def pixel_pair(masks: ArrayLike, maps: ArrayLike) -> Pair:
    """Check masks and maps (N, H, W) of the same images, with both classes of pixels present."""
    pair = Pair(as_binary("masks", masks, 3), as_scores("maps", maps, 3))
    same_shape("masks", pair.truth, "maps", pair.scores)
    both_classes("masks", pair.truth)
    return pair


def number(name: str, value: float) -> float:
    """Return `value` as a float, or raise ValueError if it is NaN or not a number."""
    found = _as_float(value)
    if math.isnan(found):
        msg = f"expected {name} to be a number, got {value!r}"
        raise ValueError(msg)
    return found


def share(name: str, value: float, *, closed: bool = True) -> float:
    """Return `value` as a float if it is in [0, 1], or in (0, 1) if not `closed`."""
    found = _as_float(value)
    inside = 0.0 <= found <= 1.0 if closed else 0.0 < found < 1.0
    if not inside:
        msg = f"expected {name} in {'[0, 1]' if closed else '(0, 1)'}, got {value!r}"
        raise ValueError(msg)
    return found


def positive_share(name: str, value: float) -> float:
    """Return `value` as a float if it is in (0, 1]."""
    found = _as_float(value)
    if not 0.0 < found <= 1.0:
        msg = f"expected {name} in (0, 1], got {value!r}"
        raise ValueError(msg)
    return found


def _as_float(value: float) -> float:
    """Return `value` as a float; NaN, which fails every comparison, if it is not a number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def named(name: str, value: object, what: str, least: int = 1) -> None:
    """Raise ValueError unless `value` is a mapping with at least `least` entries.

    Args:
        name: name of the argument, for the error message.
        value: what the caller passed.
        what: what an entry is, in the singular.
        least: smallest number of entries.
    """
    if not isinstance(value, Mapping):
        msg = f"expected {name} to be a mapping by {what} name, got {type(value).__name__}"
        raise ValueError(msg)
    if len(value) < least:
        msg = f"expected {name} of at least {least} {what}{'s'[: least - 1]}, got {len(value)}"
        raise ValueError(msg)


def at_least(name: str, value: int, smallest: int) -> int:
    """Return `value` if it is a whole number of at least `smallest`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < smallest:
        msg = f"expected {name} to be a whole number of at least {smallest}, got {value!r}"
        raise ValueError(msg)
    return int(value)


def one_of(name: str, value: str, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of `allowed`; the error lists them all and the nearest one."""
    choices = list(allowed)
    if value in choices:
        return value
    near = difflib.get_close_matches(str(value), choices, n=1)
    hint = f" (nearest: {near[0]!r})" if near else ""
    msg = f"expected {name} to be one of {', '.join(map(repr, choices))}, got {value!r}{hint}"
    raise ValueError(msg)
