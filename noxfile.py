"""The only entry to the project's checks: ``nox`` runs lint, typecheck and tests."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "typecheck", "tests"]
# The tests start hundreds of processes: without bytecode each would compile PyTorch's modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

ROOT = Path(__file__).parent
# What each package stands on; mia-bench comes with its siblings, the others alone.
PACKAGES = {
    "mia-data": [],
    "mia-metrics": [],
    "mia-recon": [],
    "mia-ssl": [],
    "mia-bench": ["mia-data", "mia-metrics", "mia-recon", "mia-ssl"],
}
# Both ship the training engine as files of their own; it is edited in the first.
ENGINE_PACKAGES = ("mia-recon", "mia-ssl")
package = nox.parametrize("package", [nox.param(name, id=name) for name in PACKAGES])


@nox.session
@package
def tests(session: nox.Session, package: str) -> None:
    """Each package's tests, beside nothing but its wheel, its dependencies and its test group."""
    install_alone(session, package)
    run_tests(session, package)


@nox.session(default=False, venv_backend="uv")
@package
def lowest(session: nox.Session, package: str) -> None:
    """The same with the lowest releases that the package declares, which uv can choose."""
    install_alone(session, package, "--resolution=lowest-direct")
    run_tests(session, package)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, one version for all five packages, one training engine in two of them."""
    check_versions(session)
    check_engine(session)
    session.install("ruff==0.17.*")  # another minor version formats otherwise
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")


@nox.session(default=False, venv_backend="none")
def sync(session: nox.Session) -> None:
    """Copy the training engine into mia-ssl, write tables of methods and public names anew."""
    for path, content in engine_copies().items():
        if content is None:
            path.unlink()
        elif not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    python = everything(session) / "python"
    for name in ENGINE_PACKAGES:
        module = name.replace("-", "_")
        table = ROOT / "packages" / name / "src" / module / "method_table.json"
        session.run(str(python), "-m", f"{module}.method_table", str(table), external=True)
    names = ROOT / "packages" / "mia-bench" / "tests" / "public_names"
    session.run(str(python), str(names / "list_names.py"), str(names), external=True)


@nox.session
def typecheck(session: nox.Session) -> None:
    """Types of all five packages, with the libraries they stand on at hand."""
    session.install("mypy>=1.14")
    python = everything(session) / "python"
    for name in PACKAGES:
        session.run("mypy", f"--python-executable={python}", f"packages/{name}/src")


@nox.session(default=False, venv_backend="none")
def bench(session: nox.Session) -> None:
    """The main job on the embedded default: a study, its leaderboard and its page."""
    command = everything(session) / "mia-bench"
    session.run(str(command), "run", *session.posargs, external=True)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """The site in build/site, then every block of code in its pages; `-- pages`: the site alone."""
    # Ruff breaks long signatures into lines.
    session.install("mkdocs<2", "mkdocs-material>=9.6", "mkdocstrings[python]>=1", "ruff")
    python = everything(session) / "python"
    home = ROOT / "docs"
    session.run(str(python), str(home / "site"), external=True)
    # mkdocs 1 announces on every start what mkdocs 2 will change.
    quiet = {"NO_MKDOCS_2_WARNING": "1"}
    session.run("mkdocs", "build", "--strict", "-f", str(home / "mkdocs.yml"), env=quiet)
    session.run("python", str(home / "site" / "check_site.py"))
    if session.posargs != ["pages"]:
        blocks = ROOT / "packages" / "mia-bench" / "tests" / "docs"
        command = (str(python), "-m", "pytest", "--import-mode=importlib", "--slow", str(blocks))
        session.run(*command, *session.posargs, external=True)


@nox.session(default=False, venv_backend="none")
def conformance(session: nox.Session) -> None:
    """Each rule of the detector contract for each method of ours, the slow ones too."""
    python = everything(session) / "python"
    workers, threads = share_processors()
    session.run(
        *(str(python), "-m", "pytest", "--import-mode=importlib", "--slow"),
        *("-n", str(workers), "--dist=loadgroup", "packages/mia-bench/tests/testing"),
        *("-rs", "-o", "tmp_path_retention_policy=failed", *session.posargs),
        env=threads,
        external=True,
    )


@nox.session(default=False)
def formats(session: nox.Session) -> None:
    """Every kind of image file against a second reader; docs/formats.md is written anew."""
    data = ROOT / "packages" / "mia-data"
    own = nox.project.load_toml(data / "pyproject.toml")
    group = nox.project.dependency_groups(own, "test")
    session.install("-e", f"{data}[dicom,nifti]", *group)
    session.run("python", str(ROOT / "benchmarks" / "formats"))


@nox.session(default=False, venv_backend="none")
def pacs(session: nox.Session) -> None:
    """Results of a DICOM series stored in, found in and retrieved from Orthanc on loopback."""
    # Debian puts servers where only root looks for programs.
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    server = shutil.which("Orthanc", path=search)
    programs = ("storescu", "findscu", "movescu", "dciodvfy")
    missing = [] if server else ["Orthanc"]
    missing += [name for name in programs if not shutil.which(name)]
    if server is None or missing:
        session.skip(
            f"{', '.join(missing)} not installed: apt-get install orthanc dcmtk dicom3tools"
        )
    python = everything(session) / "python"
    session.run(str(python), str(ROOT / "benchmarks" / "pacs"), server, external=True)


@nox.session(default=False, venv_backend="none")
def robustness(session: nox.Session) -> None:
    """Damaged files, kills and full disks; docs/reliability.md is written anew."""
    python = everything(session) / "python"
    attack = str(ROOT / "benchmarks" / "robustness")
    session.run(str(python), attack, *session.posargs, external=True)


@nox.session(default=False)
def onnx(session: nox.Session) -> None:
    """The example script beside numpy, Pillow and onnxruntime alone, against mia-bench score."""
    session.install("numpy", "pillow", "onnxruntime")
    where = "import sys, sysconfig; print(sys.executable); print(sysconfig.get_path('purelib'))"
    bare, packages = str(session.run("python", "-c", where, silent=True)).split()[-2:]
    size = sum(path.stat().st_size for path in Path(packages).rglob("*") if path.is_file())
    session.log(f"numpy, Pillow and onnxruntime take {size / 1e6:.0f} MB")
    python = everything(session) / "python"
    tests = ROOT / "packages" / "mia-bench" / "tests" / "export" / "test_score_folder_onnx.py"
    session.run(
        *(str(python), "-m", "pytest", "--import-mode=importlib", str(tests), *session.posargs),
        env={"MIA_BARE_PYTHON": bare},
        external=True,
    )


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """The pages in the system's own headless Chromium; nothing but Playwright is downloaded."""
    programs = ("chromium", "chromium-browser", "google-chrome")
    if not any(map(shutil.which, programs)):
        session.skip(f"none of {', '.join(programs)} is installed: apt-get install chromium")
    bench = ROOT / "packages" / "mia-bench"
    own = nox.project.load_toml(bench / "pyproject.toml")
    session.install(*nox.project.dependency_groups(own, "browser"))
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    # Playwright lies beside the shared environment, which holds what mia-bench declares only.
    beside = session.run("python", "-c", where, silent=True)
    python = everything(session) / "python"
    session.run(
        *(str(python), "-m", "pytest", "--import-mode=importlib", str(bench / "tests" / "browser")),
        *session.posargs,
        env={"PYTHONPATH": str(beside).strip()},
        external=True,
    )


