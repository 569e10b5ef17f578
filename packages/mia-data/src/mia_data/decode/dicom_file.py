"""Opening of DICOM files, with the extra ``dicom`` (pydicom).

What a file takes when it is decompressed is bounded before it is decompressed.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mia_data.decode.dicom_bounds import check_codestream, check_inflated, check_rle
from mia_data.errors import DataError, MissingExtraError
from mia_data.files import open_file, read_image_bytes
from mia_data.limits import max_pixels

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_PREFIX = 132  # the preamble, and DICM
_PREFERRED = "pillow"
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


@dataclass(frozen=True, eq=False)
class DicomFile:
    """An open DICOM file that holds pixels.

    Attributes:
        path: The file.
        dataset: pydicom's.
        frames: The number of its frames.
    """

    path: str
    dataset: Any
    frames: int

    @property
    def is_little_endian(self) -> bool:
        """Tell the byte order of its words."""
        return bool(self.dataset.original_encoding[1])

    def pixels(self, number: int) -> NDArray[Any]:
        """Decode a frame: (H, W) as it is stored, or (H, W, 3) of RGB.

        Raises:
            MissingExtraError: There is no decoder for the file's compression.
            Exception: What pydicom raises for data that it cannot decode.
        """
        from pydicom.pixels.decoders.base import get_decoder
        from pydicom.pixels.utils import pixel_array

        syntax = self.dataset.file_meta.TransferSyntaxUID
        decoder = get_decoder(syntax)
        if not decoder.is_available:
            msg = (
                f"{self.path} is compressed as {syntax.name}, which needs a decoder: "
                "pip install 'mia-data[dicom]'"
            )
            raise MissingExtraError(msg)
        if not syntax.is_encapsulated:
            return pixel_array(self.dataset, index=number)
        self._check_size(self.encoded(number))
        # Pillow comes first, so that pixels do not depend on what other decoders there are.
        if _PREFERRED in decoder.available_plugins:
            with suppress(RuntimeError):
                return pixel_array(self.dataset, index=number, decoding_plugin=_PREFERRED)
        return pixel_array(self.dataset, index=number)

    @property
    def is_baseline_jpeg(self) -> bool:
        """Tell whether frames are JPEG data of 8 bits."""
        from pydicom.uid import JPEGBaseline8Bit

        return bool(self.dataset.file_meta.TransferSyntaxUID == JPEGBaseline8Bit)

    def encoded(self, number: int) -> bytes:
        """Return the data of a frame of a compressed file as they are."""
        from pydicom.encaps import get_frame

        return get_frame(self.dataset.PixelData, number, number_of_frames=self.frames)

    def _check_size(self, data: bytes) -> None:
        from pydicom.uid import RLELossless

        rows, columns = int(self.dataset.Rows), int(self.dataset.Columns)
        if self.dataset.file_meta.TransferSyntaxUID == RLELossless:
            check_rle(self.path, data, rows * columns)
        else:
            check_codestream(self.path, data, rows, columns)


def open_dicom(path: Path | str) -> DicomFile:
    """Open a DICOM file of one or more frames.

    A file without the preamble is read by what its first elements look like.

    Raises:
        MissingExtraError: pydicom is not installed.
        DataError: It is not DICOM, has no pixels or too many, or takes more than 1 GiB.
        Exception: What pydicom raises for a file that it cannot read.
    """
    dataset = _read(path, stop_before_pixels=False)
    _check_pixels(path, dataset)
    return DicomFile(str(path), dataset, _frames(path, dataset))


def read_header(path: Path | str) -> Any:
    """Read what comes before the pixels; errors as in ``open_dicom``."""
    return _read(path, stop_before_pixels=True)


def frame_count(path: Path | str) -> int:
    """Return the number of frames of a DICOM file, from its header; errors as in ``open_dicom``."""
    return _frames(path, read_header(path))


def _read(path: Path | str, *, stop_before_pixels: bool) -> Any:
    try:
        import pydicom
    except ImportError as error:
        msg = f"{path} is a DICOM file, which needs pydicom: pip install 'mia-data[dicom]'"
        raise MissingExtraError(msg) from error
    with open_file(path) as file:
        has_prefix = file.read(_PREFIX)[_PREFIX - 4 :] == b"DICM"
        file.seek(0)
        if has_prefix:
            check_inflated(path, file)
        stream = file if stop_before_pixels else io.BytesIO(read_image_bytes(path))
        dataset: Any = pydicom.dcmread(
            stream, force=not has_prefix, stop_before_pixels=stop_before_pixels
        )
    if not has_prefix and "SOPClassUID" not in dataset and "Rows" not in dataset:
        msg = f"{path} is not a DICOM file: it has neither the letters DICM nor an image's elements"
        raise DataError(msg)
    _complete_syntax(dataset)
    return dataset


def _complete_syntax(dataset: Any) -> None:
    """Name the transfer syntax that pydicom has found where the file does not name it."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if getattr(dataset, "file_meta", None) is None:
        dataset.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" in dataset.file_meta:
        return
    is_implicit, is_little = dataset.original_encoding
    plain = ExplicitVRLittleEndian if is_little else ExplicitVRBigEndian
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if is_implicit else plain


def _frames(path: Path | str, dataset: Any) -> int:
    """Return the number of frames; a file that does not give it has one."""
    text = dataset.get("NumberOfFrames")
    try:
        count = int(text or 1)
    except (TypeError, ValueError):
        count = 0
    if count < 1:
        msg = f"{path} gives {text!r} as its number of frames, expected a whole number from 1"
        raise DataError(msg)
    return count


def _check_pixels(path: Path | str, dataset: Any) -> None:
    rows, columns = int(dataset.get("Rows") or 0), int(dataset.get("Columns") or 0)
    if not any(name in dataset for name in _PIXELS):
        from pydicom.uid import UID

        kind = UID(str(dataset.get("SOPClassUID", ""))).name or "unknown kind"
        msg = f"{path} holds no pixels ({kind}), expected an image"
        raise DataError(msg)
    if not 1 <= rows * columns <= max_pixels():
        msg = f"{path} has frames of {columns} x {rows}, expected 1 to {max_pixels()} pixels"
        raise DataError(msg)
