"""Hues turned by whole numbers: of many pictures at once, or of one picture in bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

SIXTH = 128  # steps of a sixth of the color circle
CIRCLE = 6 * SIXTH  # steps


def turn_hue(levels: Tensor, steps: Any, spread: Callable[[Any], Any], memory: Tensor) -> None:
    """Turn the hue of each pixel in place, keeping its HSV saturation and value.

    Angles are counted from cyan, opposite of red, in units of which six times a pixel's chroma make
    the circle: green is at minus one chroma, blue at one. All of it is whole numbers, for a CPU
    does twice as many of them at once; hues are turned in steps of 1/768 (Pillow: 1/256).

    Args:
        levels: int16 [3, ...], 0 to 255.
        steps: Turn of each picture's hue in steps of 1/768 turn, 0 to 767; int16 [n], or a number.
        spread: Gives each pixel its picture's value: what broadcasts to [...].
        memory: Working memory, int16 [6, ...].
    """
    red, green, blue = levels
    value, least, chroma, angle, mask, near = memory
    torch.maximum(torch.maximum(red, green, out=value), blue, out=value)
    torch.minimum(torch.minimum(red, green, out=least), blue, out=least)
    torch.sub(value, least, out=chroma)
    # The distance from cyan, negative on the side of green.
    torch.sub(red, green, out=angle).sub_(blue).add_(value).add_(chroma)
    angle.addcmul_(angle, torch.ge(green, blue, out=mask), value=-2)
    angle.add_(torch.mul(chroma, spread(steps // SIXTH), out=near))
    part = torch.mul(chroma, spread(steps % SIXTH), out=near).add_(SIXTH // 2)  # below 2 ** 15
    angle.add_(part.bitwise_right_shift_(SIXTH.bit_length() - 1))
    torch.gt(angle, torch.mul(chroma, 3, out=near), out=mask)
    angle.addcmul_(chroma, mask, value=-6)
    # Within one chroma a color has the value, from two on the least; it falls in between.
    torch.abs(angle, out=mask).add_(value).sub_(chroma, alpha=2)
    _between(mask, least, value, out=red)
    torch.add(value, chroma, out=near)
    far = torch.add(angle, chroma, out=mask).abs_()
    _between(torch.sub(near, far, out=mask), least, value, out=green)
    far = angle.sub_(chroma).abs_()
    _between(torch.sub(near, far, out=mask), least, value, out=blue)


def _between(values: Tensor, low: Tensor, high: Tensor, *, out: Tensor) -> None:
    """Clip values between two tensors, twice as fast as ``clamp``."""
    torch.minimum(torch.maximum(values, low, out=out), high, out=out)


def turn_hue_of_bytes(picture: np.ndarray, steps: int, memory: np.ndarray) -> None:
    """Turn the hue of one picture in place, to the digit as ``turn_hue``, in half the time.

    Bytes are half as long as the numbers that an angle needs, so there are no angles here. Of three
    channels in the order red, green, blue, a turn by no more than a sixth (chroma * share, here
    ``turn``) first brings red up towards blue, as far as green has not still to come down to red;
    or down towards blue, as far as green has not still to come up to red. So do green and blue,
    with the next channels round the circle. A turn the other way goes round it the other way, and a
    turn by a third exchanges the channels.

    Args:
        picture: uint8 [3, ...].
        steps: Turn in steps of 1/768 turn, 0 to 767.
        memory: Working memory, uint8 [10, ...].
    """
    thirds = round(steps / (2 * SIXTH))
    left = steps - thirds * 2 * SIXTH
    circle = (0, 1, 2) if left >= 0 else (0, 2, 1)
    if left:
        channels = [picture[number] for number in circle]
        _turn_by_a_sixth_or_less(channels, abs(left), SIXTH // 2 - (left < 0), memory)
    if thirds % 3:
        picture[...] = np.roll(picture, thirds, axis=0)


def _turn_by_a_sixth_or_less(
    channels: list[np.ndarray], steps: int, half: int, memory: np.ndarray
) -> None:
    """Turn the hue from each channel towards the next one.

    Args:
        channels: uint8, three.
        steps: 0 to ``SIXTH``.
        half: What makes cutting off round to the nearest: half a step, less one to round down.
        memory: Working memory, uint8 [10, ...].
    """
    above, below, (turn, rise, fall, _) = memory[:3], memory[3:6], memory[6:]
    for number, (channel, after) in enumerate(_pairs(channels)):
        larger = np.maximum(channel, after, out=rise)
        np.subtract(larger, after, out=above[number])
        np.subtract(larger, channel, out=below[number])
    # What a circle goes down it goes up: either is the chroma.
    chroma = np.add(above[0], above[1], out=turn)
    np.add(chroma, above[2], out=chroma)
    wide = memory[8:].reshape(-1).view(np.uint16).reshape(turn.shape)
    np.copyto(wide, chroma)
    np.multiply(wide, steps, out=wide)
    np.add(wide, half, out=wide)
    np.right_shift(wide, SIXTH.bit_length() - 1, out=wide)
    np.copyto(turn, wide, casting="unsafe")
    for number, channel in enumerate(channels):
        up = _rest(turn, below[number], out=rise)
        np.add(channel, np.minimum(up, above[number - 1], out=up), out=channel)
        down = _rest(turn, above[number], out=fall)
        np.subtract(channel, np.minimum(down, below[number - 1], out=down), out=channel)


def _pairs(channels: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each channel with the next one round the circle."""
    return [(channel, channels[number - 2]) for number, channel in enumerate(channels)]


def _rest(whole: np.ndarray, part: np.ndarray, *, out: np.ndarray) -> np.ndarray:
    """Return what is left of the whole without the part, 0 where that is larger."""
    return np.subtract(np.maximum(whole, part, out=out), part, out=out)
