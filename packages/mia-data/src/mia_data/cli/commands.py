"""The commands: one function each, from parsed arguments to an exit code."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mia_data import cache
from mia_data.contact_sheet import save_contact_sheet
from mia_data.dataset_folder import data_root
from mia_data.download_archive import download
from mia_data.errors import UnknownNameError
from mia_data.files import is_file, is_folder
from mia_data.folder import from_folder
from mia_data.literal_text import visible
from mia_data.load_dataset import load
from mia_data.manifest import from_manifest
from mia_data.prepare.prepare_dataset import prepare_dataset
from mia_data.registry import info, names
from mia_data.verify_dataset import verify

if TYPE_CHECKING:
    from argparse import Namespace

    from mia_data.imageset import ImageSet


def list_datasets(args: Namespace) -> int:
    """Print the table of the datasets."""
    root = data_root(args.root)
    rows = [info(name) for name in names()]
    present = [row.folder is None or is_folder(root / row.folder) for row in rows]
    if args.json:
        _print_json([{**r.to_dict(), "present": p} for r, p in zip(rows, present, strict=True)])
        return 0
    echo(f"{'name':<14}{'train':>7}{'test':>14}  {'masks':<7}{'here':<6}images")
    for row, is_here in zip(rows, present, strict=True):
        counts = row.counts
        test = f"{_number(counts.test_normal)} + {_number(counts.test_abnormal)}"
        masks, here = ("yes" if row.has_masks else "-"), ("yes" if is_here else "-")
        line = f"{row.name:<14}{_number(counts.train_normal):>7}{test:>14}  {masks:<7}{here:<6}"
        echo(line + row.title)
    echo(f"\ntest: normal + abnormal; data root: {root}")
    return 0


def show_info(args: Namespace) -> int:
    """Print the description of a dataset."""
    described = info(args.name).to_dict()
    if args.json:
        _print_json(described)
        return 0
    counts = {key: _number(value) for key, value in described.pop("counts").items()}
    described["images"] = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in counts.items())
    described["archive"] = (described["archive"] or {}).get("url", "-")
    described["aliases"] = ", ".join(described["aliases"]) or "-"
    for key, value in described.items():
        text = ("yes" if value else "no") if isinstance(value, bool) else value or "-"
        echo(f"{key.replace('_', ' '):<12}{text}")
    return 0


def verify_dataset(args: Namespace) -> int:
    """Check a dataset and print the report; return 1 if it is not as expected."""
    report = verify(args.name, args.root)
    if args.json:
        _print_json(report.to_dict())
    else:
        echo(report)
    return 0 if report.ok else 1


def download_datasets(args: Namespace) -> int:
    """Download datasets and print their folders."""
    for name in args.names:
        folder = download(name, args.root, progress=not args.quiet, keep_archive=args.keep_archive)
        echo(folder)
    return 0


def prepare(args: Namespace) -> int:
    """Build a dataset from its raw source and print its folder and its numbers of images."""
    made = prepare_dataset(
        args.name,
        args.source,
        root=args.root,
        split=args.split,
        patients=args.patients,
        seed=args.seed,
        allow_missing=args.allow_missing,
        workers=args.workers,
        progress=not args.quiet,
    )
    if args.json:
        _print_json({**asdict(made), "folder": str(made.folder)})
        return 0
    counts = made.counts
    echo(
        f"{made.folder}: {counts.train_normal} normal to train, {counts.test_normal} normal and "
        f"{counts.test_abnormal} abnormal to test; {made.written} files written, "
        f"{made.left_out} left out"
    )
    return 0


def preview(args: Namespace) -> int:
    """Write a contact sheet and print its path."""
    ds = _named_or_own(args)
    out = args.out or f"{ds.name}-{ds.split}.png"
    options = {"columns": args.columns, "rows": args.rows, "seed": args.seed}
    echo(save_contact_sheet(ds, out, tile=args.size, **options))
    return 0


def manage_cache(args: Namespace) -> int:
    """Print the entries of the cache, or remove them."""
    root = cache.cache_root()
    if args.clear:
        removed = cache.clear(root)
        if args.json:
            _print_json({"folder": str(root), "removed": removed})
        else:
            echo(f"removed {removed} {_entries(removed)} from {root}")
        return 0
    found = cache.entries(root)
    if args.json:
        rows = [{"path": str(p), "request": r, "bytes": b} for p, r, b in found]
        _print_json({"folder": str(root), "entries": rows})
        return 0
    for _, request, size in found:
        shape = f"{request['channels']}x{request['size']}x{request['size']}"
        echo(f"{request['name'] + '/' + request['split']:<28}{shape:<14}{size / 1e6:>10.1f} MB")
    total = sum(size for _, _, size in found)
    echo(f"{len(found)} {_entries(len(found))}, {total / 1e6:.1f} MB in {root}")
    return 0


def _named_or_own(args: Namespace) -> ImageSet:
    """Load a dataset by its name, or else a folder or a table of one's own images."""
    try:
        info(args.name)
    except UnknownNameError:
        is_table = args.name.lower().endswith(".csv") and is_file(args.name)
        if not is_table and not is_folder(args.name):
            raise
        read = from_manifest if is_table else from_folder
        return read(
            args.name,
            args.split,
            size=args.size,
            channels=3,
            allow_damaged=args.allow_damaged,
            allow_empty_masks=args.allow_empty_masks,
            allow_shared_files=args.allow_shared_files,
            resample_masks=args.resample_masks,
            patients=args.patients,
            allow_shared_patients=args.allow_shared_patients,
        )
    return load(
        args.name, args.split, root=args.root, size=args.size, allow_damaged=args.allow_damaged
    )


def echo(text: object) -> None:
    """Print a text, with escape sequences in it made visible."""
    print(visible(str(text)))


def _entries(count: int) -> str:
    return "entry" if count == 1 else "entries"


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _print_json(value: Any) -> None:
    echo(json.dumps(value, indent=2))