@nox.session(default=False)
def build(session: nox.Session) -> None:
    """Sdists and wheels in dist/; each wheel works alone in an empty environment."""
    build_packages(session, session.posargs or list(PACKAGES))
    for name in session.posargs or PACKAGES:
        check_wheel(session, name)


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """`-- 0.2.0` sets the version everywhere; builds what would be uploaded, and uploads nothing.

    Each wheel is tried on the oldest and the newest Python of this machine that can have it.
    """
    for version in session.posargs:
        set_version(session, version)
    check_versions(session)
    build_packages(session, list(PACKAGES))
    for python in oldest_and_newest(session):
        for name in PACKAGES:
            check_wheel(session, name, python)
    for path in sorted(ROOT.glob("dist/*")):
        session.log(f"{path.name}, {path.stat().st_size} bytes")


def run_tests(session: nox.Session, name: str) -> None:
    """A package's tests, on the processors that are there."""
    shared = os.environ.get("MIA_TEST_SHARED", str(ROOT.parent / "shared"))
    workers, threads = share_processors()
    session.run(
        *("pytest", "--import-mode=importlib", f"packages/{name}/tests"),
        # A file's tests share what it has prepared, so that files are what is spread. They keep
        # their order: the longest are not those with the most tests.
        *("-n", str(workers), "--dist=loadfile", "--no-loadscope-reorder"),
        # Folders of tests that passed are removed at once: those of mia-bench hold gigabytes.
        *("-rs", "-o", "tmp_path_retention_policy=failed", *session.posargs),
        env={"MIA_TEST_SHARED": shared, **threads},
    )


