"""Ids of images in outputs: paths as they are, or salted hashes of them."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.errors import StudyError
from mia_bench.files import atomic

if TYPE_CHECKING:
    from pathlib import Path

DIGITS = 20  # of a hash, 80 bits
_SALT_BYTES = 32
_LEAST_BYTES = 16


@dataclass(frozen=True)
class ImageIds:
    """Ids of files and of the images in them.

    Attributes:
        salt: The secret that paths are hashed with; None where ids are paths.
    """

    salt: bytes | None = None

    @property
    def are_anonymous(self) -> bool:
        """True if ids tell nothing of the paths."""
        return self.salt is not None

    def of(self, path: str) -> str:
        """Return the id of a path: the first 20 digits of its HMAC-SHA256, or the path itself."""
        if self.salt is None:
            return path
        data = path.encode("utf-8", "surrogateescape")
        return hmac.new(self.salt, data, hashlib.sha256).hexdigest()[:DIGITS]

    def of_image(self, image_id: str, file: str) -> str:
        """Return the id of an image whose id by its path is ``image_id``, such as ``a.nii#012``."""
        return self.of(file) + image_id[len(file) :]

    def reason(self, text: str, folder: Path, file: str) -> str:
        """Return why a file cannot be read, without any path where ids are hashes."""
        if self.salt is None:
            return text
        hashed = self.of(file)
        text = text.replace(str(folder / file), hashed)
        name = file.rpartition("/")[2]
        return f"{hashed} cannot be read" if name in text else self.without_paths(text, hashed)

    def without_paths(self, text: str, image_id: str) -> str:
        """Return a message about an id, or a short one where ids are hashes and it has a path."""
        if self.salt is None or not ("/" in text or os.sep in text):
            return text
        return f"{image_id} cannot be read"


def read_salt(path: Path) -> bytes:
    """Return the salt in a file: all of its bytes.

    Raises:
        StudyError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"cannot read the salt file {path}: {error.strerror}"
        raise StudyError(msg) from error


def check_salt(salt: bytes, *, anonymous: bool) -> None:
    """Refuse a salt that could be found by trying, or that would not be used.

    Raises:
        StudyError: It has fewer than 16 bytes, or ids are not anonymous.
    """
    if not anonymous:
        msg = "expected a salt only for anonymous ids: add --anonymous, or leave the salt out"
        raise StudyError(msg)
    if len(salt) < _LEAST_BYTES:
        msg = f"expected a salt of at least {_LEAST_BYTES} bytes, got {len(salt)}"
        raise StudyError(msg)


def kept_salt(path: Path) -> bytes:
    """Return the salt of an interrupted scoring, or make one and keep it at ``path``."""
    if not path.is_file():
        with atomic(path) as temporary:
            temporary.write_bytes(secrets.token_bytes(_SALT_BYTES))
        path.chmod(0o600)
    return path.read_bytes()
