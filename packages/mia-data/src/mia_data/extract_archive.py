"""Safe unpacking of downloaded archives."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath

from mia_data.errors import DataError, reason

# The study's largest archive unpacks to about 1 GB, the one with most files to 40 000.
_MAX_BYTES = 20 << 30
_MAX_MEMBERS = 1_000_000


def extract_tar(archive: Path, into: Path) -> None:
    """Unpack a tar file of regular files and folders into an empty folder.

    Links, devices and names outside the folder are refused before anything is written. On Pythons
    that have them, tarfile's own ``data`` filter is used as well.

    Raises:
        DataError: The archive is damaged, too large, or has such a member.
    """
    try:
        with tarfile.open(archive, "r:*") as tar:
            members = _members(tar, archive)
            if hasattr(tarfile, "data_filter"):
                tar.extractall(into, members, filter="data")
            else:
                tar.extractall(into, members)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        msg = f"cannot unpack {archive}: {reason(error)}"
        raise DataError(msg) from error


def _members(tar: tarfile.TarFile, archive: Path) -> list[tarfile.TarInfo]:
    """Return the members; their number and bytes are bounded while they are read.

    Raises:
        DataError: Too many, too large together, or one that is refused.
    """
    members, total = [], 0
    for member in tar:
        members.append(_checked(member, archive))
        total += member.size
        if total > _MAX_BYTES:  # before what follows the header is decompressed
            msg = f"{archive} unpacks to {total} bytes or more, expected at most {_MAX_BYTES}"
            raise DataError(msg)
        if len(members) > _MAX_MEMBERS:
            msg = f"expected {archive} to hold at most {_MAX_MEMBERS} files and folders, got more"
            raise DataError(msg)
    return members


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
