"""PNG, BMP, JPEG and TIFF files of every depth, order and mode, against the pixels in them."""

from __future__ import annotations

import itertools
import struct
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tifffile
from mia_data import DataError, decode_files
from outcome import Outcome, compare
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEIGHT, WIDTH = 37, 53
_TIFF_KINDS = ("u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8")


def outcomes() -> Iterator[Outcome]:
    """Read each combination of format, depth, order and mode."""
    yield from _tiff_gray()
    yield from _tiff_color()
    yield from _tiff_packed()
    yield from _tiff_of_pillow()
    yield from _png()
    yield from _bmp_and_jpeg()


def values(kind: str, shape: tuple[int, ...] = (HEIGHT, WIDTH)) -> np.ndarray:
    """Return random values over nearly all of a type's range."""
    dtype = np.dtype(kind)
    unit = np.random.default_rng(7).random(shape)
    if dtype.kind == "f":
        return (unit * 2000 - 700).astype(dtype)
    info = np.iinfo(dtype)
    return (info.min + unit * (float(info.max) - info.min)).astype(dtype)


def read(path: Path, channels: int) -> np.ndarray:
    """Return the image of a file as the command line reads it, (H, W) or (H, W, 3)."""
    found = next(decode_files(path.parent, [path.name], size=8, channels=channels)).original
    return found[0] if channels == 1 else found.transpose(1, 2, 0)


def shown(array: np.ndarray) -> np.ndarray:
    """Return deep values between their percentiles as 0 to 255; 8-bit ones as they are."""
    if array.dtype == np.uint8:
        return array.astype(float)
    values = array.astype(np.float64)
    low, high = np.percentile(values, (0.5, 99.5))
    return np.clip((values - low) / (high - low) * 255, 0, 255)


