"""Runs on a real cluster of two nodes: one dies, folders that are fetched, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mia_bench.errors import StudyError
from mia_bench.execution.local import LocalExecutor
from mia_bench.run_folder.data_record import DataSource
from mia_bench.run_folder.folder import RunFolder, State
from mia_bench.study.executor_options import ExecutorOptions

ray = pytest.importorskip("ray", reason="ray has no wheel for this Python", exc_type=ImportError)
NODE = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": 80_000_000}
WAYS = [("auto", 1, "cuda"), ("auto", 0, "cpu"), ("cuda", 0.5, "cuda"), ("cpu", 1, "cpu")]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two nodes of one core each; the second may die."""
    from ray.cluster_utils import Cluster

    cache = tmp_path_factory.getbasetemp() / "cache"
    settings = {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_worker_niceness": "0",  # else they starve where something else is running
        "MIA_CACHE_DIR": str(cache),
        "OMP_NUM_THREADS": "1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        head = {**NODE, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            yield cluster
        finally:
            cluster.shutdown()


@pytest.fixture(scope="module")
def runs(small_runs):
    return small_runs(0, 1, 2, epochs=30)


@pytest.fixture(scope="module")
def local(cluster, runs, make_notes, tmp_path_factory):
    """The folder of the same runs, done by the local executor."""
    out = tmp_path_factory.mktemp("local")
    LocalExecutor(ExecutorOptions(), "cpu").run(runs, out, display=make_notes())
    return out


@pytest.fixture
def executor(cluster):
    """Make the executor of this cluster, joined until the test ends."""
    from mia_bench.execution.ray import open_ray

    with ExitStack() as stack:

        def make(**options):
            chosen = ExecutorOptions(name="ray", address=cluster.address, **options)
            return stack.enter_context(open_ray(chosen, "cpu"))

        yield make


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def assert_same_results(runs, out: Path, local: Path) -> None:
    for run in runs:
        ours, theirs = RunFolder(out / run.name), RunFolder(local / run.name)
        assert files(ours.path) == files(theirs.path)
        np.testing.assert_array_equal(ours.read_scores()[2], theirs.read_scores()[2])
        np.testing.assert_array_equal(np.load(ours.maps), np.load(theirs.maps))
        result, expected = ours.read_record(), theirs.read_record()
        for key in ("settings", "metrics", "intervals", "images", "losses"):
            assert getattr(result, key) == getattr(expected, key)


def kill_node(cluster, node):
    """Kill a node at once, so that it can say nothing."""
    cluster.remove_node(node, allow_graceful=False)


def kill_agents_and_node(cluster, node):
    """Kill a node's agents, which would tell of its end, and the node."""
    raylet, killed = node.all_processes["raylet"][0].process, 0
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = path.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            if (
                int(parent) == raylet.pid
                and b"agent" in path.joinpath("cmdline").read_bytes().lower()
            ):
                os.kill(int(path.name), signal.SIGKILL)
                killed += 1
    assert killed > 0
    kill_node(cluster, node)


def states_of(ends):
    return {name: end.state for name, end in ends.items()}


@pytest.mark.parametrize("kill", [kill_node, kill_agents_and_node])
def test_a_node_dies_and_the_results_are_those_of_the_local_executor(
    cluster, executor, runs, local, tmp_path, notes, wait_for, kill
):
    second = cluster.add_node(**NODE)
    on_ray = executor()
    on_ray.prepare(runs)
    out = tmp_path / "out"

    def kill_second_node():
        folders = [RunFolder(out / run.name) for run in runs]
        # With one core a node, two runs in flight are on both.
        wait_for(lambda: sum(folder.state() is State.RUNNING for folder in folders) == 2)
        kill(cluster, second)

    killer = threading.Thread(target=kill_second_node)
    killer.start()
    ends = on_ray.run(runs, out, display=notes)
    killer.join()
    assert notes.ends == states_of(ends) == {run.name: State.FINISHED for run in runs}
    logs = [RunFolder(out / run.name).log.read_text() for run in runs]
    assert sorted(log.count(" on cpu: {") for log in logs) == [1, 1, 2]  # one was tried again
    assert {path.name for path in out.iterdir()} == {"brats2021"}
    assert_same_results(runs, out, local)


def test_fetched_folders_are_those_of_the_local_executor(executor, runs, local, tmp_path, notes):
    run, held, _ = runs
    on_ray = executor(fetch=True)
    folder = RunFolder(tmp_path / held.name)
    folder.path.mkdir(parents=True)
    with folder.lock():  # as another process would that does it
        ends = on_ray.run([run, held], tmp_path, display=notes)
    assert states_of(ends) == {run.name: State.FINISHED, held.name: State.RUNNING}
    # Nothing but the lock's file, which some releases of filelock remove with the lock.
    assert files(folder.path) - {".lock"} == set()
    assert_same_results([run], tmp_path, local)


def test_a_run_fails_by_its_own_error_alone(executor, small_runs, tmp_path, notes):
    good, other = small_runs(0, 1, epochs=1)
    nowhere = DataSource(root=str(tmp_path / "nowhere"))
    bad = replace(other, dataset="braintumor", source=nowhere)
    on_ray = executor(fetch=True)
    ends = on_ray.run([bad, good], tmp_path / "out", display=notes)
    assert states_of(ends) == {bad.name: State.FAILED, good.name: State.FINISHED}
    folder = RunFolder(tmp_path / "out" / bad.name)
    assert "nowhere" in folder.read_failure().error
    assert "Traceback" in folder.log.read_text()
    assert notes.notes[bad.name] == ends[bad.name].note == folder.read_failure().error
    with pytest.raises(ValueError, match="nowhere"):  # as the first step of a study finds out
        on_ray.prepare([bad, good])


def test_ctrl_c_leaves_no_worker_and_the_study_goes_on_to_the_same_scores(
    cluster, runs, root, local, tmp_path, wait_for
):
    run = runs[0]
    study = tmp_path / "study.toml"
    study.write_text(
        f'[datasets.brats2021]\nroot = "{root}"\n'
        "[methods.ae]\nepochs = 30\noptions = { width = 4, hidden = 16 }\n"
        f'[executor]\nname = "ray"\naddress = "{cluster.address}"\n'
    )
    out = tmp_path / "out"
    # A shell's background jobs, and so these tests, may ignore Ctrl-C.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from mia_bench.cli import main; main()"
    )
    words = [sys.executable, "-c", program, "run", study, "--out", out, "--device", "cpu"]
    command = list(map(str, words))
    folder = RunFolder(out / run.name)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: folder.read_progress() is not None)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "run the same command again to go on" in said
    wait_for(lambda: folder.state() is not State.RUNNING)
    assert folder.state() is State.PENDING
    assert {path.name for path in out.iterdir()} == {"brats2021"}

    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert_same_results([run], out, local)


