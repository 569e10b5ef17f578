"""Speed of two-stage pasting by the batch, compared with Pillow on one image at a time.

    python benchmarks/augmentation.py [--size 224] [--batch 64] [--repeats 20] [--gray]

Needs mia-ssl. Both ways first jitter the whole images and then paste into the result. The script
prints three ratios:

- pasted: from a uint8 batch to uint8 batches of the originals and of each paste;
- handed over: to what the training device gets. Pillow's way hands over normalized floats of
  originals and pastes; ours hands over uint8, which the device normalizes;
- floats: to normalized floats, all on this core. Writing them takes most of our time then.

Times are the CPU seconds of this process on one core, the best of the repeats (ten of ours for one
of Pillow's, for about the same time). AnatPaste is timed twice: with the lungs known, and with the
lungs found in every image (by CLAHE, Otsu's threshold and components), as the study does. Before
anything is timed, the pastes of the same draws are compared pixel by pixel.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import torch
import torchvision.transforms.v2.functional as tv
from mia_ssl.two_stage.color_jitter import JitterFactors, jitter_images
from mia_ssl.two_stage.method import PasteBatch
from mia_ssl.two_stage.methods import RECORDS, anatpaste, cutpaste, scar
from mia_ssl.two_stage.network import normalize
from mia_ssl.two_stage.paste_region import PasteRegion
from mia_ssl.two_stage.task import paste_copies
from pillow_pastes import (
    COLOR_JITTER,
    Jitter,
    adjusted,
    find_lungs,
    paste_rectangle,
    paste_soft,
    paste_strip,
    random_anatpaste,
    random_rectangle,
    random_scar,
    turned,
)
from torchvision.transforms.functional import to_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

Batches = torch.Tensor | list[torch.Tensor]
HALF = [0.5] * 3
NAMES = (
    "cutpaste-2stage",
    "cutpaste-scar-2stage",
    "cutpaste-3way-2stage",
    "anatpaste",
    "anatpaste, lungs found",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=224, help="height and width of an image")
    parser.add_argument("--batch", type=int, default=64, help="images at a time")
    parser.add_argument("--repeats", type=int, default=20, help="take the best of so many runs")
    parser.add_argument("--gray", action="store_true", help="images of three equal channels")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    images, region = phantoms(chosen.batch, chosen.size)
    if chosen.gray:
        images = images[:, :1].repeat(1, 3, 1, 1)
    check_equal(images, region)
    print(f"{chosen.batch} images of 3 x {chosen.size} x {chosen.size}, one core, ms a batch")
    print(f"{'method':24}{'Pillow':>9}{'floats':>9}{'ours':>8}{'floats':>8}", end="")
    print(f"{'pasted':>10}{'handed over':>13}{'floats':>8}")
    for name in NAMES:
        slow, fast = compare(name, images, region, chosen.repeats, floats=False)
        slow_floats, fast_floats = compare(name, images, region, chosen.repeats, floats=True)
        print(f"{name:24}{slow:9.1f}{slow_floats:9.1f}{fast:8.2f}{fast_floats:8.1f}", end="")
        print(f"{slow / fast:10.1f}{slow_floats / fast:13.1f}{slow_floats / fast_floats:8.1f}")


def phantoms(count: int, size: int) -> tuple[torch.Tensor, PasteRegion]:
    """Smooth color images, uint8 [count, 3, size, size], each with two ellipses as its lungs."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, 3, 12, 12, generator=generator)
    images = torch.nn.functional.interpolate(coarse, size=size, mode="bilinear")
    y, x = torch.meshgrid(*(torch.linspace(-0.5, 0.5, size),) * 2, indexing="ij")
    lungs = ((x.abs() - 0.19) / 0.12) ** 2 + (y / 0.3) ** 2 < 1
    return (40 + 175 * images).to(torch.uint8), PasteRegion.of(lungs.repeat(count, 1, 1))


def compare(
    name: str, images: torch.Tensor, region: PasteRegion, repeats: int, *, floats: bool
) -> tuple[float, float]:
    """Milliseconds of the reference and of ours."""
    method = RECORDS[name.partition(",")[0]]
    generator = torch.Generator().manual_seed(0)
    is_known = "," not in name
    masks = list(region.masks.numpy()) if is_known else [None] * len(images)
    options = method.paste_options()

    batch = torch.stack([images] * (1 + len(method.pastes)))  # reused, as in training

    def ours() -> Batches:
        uniforms = torch.rand(len(images), 4, generator=generator, dtype=torch.float64)
        originals = batch[0]
        jitter_images(images, JitterFactors.draw(uniforms, 0.1), out=originals)
        where = region if is_known else method.find_region(originals, options)
        paste_copies(method, originals, generator, options, where, out=batch[1:])
        return normalize(batch.flatten(0, 1), "half") if floats else list(batch)

    def reference() -> Batches:
        return one_by_one(name, images, masks, floats=floats)

    times: dict[Callable[[], Batches], list[float]] = {reference: [], ours: []}
    for _ in range(repeats):
        for run in (reference, *[ours] * 10):
            start = time.process_time()
            run()
            times[run].append(time.process_time() - start)
    return min(times[reference]) * 1e3, min(times[ours]) * 1e3