def share_processors() -> tuple[int, dict[str, str]]:
    """Return how many processes test at once, and variables that give each its own processors.

    With a thread for every processor in each of them, they would take two thirds more time of the
    processors for the same tests.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = min(cores or 1, 4)
    threads = os.environ.get("OMP_NUM_THREADS", str((cores or 1) // workers))
    # Waiting threads sleep instead of spinning: tests stay fast on a busy machine.
    return workers, {"OMP_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE"}


def install_alone(session: nox.Session, name: str, *options: str) -> None:
    """Install a package's wheel with its siblings' and its test group, and nothing else.

    The environment is made anew when the package declares other dependencies than it did when the
    environment was made, so that one which is no longer declared is no longer there.
    """
    projects = [ROOT / "packages" / part for part in [name, *PACKAGES[name]]]
    declared = b"".join((path / "pyproject.toml").read_bytes() for path in projects)
    digest = hashlib.sha256(declared).hexdigest()
    stamp = Path(session.virtualenv.location, "declared")
    if stamp.exists() and stamp.read_text() != digest:
        shutil.rmtree(session.virtualenv.location)
        session.virtualenv.create()
    # All local packages in one call: a sibling is never looked for in an index.
    own = nox.project.load_toml(projects[0] / "pyproject.toml")
    group = nox.project.dependency_groups(own, "test")
    again = [f"--reinstall-package={path.name}" for path in projects]
    again = again if session.venv_backend == "uv" else []
    session.install(*options, *again, *map(str, projects), *group)
    stamp.write_text(digest)


def everything(session: nox.Session) -> Path:
    """Programs of the environment that holds all five packages: that of mia-bench's tests.

    An environment with torch takes gigabytes, so the sessions that need all of it share one.
    """
    session.run_install(
        *(sys.executable, "-m", "nox", "--install-only", "--session", "tests(mia-bench)"),
        external=True,
    )
    return session.env_dir.parent / "tests-mia-bench" / ("Scripts" if os.name == "nt" else "bin")


def engine_copies() -> dict[Path, bytes | None]:
    """Return what mia-ssl's files of the training engine must hold; None for one too many."""
    source, target = (ROOT / "packages" / name for name in ENGINE_PACKAGES)
    own, other = (name.replace("-", "_") for name in ENGINE_PACKAGES)
    copies: dict[Path, bytes | None] = {}
    for part, copy in (
        (source / "src" / own / "_engine", target / "src" / other / "_engine"),
        (source / "tests" / "engine", target / "tests" / "engine"),
    ):
        copies.update(dict.fromkeys(copy.rglob("*.py")))
        for path in part.rglob("*.py"):
            content = path.read_bytes().replace(own.encode(), other.encode())
            copies[copy / path.relative_to(part)] = content
    return copies


def check_engine(session: nox.Session) -> None:
    """Stop at the first file of the training engine that differs between the two packages."""
    for path, content in sorted(engine_copies().items()):
        if (path.read_bytes() if path.is_file() else None) != content:
            home = ENGINE_PACKAGES[0]
            session.error(
                f"{path.relative_to(ROOT)} differs from the engine of {home}: "
                f"change it in packages/{home}, then run nox -s sync"
            )


def check_versions(session: nox.Session) -> None:
    """One version everywhere, and siblings pinned to it."""
    projects = {
        name: nox.project.load_toml(ROOT / "packages" / name / "pyproject.toml")["project"]
        for name in PACKAGES
    }
    versions = {name: project["version"] for name, project in projects.items()}
    if len(set(versions.values())) != 1:
        session.error(f"expected one version for all packages, got {versions}")
    for name, siblings in PACKAGES.items():
        needs = [re.sub(r"\[.*?\]", "", need) for need in projects[name]["dependencies"]]
        pins = sorted(need for need in needs if re.split("[=<>~ ;]", need)[0] in PACKAGES)
        expected = sorted(f"{sibling}=={versions[sibling]}" for sibling in siblings)
        if pins != expected:
            session.error(f"expected {name} to depend on {expected}, got {pins}")


