"""A page for each dataset: what it holds, where it comes from, and what was found on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mia_data
import numpy as np
from matplotlib.figure import Figure
from measured import measured_rows, published_rows, published_table, titles
from places import PAGES, table, write_page

if TYPE_CHECKING:
    from mia_data import DatasetInfo


def write_dataset_pages() -> None:
    """Write datasets/NAME.md for each dataset, datasets/index.md, and the phantom's picture."""
    infos = [mia_data.info(name) for name in mia_data.names()]
    for info in infos:
        picture = "*No picture: its images are not part of this project.*\n"
        if info.name == "phantom":
            picture = "![Phantom: normal images above, lesions outlined below](phantom.png)\n"
        page = [
            f"# {info.name}: {info.title}\n",
            f"This page describes the dataset `{info.name}`: what it holds, how to get it, and the"
            " results on it.\n",
            picture,
            _card(info),
            "## Get it\n",
            _how_to_get(info),
            "## Limits\n",
            _limits(info),
            "## Results\n",
            _results(info.name),
        ]
        write_page(f"datasets/{info.name}.md", "\n".join(page))
    rows = [
        [
            f"[{info.name}]({info.name}.md)",
            info.title,
            info.modality,
            *_counts(info),
            "yes" if info.has_masks else "no",
            info.license,
        ]
        for info in infos
    ]
    header = ["dataset", "images", "modality", "train", "test, normal", "test, abnormal", "masks"]
    page = table([*header, "license"], rows)
    write_page(
        "datasets/index.md",
        "---\nhide: [toc]\n---\n\n# All datasets\n\nYou can use your own images"
        f" too: [Your own images](../own-images.md), [Data](../data.md#your-own-images).\n\n{page}",
    )
    _draw_phantom()


def _counts(info: DatasetInfo) -> list[str]:
    counts = (info.counts.train_normal, info.counts.test_normal, info.counts.test_abnormal)
    return ["not published" if count is None else str(count) for count in counts]


def _card(info: DatasetInfo) -> str:
    train, normal, abnormal = _counts(info)
    rows = [
        ["modality", info.modality],
        ["names", ", ".join(f"`{name}`" for name in (info.name, *info.aliases))],
        ["training images, all normal", train],
        ["test images, normal / abnormal", f"{normal} / {abnormal}"],
        ["masks", "yes" if info.has_masks else "no"],
        ["read as", {1: "gray", 3: "RGB"}[info.channels]],
        ["folder in the data root", f"`{info.folder}`" if info.folder else "none"],
        ["layout", info.layout],
        ["in the tables of the study", "yes" if info.in_study else "no"],
        ["license", info.license],
        ["to cite", info.citation],
        ["source", _link(info.homepage) or "none"],
    ]
    return table(["", ""], rows)


def _link(address: str) -> str:
    """Return an address as a link; words, such as those of the phantom, as they are."""
    return f"<{address}>" if address.startswith("http") else address


def _how_to_get(info: DatasetInfo) -> str:
    if info.folder is None:
        return "You do not have to download anything: the images are drawn when you load them.\n"
    if info.archive:
        return (
            f"```bash\nmia-data download {info.name}    # {info.archive.megabytes} MB\n"
            f"mia-data verify {info.name}\n```\n"
        )
    return (
        f"The dataset belongs in the folder `{info.folder}` of your data root"
        " ([Data](../data.md#folders-of-the-datasets))."
        f" {info.how_to_get[:1].upper()}{info.how_to_get[1:]}.\n"
    )


def _limits(info: DatasetInfo) -> str:
    if info.name == "phantom":
        return (
            "Drawn images show that a method works, but not how well it finds lesions of patients."
            " An image depends only on the seed and its number ([Data](../data.md#phantom)).\n"
        )
    return (
        "Some public datasets have duplicates, or the same image in both splits; `mia-data verify`"
        " lists them. Unless [Data](../data.md) says otherwise, the files do not say which images"
        " are of the same patient, so images of one patient may be in both splits. The results"
        " only apply to the kind of abnormality in the title.\n"
    )


def _results(name: str) -> str:
    parts = []
    if rows := [row for row in measured_rows() if row["set"] == name]:
        header = [key for key in rows[0] if key != "set"]
        body = [
            [_method(row[key]) if key == "method" else row[key] for key in header] for row in rows
        ]
        parts += [
            "Measured by `benchmarks/detection.py` ([Detection](../detection.md#measured)):\n",
            table(titles(header), body),
        ]
    if rows := [row for row in published_rows() if row["dataset"] == name]:
        header, body = published_table(rows, "method")
        parts += [
            "Published by others (`published.csv`):\n",
            table(header, [[_method(row[0]), *row[1:]] for row in body]),
        ]
    return "\n".join(parts) or "No measured figure is recorded for this dataset.\n"


def _method(name: str) -> str:
    return f"[{name}](../methods/{name}.md)"


def _draw_phantom() -> None:
    """Draw six normal images and six with lesions."""
    test = mia_data.phantom("test", size=128, n_normal=6, n_abnormal=6)
    figure = Figure(figsize=(8.6, 3), layout="constrained", dpi=110)
    for number, axis in enumerate(figure.subplots(2, 6).flat):
        axis.imshow(np.asarray(test.images[number, 0]), cmap="gray", vmin=0, vmax=255)
        if test.labels[number]:
            mask = np.asarray(test.masks[number])
            axis.contour(mask, levels=[0.5], colors="#39d353", linewidths=0.8)
        axis.set(xticks=[], yticks=[])
    (PAGES / "datasets").mkdir(parents=True, exist_ok=True)
    figure.savefig(PAGES / "datasets" / "phantom.png")
