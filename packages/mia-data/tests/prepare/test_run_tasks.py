"""Threads that run the steps of a plan."""

import threading

import pytest
from mia_data.errors import DataError, MissingExtraError
from mia_data.prepare.progress import Progress
from mia_data.prepare.run_tasks import run_all
from mia_data.prepare.tasks import WriteError

QUIET = Progress(shown=False)


def test_results_come_in_the_order_of_the_items():
    late = threading.Event()

    def work(number):
        if number == 0:
            assert late.wait(100)
        if number == 3:
            late.set()
        return number * 2

    assert run_all("files", work, range(4), workers=4, progress=QUIET) == [0, 2, 4, 6]
    assert run_all("files", work, [], workers=4, progress=QUIET) == []


def test_all_items_are_tried_and_the_first_failures_are_named():
    tried = []

    def work(number):
        tried.append(number)
        if number % 2:
            msg = f"no {number}"
            raise DataError(msg)

    with pytest.raises(DataError) as caught:
        run_all("files", work, range(12), workers=3, progress=QUIET)
    assert str(caught.value) == "6 of 12 files failed: no 1; no 3; no 5; and 3 more"
    assert sorted(tried) == list(range(12))


@pytest.mark.parametrize("kind", [WriteError, MissingExtraError])
def test_what_fails_for_all_stops_at_once(kind):
    tried = []

    def work(number):
        tried.append(number)
        msg = "disk full"
        raise kind(msg)

    with pytest.raises(kind, match="disk full"):
        run_all("files", work, range(1000), workers=2, progress=QUIET)
    assert len(tried) <= 2


def test_progress_is_one_line_on_a_terminal_and_about_ten_elsewhere(capsys, monkeypatch):
    progress = Progress(shown=True)
    for done in range(1, 1001):
        progress.show("files", done, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) <= 11
    assert lines[-1] == "files: 1000 of 1000"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for done in (1, 2, 3):
        progress.show("files", done, 3)
    assert capsys.readouterr().err == "\rfiles: 1 of 3\rfiles: 2 of 3\rfiles: 3 of 3\n"
    Progress(shown=False).show("files", 1, 1)
    assert capsys.readouterr().err == ""