def build_packages(session: nox.Session, names: list[str]) -> None:
    """Build sdists and wheels of packages and their siblings in dist/, and check their texts."""
    session.install("build[uv]", "twine")
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    for name in names:
        for part in [name, *PACKAGES[name]]:
            if not wheel_of(part):
                where = (f"packages/{part}", "--outdir", "dist")
                session.run("python", "-m", "build", "--installer", "uv", *where, silent=True)
    session.run("twine", "check", "--strict", *map(str, ROOT.glob("dist/*")))


def set_version(session: nox.Session, version: str) -> None:
    """Write a version into all projects, their pins of siblings, and docs/CITATION.cff."""
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        session.error(f"expected a version such as 0.2.0 or 0.2.0rc1, got {version!r}")
    siblings = "|".join(PACKAGES)
    for name in PACKAGES:
        path = ROOT / "packages" / name / "pyproject.toml"
        text = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', path.read_text("utf-8"))
        text = re.sub(rf'"((?:{siblings})(?:\[.*?\])?)==.*?"', rf'"\1=={version}"', text)
        path.write_text(text)
    path = ROOT / "docs" / "CITATION.cff"
    path.write_text(re.sub(r"(?m)^version: .*$", f"version: {version}", path.read_text("utf-8")))


def oldest_and_newest(session: nox.Session) -> list[str]:
    """Return the oldest and the newest released Python that this machine has, from 3.10 on."""
    command = ("uv", "python", "list", "--only-installed", "--output-format", "json")
    # pyenv hides all versions but the chosen one behind programs that fail.
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    path = os.pathsep.join([*map(str, pyenv.glob("versions/*/bin")), os.environ["PATH"]])
    # Its warnings are of interpreters that it cannot use.
    quiet = {"silent": True, "stderr": subprocess.DEVNULL, "external": True}
    listed = json.loads(str(session.run(*command, env={"PATH": path}, **quiet)))
    found = {
        (each["version_parts"]["major"], each["version_parts"]["minor"]): each["path"]
        for each in listed
        if each["implementation"] == "cpython"
        and re.fullmatch(r"[\d.]+", each["version"])
        and "shims" not in Path(each["path"]).parts
    }
    usable = sorted(version for version in found if version >= (3, 10))
    return [found[version] for version in dict.fromkeys([usable[0], usable[-1]])]


def wheel_of(name: str) -> Path | None:
    """Return a package's wheel in dist/, if it has been built."""
    return next(ROOT.glob(f"dist/{name.replace('-', '_')}-*.whl"), None)


def check_wheel(session: nox.Session, name: str, interpreter: str = sys.executable) -> None:
    """Install a wheel into an empty environment, use its public names and its console scripts."""
    home = Path(session.create_tmp(), name)
    session.run("uv", "venv", "--quiet", "--clear", "--python", interpreter, str(home))
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    python = str(programs / "python")
    wheels = [str(wheel_of(part)) for part in [name, *PACKAGES[name]]]
    session.run("uv", "pip", "install", "--quiet", "--python", python, *wheels)
    module = name.replace("-", "_")
    alone = f"""
import importlib.metadata, sys, {module}
assert "torch" not in sys.modules, "importing {module} alone must not import torch"
assert all(hasattr({module}, name) for name in {module}.__all__)
names = {{dist.metadata["Name"].lower() for dist in importlib.metadata.distributions()}}
allowed = {{"{name}", *{PACKAGES[name]}}}
assert not {{n for n in names if n.startswith("mia-")}} - allowed, names
assert "{name}" not in {{"mia-data", "mia-metrics"}} or "torch" not in names, names
"""
    session.run(python, "-c", alone, external=True)
    project = nox.project.load_toml(ROOT / "packages" / name / "pyproject.toml")["project"]
    for script in project.get("scripts", {}):
        session.run(str(programs / script), "--version", external=True)
    shutil.rmtree(home)
