"""The parser of the command line, and errors as one line."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from importlib.metadata import version
from typing import TYPE_CHECKING, NoReturn

from PIL import Image

from mia_data.cli import commands
from mia_data.errors import DataError
from mia_data.literal_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

_BAD_INPUT = 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print the error as one line and exit with code 2."""
        self.exit(_BAD_INPUT, f"{self.prog}: error: {visible(message)} (try {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``mia-data``; return 0, 1 (verify found something) or 2 (an error: one line)."""
    # Images near the limit are refused with an error of ours; Pillow's warning says it twice.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    # File names may hold what the terminal's encoding does not.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    args = _parser().parse_args(argv)
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except DataError as error:
        print(visible(f"mia-data: error: {error}"), file=sys.stderr)
        return _BAD_INPUT
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep Python from flushing into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="mia-data",
        description="Load, build, check and show the study's datasets and your own images.",
    )
    parser.add_argument("--version", action="version", version=f"mia-data {version('mia-data')}")
    sub = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    add = sub.add_parser("list", help="list the datasets and whether they are on this machine")
    _add_root(add)
    _add_json(add)
    add.set_defaults(run=commands.list_datasets)

    add = sub.add_parser("info", help="describe a dataset")
    add.add_argument("name", help="name of the dataset")
    _add_json(add)
    add.set_defaults(run=commands.show_info)

    add = sub.add_parser(
        "verify", help="check the files of a dataset (exit code 1 if not as expected)"
    )
    add.add_argument("name", help="name of the dataset")
    _add_root(add)
    _add_json(add)
    add.set_defaults(run=commands.verify_dataset)

    add = sub.add_parser("download", help="download and unpack datasets")
    add.add_argument("names", nargs="+", metavar="name", help="names of the datasets")
    _add_root(add)
    add.add_argument("--quiet", action="store_true", help="show no progress bar")
    add.add_argument("--keep-archive", action="store_true", help="keep the downloaded archive")
    add.set_defaults(run=commands.download_datasets)

    add = sub.add_parser(
        "prepare",
        help="build a dataset of the study from its raw source",
        description=(
            "Build a dataset of the study from its raw source: DICOM files and tables of rsna "
            "and vincxr, NIfTI volumes of brats2021, images of lag, isic2018 and camelyon16. A run "
            "that was stopped goes on where it was. The rules are in docs/data.md."
        ),
    )
    add.add_argument("name", help="rsna, vincxr, brats2021, lag, isic2018 or camelyon16")
    add.add_argument(
        "--source", required=True, metavar="DIR", help="folder of the raw source, as published"
    )
    add.add_argument(
        "--split",
        metavar="FILE",
        help="images of each split, in the form of the study's data.json "
        "(default: drawn by patient)",
    )
    add.add_argument(
        "--patients",
        metavar="FILE",
        help="CSV table with the columns image and patient (default: those that the source names)",
    )
    add.add_argument(
        "--seed", type=int, default=0, help="random seed of the split (default: %(default)s)"
    )
    add.add_argument(
        "--allow-missing", action="store_true", help="leave out images whose files are absent"
    )
    add.add_argument(
        "--workers", type=int, help="number of threads (default: the number of cores, at most 8)"
    )
    add.add_argument("--quiet", action="store_true", help="do not show how far it has come")
    _add_root(add)
    _add_json(add)
    add.set_defaults(run=commands.prepare)

    add = sub.add_parser("preview", help="write a contact sheet (PNG) with outlined lesions")
    add.add_argument("name", help="name of a dataset, a folder of images, or a table (.csv)")
    add.add_argument("--split", default="test", help="train or test (default: %(default)s)")
    add.add_argument(
        "--out", default=None, metavar="FILE", help="file to write (default: NAME-SPLIT.png)"
    )
    add.add_argument(
        "--size", type=int, default=128, help="side of each image in pixels (default: %(default)s)"
    )
    add.add_argument("--columns", type=int, default=8, help="images per row (default: %(default)s)")
    add.add_argument("--rows", type=int, default=4, help="number of rows (default: %(default)s)")
    add.add_argument(
        "--seed",
        type=int,
        default=0,
        help="random seed of the choice of images (default: %(default)s)",
    )
    add.add_argument(
        "--allow-damaged",
        action="store_true",
        help="read JPEG files that end early, gray where pixels are missing, and PNG files with "
        "wrong checksums",
    )
    add.add_argument(
        "--allow-empty-masks",
        action="store_true",
        help="of a folder or table: read abnormal images whose mask marks nothing",
    )
    add.add_argument(
        "--allow-shared-files",
        action="store_true",
        help="of a folder or table: read images that are in the training and in the test split",
    )
    add.add_argument(
        "--resample-masks",
        action="store_true",
        help="of a folder or table: bring NIfTI masks with other voxels than their volume onto it",
    )
    add.add_argument(
        "--patients",
        metavar="REGEX",
        help="of a folder or table: regular expression that finds the patient in an image's path; "
        "a patient in both splits is refused",
    )
    add.add_argument(
        "--allow-shared-patients",
        action="store_true",
        help="of a folder or table: read patients and DICOM series that are in both splits",
    )
    _add_root(add)
    add.set_defaults(run=commands.preview)

    add = sub.add_parser("cache", help="list or clear the cache of decoded images")
    add.add_argument("--clear", action="store_true", help="remove all cached images")
    _add_json(add)
    add.set_defaults(run=commands.manage_cache)
    return parser


def _add_root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        metavar="DIR",
        help="folder of the datasets (default: MIA_DATA_ROOT or ~/MedIAnomaly-Data)",
    )


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
