"""Building of datasets: going on after a stop, and what is never replaced."""

import json
import signal
import subprocess
import sys
import time

import pytest
from mia_data import (
    DataError,
    MissingDataError,
    MissingExtraError,
    UnknownNameError,
    load,
    prepare_dataset,
)
from PIL import Image


def _files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


def _prepare(source, root, **options):
    return prepare_dataset("rsna", source, root=root, progress=False, **options)


def test_a_second_run_writes_nothing(rsna_source, tmp_path):
    first = _prepare(rsna_source, tmp_path / "root")
    files = _files(first.folder)
    times = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")}
    second = _prepare(rsna_source, tmp_path / "root")
    assert (first.written, second.written) == (10, 0)
    assert second.counts == first.counts
    assert _files(second.folder) == files
    assert {path: path.stat().st_mtime_ns for path in second.folder.rglob("*")} == times


def test_the_number_of_threads_does_not_matter(rsna_source, tmp_path):
    made = [_prepare(rsna_source, tmp_path / str(n), workers=n) for n in (1, 5)]
    assert _files(made[0].folder) == _files(made[1].folder)


def test_a_file_that_is_missing_in_a_whole_set_is_made_again(rsna_source, tmp_path):
    made = _prepare(rsna_source, tmp_path)
    files = _files(made.folder)
    (made.folder / "images/n2.png").unlink()
    assert _prepare(rsna_source, tmp_path).written == 1
    assert _files(made.folder) == files


_KILLED = """
import os, signal, sys
from mia_data import prepare_dataset

left = int(sys.argv[3])

def sync(file):
    global left
    if left == 0:
        os.ftruncate(file, 100)
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1

os.fsync = sync
prepare_dataset("rsna", sys.argv[1], root=sys.argv[2], progress=False, workers=1)
"""


@pytest.mark.parametrize("written", [4, 9])
def test_a_killed_run_leaves_nothing_half_written_and_is_continued(rsna_source, tmp_path, written):
    root = tmp_path / "root"
    command = [sys.executable, "-c", _KILLED, rsna_source, root, str(written)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert [path.name for path in root.iterdir()] == [".RSNA-unfinished"]
    whole = list(root.glob(".RSNA-unfinished/images/[!.]*.png"))
    assert len(whole) == written
    for path in whole:
        with Image.open(path) as image:
            image.load()
    with pytest.raises(MissingDataError):
        load("rsna", "train", root=root)
    made = _prepare(rsna_source, root)
    assert made.written == 10 - written
    assert [path.name for path in root.iterdir()] == ["RSNA"]
    assert _files(made.folder) == _files(_prepare(rsna_source, tmp_path / "other").folder)


_TOGETHER = """
import sys, time
from mia_data import DataError, prepare_dataset
while time.time() < float(sys.argv[3]):
    pass
try:
    print(prepare_dataset("rsna", sys.argv[1], root=sys.argv[2], progress=False).written)
except DataError as error:
    print(error)
"""


def test_of_processes_at_once_one_writes_and_the_others_say_so(rsna_source, tmp_path):
    expected = _files(_prepare(rsna_source, tmp_path / "other").folder)
    start = str(time.time() + 3)
    command = [sys.executable, "-c", _TOGETHER, rsna_source, tmp_path / "root", start]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate() for process in processes]
    assert all(err == "" and out.count("\n") == 1 for out, err in outputs), outputs
    said = sorted(out.strip() for out, _ in outputs)
    assert said.count("10") == 1
    assert all(text in ("0", "10") or "another process writes to" in text for text in said), said
    assert _files(tmp_path / "root/RSNA") == expected
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["RSNA"]


def test_an_interrupted_run_is_continued(rsna_source, tmp_path, monkeypatch):
    def interrupt(progress, what, done, total):
        if done == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mia_data.prepare.progress.Progress.show", interrupt)
        with pytest.raises(KeyboardInterrupt):
            _prepare(rsna_source, tmp_path / "root", workers=1)
    done = list((tmp_path / "root/.RSNA-unfinished/images").iterdir())
    made = _prepare(rsna_source, tmp_path / "root")
    assert made.written == 10 - len(done)
    assert 3 <= len(done) < 9


@pytest.fixture
def unfinished(rsna_source, tmp_path):
    """The folder of a run that stopped at a damaged film, which is whole again."""
    path = rsna_source / "stage_2_train_images/o2.dcm"
    data = path.read_bytes()
    path.write_bytes(data[:200])
    with pytest.raises(DataError, match=r"1 of 9 images failed.*o2\.dcm"):
        _prepare(rsna_source, tmp_path / "root")
    path.write_bytes(data)
    return tmp_path / "root/.RSNA-unfinished"