@pytest.mark.parametrize(("device", "gpus", "expected"), WAYS)
def test_the_device_follows_from_what_ray_gives(device, gpus, expected):
    from mia_bench.execution.ray import choose_device

    assert choose_device(device, gpus) == expected


@pytest.mark.parametrize(
    ("device", "gpus", "message"),
    [("cuda:1", 1, "Ray chooses which GPU"), ("cuda", 0, "gpus_per_run is 0"), ("tpu", 0, "'tpu'")],
)
def test_a_device_that_ray_does_not_give_is_refused(device, gpus, message):
    from mia_bench.execution.ray import choose_device

    with pytest.raises(StudyError, match=message):
        choose_device(device, gpus)


@pytest.mark.parametrize(
    "address", ["somewhere", "http://host:1", "127.0.0.1:1", "ray://127.0.0.1:1"]
)
def test_an_address_without_a_cluster_is_refused_at_once(address):
    from mia_bench.execution.ray import check_address

    with pytest.raises(StudyError, match=address):
        check_address(address)


def test_another_version_on_a_node_is_refused(small_runs):
    from mia_bench.execution.ray_worker import prepare

    with pytest.raises(StudyError, match=r"has mia-bench .*, the driver has 0\.0\.1"):
        prepare(small_runs(0, epochs=1), "cpu", "0.0.1")
