"""Attack the software with damaged files, kills and full disks; write docs/reliability.md.

Run it with ``nox -s robustness``. The exit code is 1 if anything was wrong, crashed, hung or took
too much memory.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import caches
import images
import kills
import models
import texts
from cases import BAD, KINDS, Tally

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
TEXT = """# Reliability

What becomes of damaged files, of programs that are killed and of full disks. `nox -s robustness`
writes this page: it makes every damage from a seed, in processes whose memory and time are
bounded.

- *Right*: read, with the pixels of the whole file where a format has a checksum; or the same
  result as without the interruption.
- *Refused*: an error of one line that says what is wrong.
- *Wrong* (other data without a word, or a result that differs), *crash* (an error that is not
  ours), *hang* and *over memory* (3 GiB above what the process took before) must be 0.

{table}

Damage is one of: flipped bytes, changed bytes in the header, zeros, an early end, bytes put in,
taken out or repeated. Damaged images: PNG, JPEG, BMP, TIFF, DICOM (plain, deflated, RLE) and NIfTI
(plain and gzip), read as a folder. Tables and lists: a CSV table of images and a `data.json`.
Results: `mia-bench report` of two runs, one with a damaged file. Models: those of five methods,
scored with by the command line. Kills: `mia-bench run`, `fit` and `score` are killed (SIGKILL, the
whole process group) at random moments, up to four times each, and then end by themselves. Full
disk: files of at most 1, 5, 20 and 100 kB can be written; then the same command is given again with
enough space.

A changed pixel inside a JPEG, TIFF, DICOM or plain NIfTI file cannot be noticed by anybody: these
formats have no checksum.
"""


def main() -> int:
    """Run all sections and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=3000, help="damaged images; others in scale")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="images,caches,texts,models,kills")
    given = parser.parse_args()
    sections = {
        "images": lambda: images.tallies(given.count, given.seed),
        "caches": lambda: caches.tallies(given.count // 5, given.seed),
        "texts": lambda: texts.tallies(given.count // 3, given.seed),
        "models": lambda: models.tallies(given.count // 2, given.seed),
        "kills": lambda: kills.tallies(given.kills, given.seed),
    }
    found: list[Tally] = []
    for name in given.only.split(","):
        start = time.monotonic()
        found += sections[name]()
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
    for tally in found:
        for fault in tally.faults:
            print(fault, file=sys.stderr)
    table = _table(found)
    print(table)
    if given.only == parser.get_default("only"):
        PAGE.write_text(TEXT.format(table=table), encoding="utf-8")
    return 1 if any(tally.counts[kind] for tally in found for kind in BAD) else 0


def _table(found: list[Tally]) -> str:
    lines = [f"| damaged or stopped | {' | '.join(KINDS)} |", "|---" * (len(KINDS) + 1) + "|"]
    for tally in found:
        cells = [str(tally.counts[kind]) for kind in KINDS]
        lines.append(f"| {tally.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
