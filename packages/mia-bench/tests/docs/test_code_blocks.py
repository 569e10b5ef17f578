"""Every code block of the documentation: well formed, its commands known, and run.

What takes minutes is run with ``--slow`` alone, as `nox -s docs` does.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import inspect
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from mia_bench.cli.main import commands
from mia_bench.study.study_file import parse_study
from mia_data.cli.main import _parser

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
MODULES = ("mia_data", "mia_metrics", "mia_recon", "mia_ssl", "mia_bench", "mia_bench.testing")
# Pages whose blocks are done in a second or two.
QUICK = ("choose-threshold.md", "new-metric.md", "statistics.md", "packages/mia-metrics/README.md")


def neighbor(name):
    spec = importlib.util.spec_from_file_location(f"docs_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


code_blocks = neighbor("code_blocks")
ROOT, PAGES = code_blocks.ROOT, code_blocks.PAGES
if not (ROOT / "docs" / "mkdocs.yml").is_file():
    pytest.skip("the documentation is not beside the tests", allow_module_level=True)
BLOCKS = [block for page in PAGES for block in code_blocks.read_blocks(page)]


def of(*languages):
    chosen = [block for block in BLOCKS if block.language in languages]
    return pytest.mark.parametrize("block", chosen, ids=lambda block: block.place)


def test_every_fence_belongs_to_a_block_with_a_language():
    fences = sum(len(re.findall("^```", page.read_text("utf-8"), re.MULTILINE)) for page in PAGES)
    assert fences == 2 * len(BLOCKS)
    assert [b.place for b in BLOCKS if b.language not in code_blocks.LANGUAGES] == []


def test_no_block_is_only_indented():
    """Indented blocks have no language and would be passed over here."""
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        assert not re.search(r"^\n    (?!\s*([-*\d]|\S+ ))\S*", text, re.MULTILINE), page
        assert not re.search(r"\n\n    (python|pip|mia-)", text), page


def test_what_is_not_run_has_a_reason_or_a_test():
    for block in BLOCKS:
        if test := block.comments.get("tested by"):
            assert (ROOT / test).is_file(), block.place
        if "not run" in block.comments:
            assert len(block.comments["not run"]) > 10, block.place
        # Replacements fit, and text says nothing but what a command or an example prints.
        assert block.code_to_run


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_an_example(module):
    """In a block of a page, in a file of docs/examples or in its own docstring."""
    code = [block.code for block in BLOCKS if block.language == "python"]
    code += [path.read_text("utf-8") for path in (ROOT / "docs" / "examples").rglob("*.py")]
    shown = set(re.findall(r"\w+", "\n".join(code)))
    package = importlib.import_module(module)
    for name in set(package.__all__) - shown:
        assert ">>>" in (inspect.getdoc(getattr(package, name)) or ""), name


@of("python")
def test_python_can_be_compiled(block):
    ast.parse(block.code_to_run)


@of("toml")
def test_toml_can_be_read_and_study_files_have_known_keys(block):
    tree = tomllib.loads(block.code_to_run)
    if "project" not in tree:
        study = {"datasets": {"phantom": {}}, "methods": {"ae": {}}, **tree}
        parse_study(study, name="study")


@of("bash")
def test_commands_and_their_options_exist(block):
    for command in block.commands:
        words = shlex.split(command)
        if "mia-bench" in words:
            check_bench(words[words.index("mia-bench") + 1 :])
        elif words[0] == "mia-data":
            _parser().parse_args(words[1:])
        elif words[0].endswith("nox"):
            check_sessions(words)
        elif words[0].endswith("pip") and words[1] == "install":
            check_packages(block, words[2:])


def check_bench(arguments):
    if arguments and not arguments[0].startswith("-"):
        context = click.Context(commands, info_name="mia-bench")
        command = commands.get_command(context, arguments[0])
        assert command is not None, arguments
        command.make_context(arguments[0], arguments[1:], parent=context)


def check_sessions(words):
    source = (ROOT / "noxfile.py").read_text("utf-8")
    known = set(re.findall(r"^def (\w+)\(session", source, re.MULTILINE))
    stop = words.index("--") if "--" in words else len(words)
    asked = words[words.index("-s") + 1 : stop]
    assert {name.partition("(")[0] for name in asked} <= known, words


def check_packages(block, words):
    """Folders that are installed exist, and the extras that are named."""
    for word in words:
        name, _, extras = word.rstrip("]").partition("[")
        folder = (block.page.parent if name == "." else ROOT) / name
        if "/" not in name and name.startswith("mia-"):
            folder = ROOT / "packages" / name
        elif not (name == "." or "/" in name) or word.startswith(("-", "http")):
            continue
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        known = set(project.get("optional-dependencies", {}))
        assert {extra for extra in extras.split(",") if extra} <= known, block.place


def pages(*, quick):
    chosen = [page for page in PAGES if page.as_posix().endswith(QUICK) == quick]
    return pytest.mark.parametrize("page", chosen, ids=lambda p: p.relative_to(ROOT).as_posix())


@pages(quick=True)
def test_blocks_run_and_print_what_is_shown(page, tmp_path, monkeypatch):
    run_page(page, tmp_path, monkeypatch, {})


@pytest.mark.slow
@pages(quick=False)
def test_slow_blocks_run_and_print_what_is_shown(page, tmp_path, monkeypatch, root, made_up):
    run_page(page, tmp_path, monkeypatch, {"root": root, "made_up": made_up})


def run_page(page, folder, monkeypatch, fixtures):
    """Run a page's blocks one after another in one folder, Python in one namespace."""
    monkeypatch.chdir(folder)
    givens = neighbor("givens")
    names: dict[str, object] = {}
    printed = None
    for block in code_blocks.read_blocks(page):
        for given in block.givens:
            names |= givens.make(given, folder, fixtures)
        before, printed = printed, None
        if not block.is_run:
            continue
        if block.language == "python":
            out = io.StringIO()
            code = compile("\n" * block.line + block.code_to_run, str(block.page), "exec")
            with contextlib.redirect_stdout(out):
                exec(code, names)
            printed = out.getvalue()
        elif block.language == "bash":
            run_commands(block)
        elif block.language == "text" and before:
            # A text that follows an example is what it prints.
            assert block.code == before, block.place


def run_commands(block):
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in block.commands_to_run:
        done = subprocess.run(
            ["bash", "-c", command],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": search},
        )
        assert done.returncode == 0, f"{block.place}: {command}\n{done.stderr}"
