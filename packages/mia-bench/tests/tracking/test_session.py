"""A tracker that fails never costs a run."""

from __future__ import annotations

from mia_bench.execution.execute import execute
from mia_bench.run_folder.folder import RunFolder, State


class Fails:
    """A tracker whose server is lost after the first epoch."""

    def begin(self, run, folder):
        return self

    def epoch(self, number, values):
        if number > 1:
            msg = "the server is lost"
            raise ConnectionError(msg)

    def finish(self, metrics):
        msg = "told after it was given up"
        raise AssertionError(msg)


def test_a_tracker_that_fails_costs_no_run(run, root, tmp_path):
    assert execute(run, tmp_path, "cpu", [Fails()]) is State.FINISHED
    log = RunFolder(tmp_path / run.name).log.read_text()
    assert log.count("the server is lost") == 1
    assert "the run goes on without this tracking" in log
    assert "told after it was given up" not in log
