"""Safe unpacking of downloaded archives."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath

from mia_data.errors import DataError, reason

# The study's largest archive unpacks to about 1 GB.
_MAX_BYTES = 20 << 30


def extract_tar(archive: Path, into: Path) -> None:
    """Unpack a tar file of regular files and folders into an empty folder.

    Links, devices and names outside the folder are refused before anything is written. On Pythons
    that have them, tarfile's own ``data`` filter is used as well.

    Raises:
        DataError: The archive is damaged, too large, or has such a member.
    """
    try:
        with tarfile.open(archive, "r:*") as tar:
            members = [_checked(member, archive) for member in tar]
            total = sum(member.size for member in members)
            if total > _MAX_BYTES:
                msg = f"{archive} unpacks to {total} bytes, expected at most {_MAX_BYTES}"
                raise DataError(msg)
            if hasattr(tarfile, "data_filter"):
                tar.extractall(into, members, filter="data")
            else:
                tar.extractall(into, members)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        msg = f"cannot unpack {archive}: {reason(error)}"
        raise DataError(msg) from error


def _checked(member: tarfile.TarInfo, archive: Path) -> tarfile.TarInfo:
    name = member.name
    path = PurePosixPath(name)
    unsafe = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name
    if unsafe or not (member.isreg() or member.isdir()):
        msg = f"{archive} holds {name!r}; expected only files and folders inside the dataset"
        raise DataError(msg)
    # Who owned the files elsewhere and what they might do there means nothing here.
    member.mode = 0o755 if member.isdir() else 0o644
    return member
