"""A page for each method, a table of all of them, and their maps of the same images."""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import MISSING, fields
from typing import Any

import mia_recon
import mia_ssl
from measured import measured_rows, parity_rows, published_rows, published_table, titles
from method_pictures import draw_all, draw_method
from phantom_runs import PhantomRun, read_run, run_all
from places import DOCS, PAGES, table, write_page

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FAMILIES = {
    "reconstruction": ("Reconstruction", "recon.md"),
    "one-stage": ("One-stage self-supervision", "one-stage.md"),
    "two-stage": ("Two-stage self-supervision", "two-stage.md"),
    "features": ("Frozen features", "features.md"),
    "adapted": ("Adapted features", "adapted.md"),
}


def write_method_pages() -> None:
    """Write methods/NAME.md for each method, methods/index.md, and the pictures.

    Raises:
        ValueError: methods.toml lacks a method or a paper, or has one that is no method.
    """
    infos = {**mia_recon.METHODS, **mia_ssl.METHODS}
    texts = tomllib.loads((DOCS / "site" / "methods.toml").read_text(encoding="utf-8"))
    papers = texts.pop("papers")
    lacking = {*infos} ^ {*texts} | {info.paper for info in infos.values()} - {*papers}
    if lacking:
        msg = f"methods.toml and the registries differ: {sorted(lacking)}"
        raise ValueError(msg)
    folders = run_all(list(infos.values()))
    (PAGES / "methods").mkdir(parents=True, exist_ok=True)
    runs: dict[str, PhantomRun] = {}
    for name, folder in folders.items():
        runs[name] = read_run(folder)
        draw_method(folder, runs[name].scores, PAGES / "methods" / f"{name}.png")
    draw_all(folders, PAGES / "methods" / "all.png")
    for family, (title, page) in _FAMILIES.items():
        members = {name: folders[name] for name in folders if infos[name].family == family}
        if any(infos[name].has_map for name in members):
            draw_all(members, PAGES / "methods" / f"{family}.png")
            _show_family(page, title, family)
    pasting = {name for name in infos if infos[name].family in ("one-stage", "two-stage")}
    for name, info in infos.items():
        page = [
            f"# {name}: {texts[name]['title']}\n",
            f"{texts[name]['how']}\n",
            _picture(runs.get(name), has_pastes=name in pasting).format(name=name),
            "## Use\n",
            f"```bash\nmia-bench fit --method {name} --images normal --model model\n```\n",
            _facts(info),
            "## Options\n",
            _options(info),
            "## Results\n",
            _results(name),
            f"## When it fails\n\n{texts[name]['fails']}\n",
            f"## Paper\n\n{papers[info.paper]}. <{info.paper}>\n",
        ]
        write_page(f"methods/{name}.md", "\n".join(page))
    write_page("methods/index.md", _index(infos, texts, runs))


def _show_family(page: str, title: str, family: str) -> None:
    """Add the maps of a family's methods to the page that explains the family."""
    with (PAGES / page).open("a", encoding="utf-8") as file:
        file.write(
            "\n## The same images, all methods\n\n"
            f"![{title}: maps of three phantom images](methods/{family}.png)\n\n"
            "*A normal image and two with lesions (outlined), after trainings of a few seconds: an"
            " illustration, not a comparison. [All methods](methods/index.md)*\n"
        )


def _picture(run: PhantomRun | None, *, has_pastes: bool) -> str:
    if run is None:
        return (
            "*No picture: this method needs weights that have to be downloaded, and the build of"
            " these pages downloads nothing.*\n"
        )
    settings = ", ".join(f"`{key}={value!r}`" for key, value in run.settings.items())
    pasted = ", what was pasted in orange" if has_pastes else ""
    return (
        "![Test images of the phantom, the method's maps and scores]({name}.png)\n\n"
        f"*An illustration, not a measurement: {run.train_images} drawn images, a training of"
        f" {run.fit_seconds:.0f} s on one thread ({settings}). Lesions are outlined in"
        f" green{pasted}; dots are the scores of 32 normal and 32 abnormal images.*\n"
    )


def _facts(info: Any) -> str:
    family, page = _FAMILIES[info.family]
    colors = "RGB" if info.channels == 3 else "gray"
    rows = [
        ["family", f"[{family}](../{page})"],
        ["package", "mia-recon" if info.family == "reconstruction" else "mia-ssl"],
        ["images", f"{info.image_size} x {info.image_size}, {colors}"],
        ["epochs", str(info.epochs) if info.epochs else "none: nothing is trained"],
        ["batch size", str(info.batch_size)],
        ["learning rate", f"{info.learning_rate:g}" if info.epochs else "none"],
        ["gives a map", "yes" if info.has_map else "no"],
        ["pretrained weights", _weights(info.weights)],
        ["trained parameters", _millions(info.cost.parameters)],
        ["operations to score an image", f"{_millions(info.cost.macs)} multiply-accumulates"],
    ]
    return table(["", ""], rows)


def _weights(weights: str | None) -> str:
    if weights is None:
        return "none"
    kind, name = weights.split(":")
    if kind == "package":
        return "installed with the extra `features`"
    return f"`{name}` of torchvision, from its cache or a download"


def _millions(count: int) -> str:
    if not count:
        return "none"
    if count >= 1e12:
        return f"{count / 1e9:,.0f} G"
    return f"{count / 1e6:,.2f} M" if count < 1e8 else f"{count / 1e6:,.0f} M"


