"""Archives from strangers: nothing is written outside the folder, nothing but files is written."""

import io
import tarfile

import pytest
from mia_data.errors import DataError
from mia_data.extract_archive import extract_tar


@pytest.fixture
def make_tar(tmp_path):
    def make(*members):
        path = tmp_path / "x.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for member in members:
                name, options = member if isinstance(member, tuple) else (member, {})
                info = tarfile.TarInfo(name)
                info.size = 3
                for key, value in options.items():
                    setattr(info, key, value)
                tar.addfile(info, io.BytesIO(b"abc"))
        return path

    return make


def test_files_and_folders_are_unpacked(tmp_path, make_tar):
    archive = make_tar("Set/a.txt", ("Set/in/b.txt", {"mode": 0o4777}))
    extract_tar(archive, tmp_path / "out")
    assert (tmp_path / "out" / "Set" / "in" / "b.txt").read_bytes() == b"abc"
    assert (tmp_path / "out" / "Set" / "in" / "b.txt").stat().st_mode & 0o7777 == 0o644


@pytest.mark.parametrize("has_filter", [True, False])
@pytest.mark.parametrize(
    "member",
    [
        "../evil",
        "Set/../../evil",
        "/evil",
        "C:/evil",
        "Set\\..\\evil",
        ("Set/link", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}),
        ("Set/link", {"type": tarfile.LNKTYPE, "linkname": "../evil"}),
        ("Set/pipe", {"type": tarfile.FIFOTYPE}),
        ("Set/device", {"type": tarfile.CHRTYPE}),
    ],
)
def test_anything_else_is_refused_before_a_byte_is_written(
    tmp_path, make_tar, monkeypatch, member, has_filter
):
    if not has_filter:  # Older Pythons.
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    archive = make_tar("Set/a.txt", member)
    with pytest.raises(DataError, match="expected only files and folders inside"):
        extract_tar(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["x.tar.gz"]


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path, make_tar, monkeypatch):
    monkeypatch.setenv("MIA_MAX_ARCHIVE_BYTES", "5")
    with pytest.raises(DataError, match="unpacks to 6 bytes or more, expected at most 5"):
        extract_tar(make_tar("a", "b"), tmp_path / "out")


@pytest.mark.parametrize("keep", [0, 0.1, 0.6])
def test_a_damaged_archive_is_named(tmp_path, make_tar, keep):
    archive = make_tar(*(f"Set/{i}" for i in range(50)))
    data = archive.read_bytes()
    archive.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(DataError, match=r"cannot unpack .*x\.tar\.gz"):
        extract_tar(archive, tmp_path / "out")


def test_an_archive_of_too_many_files_is_refused_before_it_is_read_whole(
    tmp_path, make_tar, monkeypatch
):
    monkeypatch.setenv("MIA_MAX_ARCHIVE_MEMBERS", "2")
    archive = make_tar("Set/a.txt", "Set/b.txt", "Set/c.txt", "../d.txt")  # the last is not reached
    with pytest.raises(DataError, match="to hold at most 2 files and folders, got more"):
        extract_tar(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_bytes_of_the_headers_are_counted_before_the_data_is_read(tmp_path):
    header = tarfile.TarInfo("Set/bomb.png")
    header.size = 1 << 40
    archive = tmp_path / "x.tar"
    archive.write_bytes(header.tobuf())  # 512 bytes that announce a terabyte
    with pytest.raises(DataError, match=f"unpacks to {1 << 40} bytes or more"):
        extract_tar(archive, tmp_path / "out")
