"""Masks of every mode: any pixel that is not black is abnormal, whatever the file calls it."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tifffile
from mia_data import DataError, from_folder
from outcome import Outcome, compare
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_GROUP = "masks"
_SIDE = 32
_MARKED = np.zeros((_SIDE, _SIDE), bool)
_MARKED[9:19, 5:15] = True


def outcomes() -> Iterator[Outcome]:
    """Read a mask of 100 pixels in each mode, with the faintest and the strongest mark."""
    for name, suffix, write in _masks():
        yield _outcome(name, suffix, write)


def _outcome(name: str, suffix: str, write: Callable[[Path], object]) -> Outcome:
    gray = Image.fromarray(np.tile(np.arange(_SIDE, dtype=np.uint8) * 8, (_SIDE, 1)))
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        for inner in ("test/normal", "test/ill", "masks/ill"):
            (folder / inner).mkdir(parents=True)
        gray.save(folder / "test/normal/n.png")
        gray.rotate(90).save(folder / "test/ill/i.png")
        mask = folder / f"masks/ill/i{suffix}"
        write(mask)
        try:
            loaded = from_folder(folder, "test", size=_SIDE, cache_dir=folder / "cache")
        except DataError as error:
            return Outcome(_GROUP, name, refusal=str(error).replace(f"{folder}/", ""))
        assert loaded.masks is not None
        return compare(_GROUP, name, [np.array(loaded.masks[1])], [_MARKED], tolerance=0)


def _masks() -> Iterator[tuple[str, str, Callable[[Path], object]]]:
    for suffix, value in itertools.product((".png", ".tif", ".bmp"), (1, 2, 128, 255)):
        image = Image.fromarray(_MARKED * np.uint8(value))
        yield f"gray {value} {suffix}", suffix, image.save
    for suffix in (".png", ".tif", ".bmp"):
        yield f"1 bit {suffix}", suffix, Image.fromarray(_MARKED).save
    for suffix, color in itertools.product(
        (".png", ".tif", ".bmp"), ((0, 0, 1), (1, 0, 0), (0, 4, 0), (255, 255, 255))
    ):
        yield f"RGB {color} {suffix}", suffix, _filled(color, "RGB").save
        yield f"palette {color} {suffix}", suffix, _palette(color).save
    for suffix, mode in itertools.product((".png", ".tif"), ("LA", "RGBA")):
        channels = len(mode) - 1
        black, white = (0,) * channels, (255,) * channels
        yield f"{mode} black on transparent {suffix}", suffix, _filled((*black, 255), mode).save
        inverted = np.full((_SIDE, _SIDE, channels + 1), 255, np.uint8)
        inverted[..., -1] = _MARKED * 255
        yield f"{mode} alpha marks {suffix}", suffix, Image.fromarray(inverted, mode).save
        opaque = np.zeros((_SIDE, _SIDE, channels + 1), np.uint8)
        opaque[..., -1] = 255
        opaque[_MARKED] = (*white, 255)
        yield f"{mode} opaque {suffix}", suffix, Image.fromarray(opaque, mode).save
    for kind, order, packed in itertools.product(
        ("u2", "i2", "u4", "i4", "f4"), "<>", (None, "deflate")
    ):
        for value in (1, 200):
            array = (_MARKED * value).astype(kind)
            if kind == "f4":
                array = np.where(_MARKED, value / 1000, -1).astype(kind)

            def write(
                path: Path, array: np.ndarray = array, order: str = order, packed: str = packed
            ) -> None:
                tifffile.imwrite(path, array, byteorder=order, compression=packed)

            yield f"TIFF {kind} {order} {packed or 'plain'} {value}", ".tif", write
    jpeg = Image.fromarray(_MARKED * np.uint8(255))
    yield "JPEG", ".jpg", lambda path: jpeg.save(path, quality=95)


def _filled(color: tuple[int, ...], mode: str) -> Image.Image:
    pixels = np.zeros((_SIDE, _SIDE, len(color)), np.uint8)
    pixels[_MARKED] = color
    return Image.fromarray(pixels, mode)


def _palette(color: tuple[int, ...]) -> Image.Image:
    image = Image.fromarray(_MARKED.astype(np.uint8)).convert("P")
    image.putdata(_MARKED.astype(np.uint8).ravel())
    image.putpalette([0, 0, 0, *color])
    return image
