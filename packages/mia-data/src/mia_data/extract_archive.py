"""Safe unpacking of downloaded archives."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath

from mia_data.errors import DataError, reason
from mia_data.limits import max_archive_bytes, max_archive_members


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
    most_bytes, most_members = max_archive_bytes(), max_archive_members()
    for member in tar:
        members.append(_checked(member, archive))
        total += member.size
        if total > most_bytes:  # before what follows the header is decompressed
            msg = f"{archive} unpacks to {total} bytes or more, expected at most {most_bytes}"
            msg += " (MIA_MAX_ARCHIVE_BYTES)"
            raise DataError(msg)
        if len(members) > most_members:
            msg = f"expected {archive} to hold at most {most_members} files and folders, got more"
            msg += " (MIA_MAX_ARCHIVE_MEMBERS)"
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