def outcome(
    group: str,
    name: str,
    suffix: str,
    write: Callable[[Path], object],
    expected: Callable[[Path], np.ndarray],
    tolerance: float = 0.51,
) -> Outcome:
    """Write a file, read it, and compare it with what it holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"x{suffix}")
        write(path)
        right = expected(path)
        try:
            found = read(path, 1 if right.ndim == 2 else 3)
        except DataError as error:
            return Outcome(group, name, refusal=str(error).replace(str(path), path.name))
        return compare(group, name, [found], [right], tolerance)


def _tiff_gray() -> Iterator[Outcome]:
    for kind, order, packed, tile, photometric in itertools.product(
        _TIFF_KINDS, "<>", (None, "deflate"), (None, (16, 16)), ("minisblack", "miniswhite")
    ):
        name = f"{kind} {order} {packed or 'plain'} {'tiles' if tile else 'strips'} {photometric}"
        options = {"compression": packed, "tile": tile, "photometric": photometric}

        def expected(path: Path, photometric: str = photometric) -> np.ndarray:
            array = tifffile.imread(path)
            if photometric == "miniswhite" and array.dtype.kind == "u":
                array = np.iinfo(array.dtype).max - array
            elif photometric == "miniswhite":
                array = -1.0 - array.astype(np.float64)
            return shown(array.astype(array.dtype.newbyteorder("=")))

        def write(
            path: Path, kind: str = kind, order: str = order, options: dict = options
        ) -> None:
            tifffile.imwrite(path, values(kind), byteorder=order, **options)

        yield outcome("TIFF, gray", name, ".tif", write, expected)


def _tiff_color() -> Iterator[Outcome]:
    for kind, order, packed, alpha, planar in itertools.product(
        ("u1", "u2", "u4", "f4"),
        "<>",
        (None, "deflate"),
        (None, "unassalpha", "assocalpha"),
        ("contig", "separate"),
    ):
        channels = 3 if alpha is None else 4
        name = f"{kind} {order} {packed or 'plain'} {alpha or 'no alpha'} {planar}"
        options = {
            "compression": packed,
            "planarconfig": planar,
            "photometric": "rgb",
            "extrasamples": None if alpha is None else [alpha],
        }

        def write(
            path: Path,
            kind: str = kind,
            order: str = order,
            options: dict = options,
            channels: int = channels,
        ) -> None:
            array = values(kind, (HEIGHT, WIDTH, channels))
            if options["extrasamples"] == ["assocalpha"]:
                array[..., 3] = np.iinfo(kind).max if kind[0] == "u" else 1
            if options["planarconfig"] == "separate":
                array = np.moveaxis(array, -1, 0)
            tifffile.imwrite(path, array, byteorder=order, **options)

        def expected(path: Path, options: dict = options) -> np.ndarray:
            array = tifffile.imread(path)
            if options["planarconfig"] == "separate":
                array = np.moveaxis(array, 0, -1)
            array = array.astype(array.dtype.newbyteorder("="))
            return shown(array[..., :3])

        yield outcome("TIFF, color", name, ".tif", write, expected)


def _tiff_packed() -> Iterator[Outcome]:
    """Gray levels and palettes of 1 to 8 bits, packed into bytes, in both orders of bits."""
    for bits, photometric, order, fill in itertools.product((1, 2, 4, 8), (0, 1, 3), "<>", (1, 2)):
        rng = np.random.default_rng(bits)
        numbers = rng.integers(0, 1 << bits, (HEIGHT, WIDTH))
        palette = rng.integers(0, 256, (1 << bits, 3))
        top = (1 << bits) - 1
        right = {0: (top - numbers) * 255 / top, 1: numbers * 255 / top, 3: palette[numbers]}
        data = _tiff_bytes(numbers, bits, photometric, order, fill, palette)
        kind = ("white is zero", "black is zero", "", "palette")[photometric]
        yield outcome(
            "TIFF, packed",
            f"{bits} bits {kind} {order} fill order {fill}",
            ".tif",
            lambda path, data=data: path.write_bytes(data),
            lambda _, right=right[photometric]: right,
        )


def _tiff_bytes(
    numbers: np.ndarray, bits: int, photometric: int, order: str, fill: int, palette: np.ndarray
) -> bytes:
    ones = (numbers[..., None] >> np.arange(bits)[::-1]) & 1
    rows = np.packbits(ones.reshape(HEIGHT, -1).astype(np.uint8), axis=1)
    if fill == 2:  # the first pixel is in the lowest bits of a byte
        rows = np.packbits(np.unpackbits(rows[..., None], axis=2)[..., ::-1], axis=2)[..., 0]
    # Number, type (3 short, 4 long), count, value.
    tags = [(256, 3, 1, WIDTH), (257, 3, 1, HEIGHT), (258, 3, 1, bits), (259, 3, 1, 1)]
    tags += [(262, 3, 1, photometric), (266, 3, 1, fill), (273, 4, 1, 0), (277, 3, 1, 1)]
    tags += [(278, 3, 1, HEIGHT), (279, 4, 1, rows.size)]
    tags += [(320, 3, palette.size, 0)] if photometric == 3 else []
    start = 8 + 2 + 12 * len(tags) + 4
    values = {273: start, 320: start + rows.size}
    entries = b"".join(
        struct.pack(f"{order}HHI", tag, kind, count)
        + (
            struct.pack(f"{order}I", values[tag])
            if tag in values
            else struct.pack(f"{order}H2x" if kind == 3 else f"{order}I", value)
        )
        for tag, kind, count, value in tags
    )
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    directory = struct.pack(f"{order}H", len(tags)) + entries + bytes(4)
    colors = (palette.T * 257).astype(f"{order}u2").tobytes() if photometric == 3 else b""
    return head + directory + rows.tobytes() + colors


def _tiff_of_pillow() -> Iterator[Outcome]:
    """Files that Pillow writes: compressions that tifffile does not have by itself, and modes."""
    for mode, packed in itertools.product(
        ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"),
        ("raw", "tiff_lzw", "packbits", "tiff_adobe_deflate"),
    ):
        if mode == "1" and packed == "raw":
            continue  # the same as the bilevel files below
        image, right = _of_mode(mode)

        def write(path: Path, image: Image.Image = image, packed: str = packed) -> None:
            image.save(path, compression=packed)

        def expected(_: Path, right: np.ndarray = right) -> np.ndarray:
            return right

        yield outcome("TIFF of Pillow", f"{mode} {packed}", ".tif", write, expected)
    for packed in ("group3", "group4", "raw"):
        image, right = _of_mode("1")
        yield outcome(
            "TIFF of Pillow",
            f"bilevel {packed}",
            ".tif",
            lambda path, image=image, packed=packed: image.save(path, compression=packed),
            lambda _, right=right: right,
        )


def _of_mode(mode: str) -> tuple[Image.Image, np.ndarray]:
    """Return an image of a mode of Pillow, and its pixels as 8-bit gray or RGB by the manual."""
    if mode == "1":
        bits = values("u1") > 99
        return Image.fromarray(bits), bits * 255.0
    if mode in ("I;16", "I", "F"):
        deep = values({"I;16": "u2", "I": "i4", "F": "f4"}[mode])
        return Image.fromarray(deep), shown(deep)
    if mode == "P":
        palette = values("u1", (256, 3))
        numbers = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
        image = Image.fromarray(numbers, "L").convert("P")
        image.putdata(numbers.ravel())
        image.putpalette(palette.tobytes())
        return image, palette[numbers].astype(float)
    if mode == "CMYK":
        ink = values("u1", (HEIGHT, WIDTH, 4))
        cyan_to_yellow, black = ink[..., :3].astype(float), ink[..., 3:].astype(float)
        return Image.fromarray(ink, "CMYK"), (255 - cyan_to_yellow) * (255 - black) / 255
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}[mode]
    pixels = values("u1", (HEIGHT, WIDTH, channels)[: 2 + (channels > 1)])
    right = pixels[..., 0] if mode == "LA" else pixels[..., :3] if channels >= 3 else pixels
    return Image.fromarray(pixels, mode), right.astype(float)


# PNG's color types, and the depths that each may have.
_PNG = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def _png() -> Iterator[Outcome]:
    for color, depths in _PNG.items():
        for bits, transparent, interlaced in itertools.product(depths, (False, True), (0, 1)):
            if transparent and color in (4, 6):
                continue  # these have alpha of their own
            count = _PNG_CHANNELS[color]
            rng = np.random.default_rng(bits)
            samples = rng.integers(0, 1 << bits, (HEIGHT, WIDTH, count))
            palette = rng.integers(0, 256, (1 << min(bits, 8), 3), dtype=np.uint8)
            data = _png_bytes(samples, color, bits, palette, transparent, interlaced)
            name = f"color type {color}, {bits} bits"
            name += ", transparent color" * transparent + ", interlaced" * interlaced
            right = _png_pixels(samples, color, bits, palette)
            yield outcome(
                "PNG",
                name,
                ".png",
                lambda path, data=data: path.write_bytes(data),
                lambda _, right=right: right,
            )


def _png_pixels(samples: np.ndarray, color: int, bits: int, palette: np.ndarray) -> np.ndarray:
    if color == 3:
        return palette[samples[..., 0]].astype(float)
    plain = samples[..., 0] if color in (0, 4) else samples[..., :3]
    if bits == 16:
        return shown(plain.astype(np.uint16))
    return plain * 255 / ((1 << bits) - 1)


def _png_bytes(
    samples: np.ndarray,
    color: int,
    bits: int,
    palette: np.ndarray,
    transparent: bool,
    interlaced: int,
) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    starts = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2))
    passes = [*starts, (1, 0, 2, 1)] if interlaced else [(0, 0, 1, 1)]
    rows = b"".join(
        b"\0" + _packed(row, bits)
        for top, left, down, across in passes
        for row in samples[top::down, left::across]
        if row.size
    )
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, color, 0, 0, interlaced)
    chunks = [(b"IHDR", header)]
    if color == 3:
        chunks.append((b"PLTE", palette.tobytes()))
    if transparent:
        first = samples[0, 0].astype(">u2").tobytes()
        chunks.append((b"tRNS", b"\0\x80" if color == 3 else first))
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def _packed(row: np.ndarray, bits: int) -> bytes:
    flat = row.reshape(-1)
    if bits == 16:
        return flat.astype(">u2").tobytes()
    if bits == 8:
        return flat.astype(np.uint8).tobytes()
    ones = (flat[:, None] >> np.arange(bits)[::-1]) & 1
    return np.packbits(ones.astype(np.uint8).ravel()).tobytes()


def _bmp_and_jpeg() -> Iterator[Outcome]:
    for bits, gray in itertools.product((1, 4, 8), (False, True)):
        rng = np.random.default_rng(bits)
        for count in {2, 1 << bits}:
            numbers = rng.integers(0, count, (HEIGHT, WIDTH))
            # Pillow drops palettes that are those of its gray modes.
            levels = np.array([0, 255]) if count == 2 else np.arange(count)
            palette = np.stack([levels] * 3, axis=1) if gray else rng.integers(0, 256, (count, 3))
            data = _bmp_bytes(numbers, bits, palette)
            yield outcome(
                "BMP",
                f"{bits} bits, {'gray ' * gray}palette of {count}",
                ".bmp",
                lambda path, data=data: path.write_bytes(data),
                lambda _, right=palette[numbers]: right,
            )
    for mode in ("1", "L", "P", "RGB"):
        image, right = _of_mode(mode)
        yield outcome(
            "BMP",
            mode,
            ".bmp",
            lambda path, image=image: image.save(path),
            lambda _, right=right: right,
        )
    # A smooth image, which JPEG keeps to a few gray levels.
    ramp = np.add.outer(np.arange(64), np.arange(96)).astype(np.uint8)
    for mode, progressive, sampling in itertools.product(
        ("L", "RGB", "CMYK"), (False, True), (0, 2)
    ):
        channels = {"L": 1, "RGB": 3, "CMYK": 4}[mode]
        pixels = ramp if mode == "L" else np.stack([ramp] * channels, axis=-1)
        image = Image.fromarray(pixels, mode)
        right = ramp.astype(float) if mode == "L" else pixels[..., :3].astype(float)
        if mode == "CMYK":
            right = (255 - right) * (255 - ramp[..., None]) / 255
        options = {"quality": 95, "progressive": progressive, "subsampling": sampling}
        yield outcome(
            "JPEG",
            f"{mode} {'progressive' if progressive else 'baseline'} sampling {sampling}",
            ".jpg",
            lambda path, image=image, options=options: image.save(path, **options),
            lambda _, right=right: right,
            tolerance=6,
        )


def _bmp_bytes(numbers: np.ndarray, bits: int, palette: np.ndarray) -> bytes:
    ones = (numbers[::-1, :, None] >> np.arange(bits)[::-1]) & 1
    rows = np.packbits(ones.reshape(HEIGHT, -1).astype(np.uint8), axis=1)
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
    colors = np.pad(palette[:, ::-1], ((0, 0), (0, 1))).astype(np.uint8).tobytes()
    start = 14 + 40 + len(colors)
    head = b"BM" + struct.pack("<IHHI", start + rows.size, 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, bits, 0, 0, 0, 0, len(palette), 0)
    return head + info + colors + rows.tobytes()
