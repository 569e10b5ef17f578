"""Gray TIFFs of every kind of value, byte order and compression, against tifffile."""

from itertools import product

import numpy as np
import pytest
import tifffile
from mia_data.decode.intensity import to_uint8
from mia_data.decode.pillow import deep_values, open_image, read_image
from mia_data.errors import DataError

KINDS = [
    f"{kind}, {order}, {compression}, {tile}"
    for kind, order, compression, tile in product(
        ("u1", "i1", "u2", "i2", "u4", "i4", "f4"),
        ("<", ">"),
        ("plain", "deflate", "predicted"),
        ("strips", "tiles"),
    )
    # tifffile writes these with another package only.
    if (kind, compression) != ("f4", "predicted")
]


def _write(path, values, order, compression="plain", tile="strips", **options):
    tifffile.imwrite(
        path,
        values,
        byteorder=order,
        compression=None if compression == "plain" else "deflate",
        predictor=compression == "predicted" or None,
        tile=(16, 16) if tile == "tiles" else None,
        **options,
    )
    return path


def _values(rng, dtype):
    if dtype[0] == "f":
        return rng.normal(0, 1000, (20, 24)).astype(dtype)
    return np.frombuffer(rng.bytes(20 * 24 * np.dtype(dtype).itemsize), dtype).reshape(20, 24)


def _read(path):
    image = open_image(path)
    values = deep_values(image, path)
    return np.asarray(image) if values is None else values


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_is_what_tifffile_reads_or_the_file_is_refused(tmp_path, rng, kind):
    dtype, order, compression, tile = kind.split(", ")
    values = _values(rng, dtype)
    path = _write(tmp_path / "x.tif", values, order, compression, tile, photometric="minisblack")
    if (dtype, order) == ("u4", ">"):
        with pytest.raises(DataError, match=r"x\.tif is not a TIFF of a known kind"):
            open_image(path)
        return
    np.testing.assert_array_equal(_read(path), values)
    np.testing.assert_array_equal(_read(path), tifffile.imread(path))
    if dtype != "u1":
        np.testing.assert_array_equal(read_image(path, "L", None), to_uint8(values, None))


@pytest.mark.parametrize("compression", ["plain", "deflate"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4"])
def test_where_white_is_zero_white_becomes_high_or_the_file_is_refused(
    tmp_path, rng, dtype, order, compression
):
    values = _values(rng, dtype)
    path = _write(tmp_path / "x.tif", values, order, compression, photometric="miniswhite")
    if dtype == "u1" or (dtype, order) == ("u2", "<"):
        np.testing.assert_array_equal(_read(path), np.iinfo(dtype).max - values)
    else:
        with pytest.raises(DataError, match=r"x\.tif (is not a TIFF of|holds signed or fl)"):
            _read(path)


@pytest.mark.parametrize("dtype", ["f2", "f8", "u8", "c8"])
def test_other_values_are_refused(tmp_path, rng, dtype):
    path = _write(tmp_path / "x.tif", np.ones((9, 9), dtype), "<")
    with pytest.raises(DataError, match=r"x\.tif is not a TIFF of a known kind"):
        _read(path)
