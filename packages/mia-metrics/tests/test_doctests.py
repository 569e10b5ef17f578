"""Every example in a docstring runs as shown; every public function has one."""

import doctest
import importlib
import inspect
import pkgutil

import mia_metrics as mm
import pytest

MODULES = sorted(module.name for module in pkgutil.walk_packages(mm.__path__, "mia_metrics."))
PUBLIC = {name: getattr(mm, name) for name in mm.__all__}
FUNCTIONS = sorted(name for name, value in PUBLIC.items() if inspect.isfunction(value))


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_has_an_example_its_errors_and_its_paper(name):
    text = inspect.getdoc(PUBLIC[name])
    for section in ("Raises:", "Examples:", ">>> "):
        assert section in text
    assert "Paper:" in text or name in ("image_metrics", "pixel_metrics")
