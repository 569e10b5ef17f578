"""download() against a server on this machine."""

import dataclasses
import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import mia_data
import pytest
from mia_data import DataError
from mia_data.dataset_info import Archive
from mia_data.known_datasets import DATASETS


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    """A folder and the address under which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{http.server_address[1]}"
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def braintumor_archive(server, json_dataset, monkeypatch):
    """BrainTumor.tar.gz on the server, registered with its true MD5."""
    import tarfile

    folder, address = server
    archive = folder / "BrainTumor.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(json_dataset, "BrainTumor")

    def register(md5=None):
        right = hashlib.md5(archive.read_bytes()).hexdigest()
        row = DATASETS["braintumor"]
        described = Archive(f"{address}/BrainTumor.tar.gz", md5 or right, 1)
        info = dataclasses.replace(row.info, archive=described)
        monkeypatch.setitem(DATASETS, "braintumor", dataclasses.replace(row, info=info))

    register()
    return archive, register


def _left(root):
    return sorted(path.name for path in root.iterdir()) if root.exists() else []


def test_a_download_can_be_loaded_and_leaves_only_the_dataset(tmp_path, braintumor_archive):
    root = tmp_path / "new" / "root"
    assert mia_data.download("brain", root, progress=False) == root / "BrainTumor"
    assert mia_data.load("braintumor", "train", root=root).ids == ("a", "b", "c")
    assert _left(root) == ["BrainTumor"]


def test_a_dataset_that_is_there_is_left_alone(tmp_path, braintumor_archive):
    archive, _ = braintumor_archive
    mia_data.download("brain", tmp_path / "r", progress=False)
    archive.unlink()  # A second download would fail.
    assert mia_data.download("brain", tmp_path / "r", progress=False).is_dir()


def test_an_empty_folder_is_no_dataset_and_is_filled(tmp_path, braintumor_archive):
    root = tmp_path / "new"
    (root / "BrainTumor").mkdir(parents=True)
    mia_data.download("braintumor", root, progress=False)
    assert len(mia_data.load("braintumor", "train", root=root)) == 3
    assert _left(root) == ["BrainTumor"]


def test_a_folder_of_hidden_files_only_is_no_dataset_and_is_filled(tmp_path, braintumor_archive):
    folder = tmp_path / "new" / "BrainTumor"
    folder.mkdir(parents=True)
    (folder / ".DS_Store").touch()
    assert mia_data.download("braintumor", folder.parent, progress=False) == folder
    assert _left(folder) == [".DS_Store", "data.json", "images"]
    assert _left(folder.parent) == ["BrainTumor"]


def test_the_archive_is_kept_on_request_and_used_again(tmp_path, braintumor_archive):
    archive, _ = braintumor_archive
    folder = mia_data.download("brain", tmp_path / "r", progress=False, keep_archive=True)
    assert _left(tmp_path / "r") == ["BrainTumor", "BrainTumor.tar.gz"]
    archive.unlink()
    folder.rename(tmp_path / "moved")
    assert mia_data.download("brain", tmp_path / "r", progress=False).is_dir()


def test_a_partial_archive_in_the_root_is_not_taken_for_a_whole_one(tmp_path, braintumor_archive):
    archive, _ = braintumor_archive
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "BrainTumor.tar.gz").write_bytes(archive.read_bytes()[:500])
    mia_data.download("brain", tmp_path / "r", progress=False)
    assert len(mia_data.load("brain", "test", root=tmp_path / "r")) == 4


def test_a_wrong_md5_leaves_nothing(tmp_path, braintumor_archive):
    _, register = braintumor_archive
    register(md5="0" * 32)
    with pytest.raises(
        DataError, match=r"cannot download http://127.*BrainTumor\.tar\.gz.*MD5|hash"
    ):
        mia_data.download("brain", tmp_path / "r", progress=False)
    assert _left(tmp_path / "r") == []


def test_a_missing_file_on_the_server_leaves_nothing(tmp_path, braintumor_archive):
    archive, _ = braintumor_archive
    archive.unlink()
    with pytest.raises(DataError, match="404"):
        mia_data.download("brain", tmp_path / "r", progress=False)
    assert _left(tmp_path / "r") == []


def test_an_archive_of_something_else_leaves_no_dataset(tmp_path, braintumor_archive):
    import tarfile

    archive, register = braintumor_archive
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(__file__, "Other/file.txt")
    register()
    with pytest.raises(DataError, match="does not hold the folder BrainTumor"):
        mia_data.download("brain", tmp_path / "r", progress=False)
    assert _left(tmp_path / "r") == ["BrainTumor.tar.gz"]


def test_a_hostile_archive_leaves_no_dataset(tmp_path, braintumor_archive):
    import io
    import tarfile

    archive, register = braintumor_archive
    with tarfile.open(archive, "w:gz") as tar:
        info = tarfile.TarInfo("BrainTumor/../../evil")
        tar.addfile(info, io.BytesIO())
    register()
    with pytest.raises(DataError, match=r"holds 'BrainTumor/\.\./\.\./evil'"):
        mia_data.download("brain", tmp_path / "r", progress=False)
    assert _left(tmp_path / "r") == ["BrainTumor.tar.gz"]
    assert not (tmp_path / "evil").exists()


def test_isic_says_where_to_get_it_and_phantom_that_there_is_nothing(tmp_path):
    with pytest.raises(DataError, match=r"challenge\.isic-archive\.com.*unpack the four archives"):
        mia_data.download("isic", tmp_path)
    with pytest.raises(DataError, match="is drawn"):
        mia_data.download("phantom", tmp_path)


def test_a_root_that_cannot_be_made_is_named(tmp_path, braintumor_archive):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=f"cannot write braintumor to {tmp_path}/file/in"):
        mia_data.download("brain", tmp_path / "file" / "in", progress=False)