def _options(info: Any) -> str:
    """Return the table of a method's own options: name, default, and what its class says."""
    package: Any = mia_recon if info.family == "reconstruction" else mia_ssl
    is_download = (info.weights or "").startswith("torchvision")
    building = {"backbone": "efficientnet-lite0"} if is_download else {}
    if info.name == "resnet18-imagenet":
        options = mia_ssl.build("cutpaste-2stage").options  # the same, and building needs no file
        records = [(type(options), {"weights": "'IMAGENET1K_V1'"})]
    else:
        detector = package.build(info.name, **building)
        both = (getattr(detector, part, None) for part in ("options", "paste_options"))
        records = [(type(record), {}) for record in both if record is not None]
    rows = []
    for record, known in records:
        said = _attributes(record)
        for field in fields(record):
            default = field.default
            if default is MISSING and field.default_factory is not MISSING:
                default = field.default_factory()
            shown = known.get(field.name, repr(default))
            rows.append([f"`{field.name}`", f"`{shown}`", said.get(field.name, "")])
    if lacking := [row[0] for row in rows if not row[2]]:
        msg = f"{info.name}: the options {lacking} have no description in their class"
        raise ValueError(msg)
    note = (
        ""
        if info.name != "resnet18-imagenet"
        else "The options of pasting and training have no effect.\n"
    )
    if not rows:
        return "The method has no options of its own.\n"
    return table(["option", "default", "meaning"], rows) + note


def _attributes(record: type) -> dict[str, str]:
    """Return what the docstrings of a record and its parents say of each attribute."""
    said: dict[str, str] = {}
    for kind in reversed(record.__mro__):
        text = inspect.cleandoc(kind.__doc__ or "")
        found = re.search(r"^Attributes:\n((?: .*\n?|\n)*)", text, re.MULTILINE)
        for entry in re.finditer(
            r"^    (\w+): (.*(?:\n     .*)*)", found[1] if found else "", re.M
        ):
            said[entry[1]] = " ".join(entry[2].split()).replace("``", "`").replace("|", "\\|")
    return said


def _results(name: str) -> str:
    parts = []
    if rows := [row for row in measured_rows() if row["method"] == name]:
        header = [key for key in rows[0] if key != "method"]
        parts += [
            "Measured by `benchmarks/detection.py` ([Detection](../detection.md#measured)):\n",
            table(titles(header), [[row[key] for key in header] for row in rows]),
        ]
    if rows := [row for row in parity_rows() if row["method"] == name]:
        header = [key for key in rows[0] if key != "method"]
        parts += [
            "Trained on BrainTumor for 100 epochs, next to the original code on the same files, by"
            " `benchmarks/parity.py` ([Parity](../parity.md)):\n",
            table(titles(header), [[row[key] for key in header] for row in rows]),
        ]
    if rows := [row for row in published_rows() if row["method"] == name]:
        parts += [
            "Published by others (`published.csv`):\n",
            table(*published_table(rows, "dataset")),
        ]
    kind = {**mia_recon.METHODS, **mia_ssl.METHODS}[name].family
    if kind != "features":  # most of these train nothing
        family, page = _FAMILIES[kind]
        known = "" if parts else "No figure of a full training is recorded for this method. "
        parts.append(f"{known}Results of short trainings are on the page [{family}](../{page}).\n")
    return "\n".join(parts)


def _index(infos: dict[str, Any], texts: dict[str, Any], runs: dict[str, PhantomRun]) -> str:
    measured: dict[str, list[str]] = {}
    memory: dict[str, list[float]] = {}
    for row in measured_rows():
        measured.setdefault(row["method"], []).append(row["AUROC"])
        if used := row.get("memory, GB", ""):
            memory.setdefault(row["method"], []).append(float(used))
    published: dict[str, list[str]] = {}
    for row in published_rows():
        if row["metric"] == "auroc" and not row["options"] and not row["select"]:
            published.setdefault(row["method"], []).append(row["value"])
    rows = []
    for name, info in infos.items():
        run = runs.get(name)
        rows.append(
            [
                f"[{name}]({name}.md)<br>{texts[name]['title']}",
                "yes" if info.has_map else "no",
                _range(measured.get(name, [])),
                _range(published.get(name, [])),
                _millions(info.cost.parameters),
                _millions(info.cost.macs),
                f"{run.score_milliseconds:.1f}" if run else "",
                f"{max(memory[name]):.1f}" if name in memory else "",
            ]
        )
    header = ["method", "map", "AUROC measured", "AUROC published"]
    header += ["parameters", "operations", "ms per image", "memory, GB"]
    return "\n".join(
        [
            "---\nhide: [toc]\n---\n",
            "# All methods\n",
            "To choose one, see [Which detector?](../choose-detector.md)\n",
            "- **map**: whether the method shows where an image is unusual.\n"
            "- **AUROC measured**: the range over the datasets of"
            " [Detection](../detection.md#measured). **AUROC published**: the range over the"
            " datasets and sources of `published.csv`. Both cover different datasets for"
            " different methods, so the rows are not a ranking.\n"
            "- **parameters**: the number of trained values. **operations**: multiply-accumulates"
            " to score one image at the default size.\n"
            "- **ms per image**: processor time to score an image, on one thread of the machine"
            " that built these pages. The size is named below the picture on each page.\n"
            "- **memory**: the largest memory of the process in the measurements.\n\n"
            "A cell is empty where nothing has been measured or published.\n",
            table(header, rows),
            "## The same images, all methods with a map\n",
            "![Maps of all methods for the same three phantom images](all.png)\n",
            "*A normal image and two with lesions (outlined), after trainings of a few seconds: an"
            " illustration, not a comparison.*\n",
        ]
    )


def _range(values: list[str]) -> str:
    """Return the range of figures, such as ``.645 to .952``; empty for none."""
    numbers = sorted({float(value) for value in values})
    return " to ".join(
        f"{number:.3f}".lstrip("0") for number in numbers[:: max(len(numbers) - 1, 1)]
    )
