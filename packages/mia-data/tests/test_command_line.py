"""The program ends in one line and with the code of the signal, whenever it is interrupted."""

from __future__ import annotations

import os
import signal
import sys
from types import SimpleNamespace

import pytest
from mia_data import command_line

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM for a process")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_of_the_start_is_one_line(number, code, monkeypatch, capsys):
    class Loading:
        """A module that is being imported when the signal comes."""

        def __getattr__(self, name):
            signal.raise_signal(number)
            raise AttributeError(name)

    monkeypatch.setitem(sys.modules, "mia_data.cli", Loading())
    assert command_line.main([]) == code
    assert capsys.readouterr().err == "mia-data: interrupted\n"


def test_the_code_of_the_program_is_handed_on(monkeypatch):
    monkeypatch.setitem(sys.modules, "mia_data.cli", SimpleNamespace(main=len))
    assert command_line.main(["list", "--json"]) == 2
