"""Which files of a folder are images, and what they looked like when they were last seen."""

from __future__ import annotations

import json
import os
import stat
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mia_data.errors import DataError, reason

if TYPE_CHECKING:
    from mia_data.listing import Listing

PILLOW_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
DICOM_SUFFIXES = (".dcm", ".dicom")
NIFTI_SUFFIXES = (".nii", ".nii.gz")
IMAGE_SUFFIXES = PILLOW_SUFFIXES + DICOM_SUFFIXES + NIFTI_SUFFIXES
_PREAMBLE = 128  # bytes of a DICOM file that mean nothing
_LAST_SUFFIXES = {f".{suffix.rpartition('.')[2]}" for suffix in IMAGE_SUFFIXES}
# Non-blocking, so that a named pipe in the place of an image is refused and not waited for.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


def is_image(path: Path | str) -> bool:
    """Tell whether a file is an image, and not a hidden one.

    By its suffix; DICOM files, which often have none or one of their own, by their first bytes too.
    """
    name = os.path.basename(path)  # noqa: PTH119
    if name.startswith("."):
        return False
    return name.lower().endswith(IMAGE_SUFFIXES) or is_dicom(path)


def is_volume(path: Path | str) -> bool:
    """Tell by its name whether a file holds many slices (NIfTI)."""
    return str(path).lower().endswith(NIFTI_SUFFIXES)


def is_dicom(path: Path | str) -> bool:
    """Tell whether a file is DICOM, by its suffix or, where that is none of an image, by content.

    The directory of a medium (``DICOMDIR``) holds no image and is none.
    """
    name = os.path.basename(path).lower()  # noqa: PTH119
    if name.endswith(IMAGE_SUFFIXES):
        return name.endswith(DICOM_SUFFIXES)
    return name != "dicomdir" and _starts_as_dicom(path)


def _starts_as_dicom(path: Path | str) -> bool:
    """Tell whether a regular file has the four letters that follow a DICOM file's preamble."""
    try:
        handle = os.open(path, _OPEN_FLAGS)
    except (OSError, ValueError):
        return False
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return False
        return os.read(handle, _PREAMBLE + 4)[_PREAMBLE:] == b"DICM"
    except OSError:
        return False
    finally:
        os.close(handle)


def without_suffix(name: str) -> str:
    """Return a path without its last suffix; ``.nii.gz`` counts as one."""
    stem, dot, suffix = name.rpartition(".")
    if not dot or f".{suffix}".lower() not in _LAST_SUFFIXES:
        return name
    return stem[:-4] if name.lower().endswith(".nii.gz") else stem


# Not pathlib's functions, which raise for a name that is too long to be one.
def is_folder(path: Path | str) -> bool:
    """Tell whether a path is a folder; never raises."""
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: Path | str) -> bool:
    """Tell whether a path is a file; never raises."""
    return os.path.isfile(path)  # noqa: PTH113


def exists(path: Path | str) -> bool:
    """Tell whether there is something at a path; never raises."""
    return os.path.exists(path)  # noqa: PTH110


def list_images(folder: Path, inner: str) -> list[str]:
    """Return the images that lie directly in ``folder/inner``, sorted, relative to ``folder``.

    Raises:
        DataError: the folder is missing, cannot be read, or holds no image.
    """
    where = folder / inner
    prefix = f"{inner}/" if inner else ""
    try:
        with os.scandir(where) as entries:
            names = [e.name for e in entries if is_image(e.path) and not _leads_to_folder(e)]
    except OSError as error:
        msg = f"cannot list the folder {where}: {error.strerror}"
        raise DataError(msg) from error
    if not names:
        msg = f"the folder {where} holds no image ({', '.join(IMAGE_SUFFIXES)})"
        raise DataError(msg)
    return sorted(prefix + name for name in names)


def find_images(folder: str | Path) -> list[str]:
    """Return all images in and below a folder, sorted, as paths inside it with forward slashes.

    Hidden files and folders are left out; links to folders are not followed.

    Raises:
        DataError: the folder is missing, cannot be read, or holds no image.
    """
    root = Path(folder).expanduser()
    found: list[str] = []
    waiting = [""]
    while waiting:
        inner = waiting.pop()
        try:
            with os.scandir(root / inner) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                        waiting.append(f"{inner}{entry.name}/")
                    elif is_image(entry.path) and not _leads_to_folder(entry):
                        found.append(inner + entry.name)
        except OSError as error:
            msg = f"cannot list the folder {root / inner}: {error.strerror}"
            raise DataError(msg) from error
    if not found:
        msg = f"the folder {root} holds no image ({', '.join(IMAGE_SUFFIXES)})"
        raise DataError(msg)
    return sorted(found)


def list_folders(folder: Path) -> list[str]:
    """Return the names of the folders inside a folder, sorted, without hidden ones."""
    try:
        with os.scandir(folder) as entries:
            return sorted(
                e.name for e in entries if not e.name.startswith(".") and _leads_to_folder(e)
            )
    except OSError as error:
        msg = f"cannot list the folder {folder}: {error.strerror}"
        raise DataError(msg) from error


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder or a link to one."""
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads back to itself: opening it as an image gives an error that names it.
        return False


def fingerprint(listing: Listing) -> str:
    """Hash a listing's names, labels and which mask is whose, and its files' sizes and times.

    Raises:
        DataError: a listed file does not exist.
    """
    masks = [mask for mask in listing.masks or () if mask is not None]
    names = listing.files + masks
    folder = str(listing.folder)
    paths = [f"{folder}/{name}" for name in names]
    # No threads: a stat of a local file is shorter than handing over Python's lock.
    try:
        stats = [x for s in map(os.stat, paths) for x in (s.st_size, s.st_mtime_ns)]
    except OSError as error:
        raise _missing(listing, names) from error
    columns = json.dumps([listing.files, listing.labels, listing.masks])
    digest = blake2b(columns.encode(), digest_size=16)
    digest.update(np.array(stats, dtype=np.int64).tobytes())
    return digest.hexdigest()


def _missing(listing: Listing, names: list[str]) -> DataError:
    missing = [name for name in names if not exists(listing.folder / name)]
    if not missing:
        return DataError(f"cannot read the files of {listing.folder}")
    links = [name for name in missing if os.path.islink(listing.folder / name)]  # noqa: PTH114
    if links:
        return DataError(
            f"{listing.folder} has links that lead to no file: {len(links)} of {len(names)} files, "
            f"the first is {links[0]!r}"
        )
    return DataError(
        f"{listing.source} names {len(missing)} of {len(names)} files that do not exist in "
        f"{listing.folder}, the first is {missing[0]!r}"
    )


def read_bytes(path: Path | str, *, limit: int) -> bytes:
    """Read a whole regular file.

    Raises:
        DataError: the file is missing, empty, not a file, or longer than ``limit`` bytes.
    """
    try:
        # os.open and one read of the right length: less than half of the time of Path.read_bytes.
        handle = os.open(path, _OPEN_FLAGS)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                msg = f"cannot read {path}: expected a regular file"
                raise DataError(msg)
            if status.st_size > limit:
                msg = f"{path} has {status.st_size} bytes, expected at most {limit}"
                raise DataError(msg)
            data = os.read(handle, status.st_size + 1)
        finally:
            os.close(handle)
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or reason(error)}"
        raise DataError(msg) from error
    if not data:
        msg = f"cannot read {path}: the file is empty"
        raise DataError(msg)
    return data
