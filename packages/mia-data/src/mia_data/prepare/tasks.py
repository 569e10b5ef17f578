"""Steps that copy a file, or make PNG files from a few others."""

from __future__ import annotations

import io
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from PIL import Image, PngImagePlugin

from mia_data.decode.errors_name import errors_name
from mia_data.decode.pillow import open_image, read_image
from mia_data.errors import DataError
from mia_data.files import exists, read_image_bytes, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

# The text entry of a PNG that says what it was made of.
_MADE_OF = "mia-data prepare"


class WriteError(DataError):
    """A file of the dataset cannot be written; further ones cannot be either."""


@dataclass(frozen=True)
class Copy:
    """A file that is copied as it is, once all of its pixels could be decoded.

    Attributes:
        source: The file.
        target: Its path in the dataset's folder.
    """

    source: Path
    target: str

    @property
    def targets(self) -> Sequence[str]:
        """Return the one file it makes."""
        return (self.target,)

    def run(self, folder: Path, *, replace: bool) -> int:
        """Copy the file unless it is there already; return how many files were written.

        Raises:
            DataError: The source cannot be decoded, or the target is there with other content.
            WriteError: The target cannot be written.
        """
        path = folder / self.target
        data = read_image_bytes(self.source)
        if exists(path):
            if _content(path) == data:
                return 0
            check_replace(path, replace=replace)
        with errors_name(self.source):
            read_image(self.source, "RGB", None)
        _write(path, data)
        return 1


@dataclass(frozen=True)
class Render:
    """PNG files that are made from the content of one or a few files.

    Each holds a hash of its rule, its name and the content of its sources, by which a later run
    knows that it need not be made again.

    Attributes:
        rule: The rule by which they are made, with a number that changes with it.
        sources: The files they are made from.
        targets: Their paths in the dataset's folder.
        make: Returns an image for each of the targets.
    """

    rule: str
    sources: Sequence[Path]
    targets: Sequence[str]
    make: Callable[[], Mapping[str, Image.Image]]

    def run(self, folder: Path, *, replace: bool) -> int:
        """Make the files that are not there yet; return how many were written.

        Raises:
            DataError: A source cannot be decoded, or a target is there with other content.
            WriteError: A target cannot be written.
        """
        content = b"".join(blake2b(read_image_bytes(source)).digest() for source in self.sources)
        marks = {target: self._mark(target, content) for target in self.targets}
        absent = [name for name in self.targets if not _is_made_of(folder / name, marks[name])]
        for name in absent:
            if exists(folder / name):
                check_replace(folder / name, replace=replace)
        if absent:
            images = self.make()
            for name in absent:
                _write(folder / name, png_bytes(images[name], marks[name]))
        return len(absent)

    def _mark(self, target: str, content: bytes) -> str:
        return blake2b(f"{self.rule}\n{target}\n".encode() + content, digest_size=16).hexdigest()


def png_bytes(image: Image.Image, mark: str) -> bytes:
    """Return an image as a PNG file with a mark of what it was made of."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text(_MADE_OF, mark)
    stream = io.BytesIO()
    image.save(stream, format="PNG", pnginfo=texts)
    return stream.getvalue()


def check_replace(path: Path, *, replace: bool) -> None:
    """Refuse to replace a file that is there with other content.

    Raises:
        DataError: It must not be replaced.
    """
    if not replace:
        msg = f"{path} is there with other content, expected none or the same (give another root)"
        raise DataError(msg)


def _is_made_of(path: Path, mark: str) -> bool:
    """Tell whether a whole PNG file with this mark is there."""
    if not exists(path):
        return False
    try:
        with errors_name(path), open_image(path) as image:
            is_same = image.info.get(_MADE_OF) == mark
            # The checksums of all parts.
            image.verify()
    except DataError:
        return False
    return is_same


def _content(path: Path) -> bytes:
    """Return a file's content; nothing for one that cannot be read."""
    try:
        return read_image_bytes(path)
    except DataError:
        return b""


def _write(path: Path, data: bytes) -> None:
    try:
        write_file(path, data)
    except DataError as error:
        raise WriteError(str(error)) from error
