"""An Orthanc server on this machine's loopback, and dcmtk's clients for it."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 60
_SERVER, _CLIENT = "ORTHANC", "MIA"


@dataclass(frozen=True)
class Orthanc:
    """A running server.

    Attributes:
        port: Its DICOM port on 127.0.0.1.
        client_port: The port that it sends to what a client retrieves.
    """

    port: int
    client_port: int

    def store(self, folder: Path) -> None:
        """Send all DICOM files in and below a folder (C-STORE)."""
        files = sorted(map(str, folder.rglob("*.dcm")))
        self._call("storescu", "--required", files=files)

    def find(self, folder: Path, **keys: str) -> list[Path]:
        """Return the answers to a query for series (C-FIND), each as a file in a new folder."""
        folder.mkdir()
        pairs = [part for key, value in keys.items() for part in ("-k", f"{key}={value}")]
        level = ["-k", "QueryRetrieveLevel=SERIES"]
        self._call("findscu", "-S", "--extract", "--output-directory", str(folder), *level, *pairs)
        return sorted(folder.iterdir())

    def retrieve(self, folder: Path, study: str, series: str) -> list[Path]:
        """Retrieve a series (C-MOVE) into a new folder."""
        folder.mkdir()
        keys = {
            "QueryRetrieveLevel": "SERIES",
            "StudyInstanceUID": study,
            "SeriesInstanceUID": series,
        }
        pairs = [part for key, value in keys.items() for part in ("-k", f"{key}={value}")]
        receive = ["--move", _CLIENT, "--port", str(self.client_port)]
        self._call("movescu", "-S", *receive, "-od", str(folder), *pairs)
        return sorted(folder.iterdir())

    def _call(self, program: str, *options: str, files: list[str] | None = None) -> None:
        where = ["--aetitle", _CLIENT, "--call", _SERVER, "127.0.0.1", str(self.port)]
        command = [program, *options, *where, *(files or [])]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        if found.returncode:
            msg = f"{program} ended with {found.returncode}: {found.stderr.strip()}"
            raise RuntimeError(msg)


@contextmanager
def run_orthanc(program: str, folder: Path) -> Iterator[Orthanc]:
    """Run Orthanc with its files in a new folder, until the block ends."""
    folder.mkdir()
    port, client_port = _free_ports(2)
    settings = {
        "Name": "test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "DicomAet": _SERVER,
        "DicomPort": port,
        # It has no setting for the address that it listens at; it refuses peers of other machines.
        "DicomCheckModalityHost": True,
        "DicomAlwaysAllowStore": False,
        "DicomAlwaysAllowEcho": False,
        "DicomAlwaysAllowFind": False,
        "DicomAlwaysAllowMove": False,
        "DicomModalities": {"mia": [_CLIENT, "127.0.0.1", client_port]},
        "DicomCheckCalledAet": True,
        "HttpServerEnabled": False,
        "RemoteAccessAllowed": False,
        "Plugins": [],
    }
    (folder / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")
    with (folder / "orthanc.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [program, str(folder / "orthanc.json")], stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, port, folder / "orthanc.log")
            yield Orthanc(port, client_port)
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    msg = f"Orthanc does not answer: {log.read_text(encoding='utf-8')[-500:]}"
    raise RuntimeError(msg)
