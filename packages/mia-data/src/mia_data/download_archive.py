"""Download of the public datasets."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mia_data.dataset_folder import data_root
from mia_data.errors import DataError, reason
from mia_data.extract_archive import extract_tar
from mia_data.files import is_folder
from mia_data.registry import definition

if TYPE_CHECKING:
    from mia_data.dataset_info import Archive, DatasetInfo

_CHUNK_BYTES = 1 << 16
_TIMEOUT_SECONDS = 60


def download(
    name: str, root: str | Path | None = None, *, progress: bool = True, keep_archive: bool = False
) -> Path:
    """Download a dataset, check its MD5 and unpack it; return its folder.

    A dataset that is already there is left alone. The dataset's folder appears only when it is
    whole; a broken download leaves nothing that looks like one. The archive is removed afterwards
    unless ``keep_archive``; one that lies in the root already is used if its MD5 is right.

    Raises:
        DataError: The dataset cannot be downloaded by a program (the message says where to get
            it), the download fails, its MD5 is wrong, or the archive does not hold the dataset.
    """
    info = definition(name).info
    base = data_root(root)
    if info.folder is None:
        msg = f"{info.name} is drawn, there is nothing to download"
        raise DataError(msg)
    folder = base / info.folder
    if _holds_data(folder):
        return folder
    if info.archive is None:
        msg = f"{info.name} cannot be downloaded by a program: {info.how_to_get}: {folder}"
        raise DataError(msg)
    try:
        base.mkdir(parents=True, exist_ok=True)
        archive = _fetch(info.archive, base, progress=progress)
        _unpack(archive, info, base)
        if not keep_archive:
            archive.unlink(missing_ok=True)
    except OSError as error:
        msg = f"cannot write {info.name} to {base}: {error.strerror or reason(error)}"
        raise DataError(msg) from error
    return folder


def _holds_data(folder: Path) -> bool:
    """Tell whether a folder holds more than hidden files (``.DS_Store``)."""
    return is_folder(folder) and not all(path.name.startswith(".") for path in folder.iterdir())


def _fetch(archive: Archive, base: Path, *, progress: bool) -> Path:
    import pooch

    downloader = pooch.HTTPDownloader(
        progressbar=progress, chunk_size=_CHUNK_BYTES, timeout=_TIMEOUT_SECONDS
    )
    # What pooch would log, the progress bar and our errors say.
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        file: Any = pooch.retrieve(
            archive.url,
            known_hash=f"md5:{archive.md5}",
            fname=archive.url.rpartition("/")[2],
            path=base,
            downloader=downloader,
        )
    except Exception as error:
        # pooch raises ValueError for a wrong hash, and whatever its HTTP library raises.
        msg = f"cannot download {archive.url}: {reason(error)}"
        raise DataError(msg) from error
    return Path(file)


def _unpack(archive: Path, info: DatasetInfo, base: Path) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=f".{info.folder}-", dir=base))
    try:
        extract_tar(archive, temporary)
        unpacked, final = temporary / str(info.folder), base / str(info.folder)
        if not unpacked.is_dir():
            msg = f"{archive} does not hold the folder {info.folder}"
            raise DataError(msg)
        if is_folder(final) and not _holds_data(final):
            # Only an empty folder can make room for another.
            for hidden in final.iterdir():
                hidden.replace(unpacked / hidden.name)
        try:
            unpacked.rename(final)
        except OSError:
            # Another process may have been first.
            if not _holds_data(final):
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
