"""The page of licenses: of the packages that ours stand on, read from what is installed."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata

from places import PACKAGES, ROOT, table, write_page

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def write_license_page() -> None:
    """Write licenses.md."""
    users: dict[str, list[str]] = {}
    for package in PACKAGES:
        text = (ROOT / "packages" / package / "pyproject.toml").read_text(encoding="utf-8")
        project = tomllib.loads(text)["project"]
        extras = project.get("optional-dependencies", {})
        needs = [(need, package) for need in project["dependencies"]]
        needs += [(n, f"{package}[{extra}]") for extra, each in extras.items() for n in each]
        for need, user in needs:
            name = re.split(r"[\[=<>~!; ]", need)[0]
            if name not in PACKAGES:
                users.setdefault(name, []).append(user)
    rows = [[name, _license(name), ", ".join(users[name])] for name in sorted(users)]
    write_page(
        "licenses.md",
        "# Licenses of what is used\n\n"
        "The five packages have the MIT license. They stand on these packages, each with a license"
        " of its own, as its metadata says:\n\n"
        f"{table(['package', 'license', 'used by'], rows)}\n"
        "Weights and images have terms of their own: torchvision's documentation names those of its"
        " weights, [each dataset's page](datasets/index.md) those of the images.\n",
    )


def _license(name: str) -> str:
    """Return what a package's metadata says: an expression, a classifier, or a first line."""
    try:
        facts = metadata(name)
    except PackageNotFoundError:
        return "not installed where this page was built"
    if expression := facts.get("License-Expression"):
        return str(expression)
    kinds = [c for c in facts.get_all("Classifier") or [] if c.startswith("License ::")]
    if kinds:
        return ", ".join(kind.rpartition(" :: ")[2] for kind in kinds)
    said = str(facts.get("License") or "UNKNOWN").splitlines()[0].replace("|", "\\|")
    return "not stated in its metadata" if said == "UNKNOWN" else said