def one_by_one(
    name: str, images: torch.Tensor, masks: list[np.ndarray | None], *, floats: bool
) -> Batches:
    """Originals and pastes of a batch, the usual way; with floats all normalized.

    A mask of None is found in the image.
    """
    columns: list[list[torch.Tensor]] = []
    for image, mask in zip(images, masks, strict=True):
        original = COLOR_JITTER(tv.to_pil_image(image))
        row = [original]
        if name in ("cutpaste-2stage", "cutpaste-3way-2stage"):
            row.append(random_rectangle(original))
        if name in ("cutpaste-scar-2stage", "cutpaste-3way-2stage"):
            row.append(random_scar(original))
        if name.startswith("anatpaste"):
            row.append(random_anatpaste(original, find_lungs(original) if mask is None else mask))
        if floats:
            columns.append([tv.normalize(to_tensor(paste), HALF, HALF) for paste in row])
        else:
            columns.append([tv.pil_to_tensor(paste) for paste in row])
    batches = [torch.stack(list(column)) for column in zip(*columns, strict=True)]
    return torch.cat(batches) if floats else batches


def check_equal(images: torch.Tensor, region: PasteRegion) -> None:
    """Paste by both ways from the same draws; Pillow rounds colors and blurs by three boxes."""
    size = images.shape[-1]
    index = torch.arange(len(images))
    generator = torch.Generator().manual_seed(1)

    def both(kind, options, reference) -> float:
        u = torch.rand(len(images), kind.random_numbers, generator=generator, dtype=torch.float64)
        batch = PasteBatch(pasted=images.clone(), sources=images, region=region)
        kind.apply(batch, index, u, options)
        theirs = [tv.pil_to_tensor(paste) for paste in reference(u)]
        return (batch.pasted.float() - torch.stack(theirs).float()).abs().mean().item()

    def corners(boxes) -> list[tuple[int, int, int, int]]:
        edges = (boxes.left, boxes.top, boxes.left + boxes.width, boxes.top + boxes.height)
        return [tuple(edge) for edge in torch.stack(edges, 1).tolist()]

    def jitters(factors: JitterFactors) -> list[Jitter]:
        return [lambda patch, f=f: adjusted(patch, f) for f in torch.stack(tuple(factors), 1)]

    pil = [tv.to_pil_image(image) for image in images]

    def rectangles(u):
        source, target, factors = cutpaste.draw(u, size, size, cutpaste.CutPasteOptions())
        for image, box, to, jitter in zip(
            pil, corners(source), corners(target), jitters(factors), strict=True
        ):
            yield paste_rectangle(image, box, to[:2], jitter)

    def scars(u):
        drawn = scar.draw(u, size, size, scar.ScarOptions())
        angles = torch.rad2deg(drawn.angle).tolist()
        for image, box, to, angle, jitter in zip(
            *(pil, corners(drawn.source), corners(drawn.target), angles, jitters(drawn.factors)),
            strict=True,
        ):
            yield paste_strip(image, turned(image, box, angle, jitter), to[:2])

    def softs(u):
        drawn = anatpaste.draw(u, region, size, size, anatpaste.AnatPasteOptions())
        shapes = ["ellipse" if e else "rectangle" for e in drawn.ellipse]
        alphas, blurs = (drawn.alpha * 255).round().long().tolist(), drawn.blur.tolist()
        for image, box, to, jitter, shape, alpha, blur, mask in zip(
            *(pil, corners(drawn.source), corners(drawn.target), jitters(drawn.factors), shapes),
            *(alphas, blurs, region.masks.numpy()),
            strict=True,
        ):
            yield paste_soft(image, box, to[:2], jitter, shape, alpha, blur, mask)

    for kind, options, reference in (
        (cutpaste.RECTANGLE_PASTE, cutpaste.CutPasteOptions(), rectangles),
        (scar.SCAR_PASTE, scar.ScarOptions(), scars),
        (anatpaste.ANATPASTE.pastes[0], anatpaste.AnatPasteOptions(), softs),
    ):
        difference = both(kind, options, reference)
        print(f"{reference.__name__}: mean difference to Pillow {difference:.4f} gray levels")
        assert difference < 0.2, difference


if __name__ == "__main__":
    main()