def test_what_is_damaged_or_of_another_source_is_made_again(unfinished, rsna_source, tmp_path):
    images = unfinished / "images"
    (images / "n0.png").write_bytes((images / "n0.png").read_bytes()[:-30])
    (images / "n1.png").write_bytes((images / "n2.png").read_bytes())
    data = bytearray((images / "n3.png").read_bytes())
    data[len(data) // 2] ^= 1
    (images / "n3.png").write_bytes(data)
    (images / "o0.png").write_text("hello")
    (images / "left-over.png").write_text("of another split")
    made = _prepare(rsna_source, tmp_path / "root")
    assert made.written == 6  # these four, the film that was damaged, and data.json
    assert _files(made.folder) == _files(_prepare(rsna_source, tmp_path / "other").folder)


def test_a_changed_source_is_noticed(unfinished, rsna_source, tmp_path, write_dicom, rng):
    other = write_dicom(rng.integers(0, 256, (9, 9), dtype="u1"), name="other.dcm")
    (rsna_source / "stage_2_train_images/n0.dcm").write_bytes(other.read_bytes())
    assert _prepare(rsna_source, tmp_path / "root").written == 3


def test_a_set_that_is_there_is_never_replaced(rsna_source, tmp_path, one_line):
    made = _prepare(rsna_source, tmp_path)
    files = _files(made.folder)
    seed = next(s for s in range(1, 9) if _test_names(rsna_source, tmp_path, s) != _names(made))
    with pytest.raises(DataError, match=one_line("data.json is there with other content")):
        _prepare(rsna_source, tmp_path, seed=seed)
    assert _files(made.folder) == files
    (made.folder / "images/y.png").write_bytes(files[next(iter(files))])
    with pytest.raises(DataError, match=one_line("1 images that are not of this set", "y.png'")):
        _prepare(rsna_source, tmp_path)
    (made.folder / "images/y.png").unlink()
    Image.new("L", (8, 8)).save(made.folder / "images/n1.png")
    with pytest.raises(DataError, match=one_line("n1.png is there with other content")):
        _prepare(rsna_source, tmp_path)


def _names(made):
    return json.loads((made.folder / "data.json").read_text())["test"]["0"]


def _test_names(source, root, seed):
    return _names(_prepare(source, root / f"seed-{seed}", seed=seed))


def test_a_copy_that_is_there_with_other_content_is_not_replaced(lag_source, tmp_path, one_line):
    made = prepare_dataset("lag", lag_source, root=tmp_path, progress=False)
    first = sorted((made.folder / "images").iterdir())[0]
    first.write_bytes(first.read_bytes() + b"x")
    with pytest.raises(DataError, match=one_line(first.name, "other content")):
        prepare_dataset("lag", lag_source, root=tmp_path, progress=False)
    first.unlink()
    assert prepare_dataset("lag", lag_source, root=tmp_path, progress=False).written == 1


def test_hidden_files_of_an_empty_folder_are_kept(rsna_source, tmp_path):
    (tmp_path / "RSNA").mkdir()
    (tmp_path / "RSNA/.DS_Store").write_text("x")
    made = _prepare(rsna_source, tmp_path)
    assert made.written == 10
    assert (made.folder / ".DS_Store").read_text() == "x"


def test_what_cannot_be_written_is_one_line(rsna_source, tmp_path, monkeypatch, one_line):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=one_line("cannot write", "file/.RSNA-unfinished/.lock")):
        _prepare(rsna_source, tmp_path / "file")

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match=one_line("cannot write", "images/", "No space left")):
        _prepare(rsna_source, tmp_path / "root")
    assert [p.name for p in (tmp_path / "root").rglob("*") if p.is_file()] == [".lock"]


def test_without_pydicom_it_says_what_to_install(rsna_source, tmp_path, monkeypatch, one_line):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingExtraError, match=one_line("pip install 'mia-data[dicom]'")):
        _prepare(rsna_source, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "kind", "parts"),
    [
        (("braintumor", "."), UnknownNameError, ["'braintumor'", "rsna, vincxr", "camelyon16"]),
        (("phantom", "."), UnknownNameError, ["'phantom'"]),
        (("rnsa", "."), UnknownNameError, ["did you mean 'rsna'"]),
        (("rsna", "absent"), MissingDataError, ["absent", "does not exist"]),
    ],
)
def test_wrong_names_are_one_line(tmp_path, one_line, arguments, kind, parts):
    with pytest.raises(kind, match=one_line(*parts)):
        prepare_dataset(*arguments, root=tmp_path)


def test_wrong_numbers_are_one_line(rsna_source, tmp_path, one_line):
    for name, value in (("seed", -1), ("workers", 0), ("seed", 1.5)):
        with pytest.raises(DataError, match=one_line(f"expected {name} to be a whole number")):
            _prepare(rsna_source, tmp_path, **{name: value})


def test_progress_is_shown_on_stderr(rsna_source, tmp_path, capsys):
    prepare_dataset("rsna", rsna_source, root=tmp_path)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "images: 9 of 9"
