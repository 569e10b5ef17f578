"""Runs the examples of docs/examples and makes a page of each: text, picture, output, code."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from places import CACHE, DOCS, PACKAGES, PAGES, digest, source, write_page

# Scripts that need arguments, and the example that runs each.
SCRIPTS = {"score_folder_onnx.py": "export_and_score.py"}


def write_gallery() -> None:
    """Write examples/NAME.md for each example and examples/index.md.

    Raises:
        RuntimeError: An example fails, or leaves no picture.
    """
    lines = [
        "# Examples\n",
        "Each example is a single file in `docs/examples` with fewer than 60 lines. All were run"
        " when these pages were built.\n",
    ]
    examples = {path.name: path for path in sorted((DOCS / "examples").glob("*.py"))}
    for path in [examples[name] for name in examples if name not in SCRIPTS]:
        folder = _run(path)
        code = path.read_text(encoding="utf-8")
        tree = ast.parse(code)
        title, _, text = (ast.get_docstring(tree) or "").partition("\n")
        name = path.stem.replace("_", "-")
        target = PAGES / "examples" / name
        target.mkdir(parents=True, exist_ok=True)
        pictures = sorted(folder.glob("*.png"))
        for picture in pictures:
            shutil.copyfile(picture, target / picture.name)
        body = code[code.index('"""', 3) + 3 :].strip()
        page = [f"# {title.removesuffix('.')}\n", f"{text.strip()}\n"]
        page += [f"![{title.removesuffix('.')}]({name}/{picture.name})\n" for picture in pictures]
        page.append(f"```python\n{body}\n```\n")
        page.append("It prints:\n")
        output = (folder / "output").read_text(encoding="utf-8").rstrip().splitlines()
        page.append("```text\n" + "\n".join(line.rstrip() for line in output) + "\n```\n")
        page.append(f"The file: `docs/examples/{path.name}`.\n")
        for script in [each for each, example in SCRIPTS.items() if example == path.name]:
            content = examples[script].read_text(encoding="utf-8").strip()
            page.append(f"The script `docs/examples/{script}`:\n")
            page.append(f"```python\n{content}\n```\n")
        write_page(f"examples/{name}.md", "\n".join(page))
        lines.append(f"## [{title.removesuffix('.')}]({name}.md)\n")
        lines.append(f"{text.strip().split(chr(10) * 2)[0]}\n")
        lines.append(f"[![{title.removesuffix('.')}]({name}/{pictures[0].name})]({name}.md)\n")
    lines.append("## [A package with a method and a dataset](mia-example.md)\n")
    lines.append("A plug-in that can be installed, with its own tests.\n")
    write_page("examples/index.md", "\n".join(lines))


def _run(path: Path) -> Path:
    """Run an example in a folder of its own, unless it and the packages are unchanged."""
    scripts = [path.with_name(script) for script in SCRIPTS]
    key = digest(path, *scripts, *map(source, PACKAGES))
    done = CACHE / "examples" / f"{path.stem}-{key}"
    if done.is_dir():
        return done
    work = done.with_name(f"{done.name}.unfinished")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    started = time.perf_counter()
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    result = subprocess.run(
        [sys.executable, str(path)],
        cwd=work,
        env={**os.environ, "PATH": search, "COLUMNS": "100", "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode or not list(work.glob("*.png")):
        msg = (
            f"{path.name} ended with {result.returncode}, expected 0 and a picture: {result.stderr}"
        )
        raise RuntimeError(msg)
    print(f"{path.name}: {time.perf_counter() - started:.0f} s", flush=True)
    (work / "output").write_text(result.stdout, encoding="utf-8")
    work.rename(done)
    return done
