"""What DICOM files say of their patients reaches no output, cache, log or message.

Recognizable texts stand in all elements that name a patient, a person, a place or a date.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import hmac
import json
import tempfile
import zipfile

import mia_bench
import numpy as np
import pytest
from mia_bench.cli import main

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("highdicom")
nibabel = pytest.importorskip("nibabel")

PLANTED = {
    "PatientName": "QUOKKANAME^QUOKKAFIRST",
    "PatientID": "QUOKKAID",
    "OtherPatientIDs": "QUOKKAOTHER",
    "PatientBirthDate": "18881213",
    "PatientAge": "111Y",
    "PatientAddress": "QUOKKASTREET",
    "PatientComments": "QUOKKACOMMENT",
    "InstitutionName": "QUOKKACLINIC",
    "InstitutionAddress": "QUOKKATOWN",
    "StationName": "QUOKKASTATION",
    "ReferringPhysicianName": "QUOKKADOCTOR^A",
    "OperatorsName": "QUOKKAOPERATOR",
    "AccessionNumber": "QUOKKAACC",
    "StudyID": "QUOKKASTUDY",
    "StudyDescription": "QUOKKADESC",
    "StudyDate": "18990203",
    "SeriesDate": "18990204",
    "AcquisitionDate": "18990205",
    "ContentDate": "18990206",
}
DATES = (b"18881213", b"1899020", b"1888-12-13", b"1899-02-0")
FIT = (
    *("--method", "ae", "--image-size", 32, "--epochs", 1, "--no-holdout", "--device", "cpu"),
    *("--option", "width=4", "--option", "hidden=32", "--option", "latent=4"),
)


def secrets_in(data: bytes) -> list[bytes]:
    texts = [data, data.decode("latin1").encode("utf-16-le"), data.replace(b"\0", b"")]
    return [each for each in (b"quokka", *DATES) if any(each in text.lower() for text in texts)]


def every_content(folder):
    """Each file below a folder with its name, and what is inside of it when it is packed."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        yield name, name.encode()
        if not path.is_file():
            continue
        data = path.read_bytes()
        yield name, data
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{name}:{each}", archive.read(each)) for each in archive.namelist())
        if data.startswith(b"\x1f\x8b"):
            yield f"{name}:gz", gzip.decompress(data)


@pytest.fixture
def call(tmp_path, monkeypatch, capfd, caplog):
    """Call the command line with a home, a cache and temporary files of its own.

    Returns all that it has printed and logged.
    """
    home = tmp_path / "home"
    (home / "tmp").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MIA_CACHE_DIR", str(home / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(home / "tmp"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        caplog.clear()
        with pytest.raises(SystemExit) as end:
            main(list(map(str, arguments)))
        told = "".join(capfd.readouterr())
        assert end.value.code == code, told
        return told + caplog.text

    return run


@pytest.fixture
def planted(write_ct, tmp_path):
    """``normal`` and ``new/case`` with these elements; beside them a NIfTI file and broken ones."""
    rng = np.random.default_rng(0)
    with pydicom.config.disable_value_validation():
        write_ct(tmp_path / "normal", rng.uniform(100, 400, (8, 32, 32)), **PLANTED)
        # A name of one part is logged by highdicom; a sex and dates as these are refused by it.
        odd = {**PLANTED, "PatientName": "QUOKKAONE", "PatientSex": "QUOKKASEX"}
        odd["PatientBirthDate"] = "QUOKKABIRTH"
        lesion = rng.uniform(100, 400, (4, 32, 32))
        lesion[2, 8:20, 8:20] = 2500
        write_ct(tmp_path / "new/case", lesion, **odd)
    image = nibabel.Nifti1Image(rng.uniform(0, 9, (32, 32, 8)).astype(np.float32), np.eye(4))
    image.header["descrip"] = b"QUOKKANAME 18881213"
    image.header["db_name"] = b"QUOKKAID"
    nibabel.save(image, tmp_path / "new/scan.nii.gz")
    source = (tmp_path / "new/case/im000.dcm").read_bytes()
    (tmp_path / "new/broken.dcm").write_bytes(source[:-40])
    (tmp_path / "new/no.dcm").write_bytes(source[:400])
    (tmp_path / "new/notes.txt").write_text("QUOKKANAME")
    return tmp_path


def test_elements_of_patients_stay_in_dicom_results(planted, call):
    told = call("fit", "--images", "normal", "--model", "model", *FIT)
    told += call("score", "--model", "model", "--images", "new", "--out", "out", "--json")
    assert secrets_in(told.encode()) == []
    found = [
        (folder, name, secrets_in(data))
        for folder in ("model", "out", "home")
        for name, data in every_content(planted / folder)
    ]
    results = {"segmentations/case.dcm", "maps/case.dcm"}
    assert [each for each in found if each[2] and each[1] not in results] == []
    # These carry the patient of their source, as the standard asks, and what the sources say of
    # the study.
    named = {name for _, name, secrets in found if secrets}
    assert named == {name for name in results if (planted / "out" / name).is_file()}
    assert "maps/case.dcm" in named
    written = pydicom.dcmread(planted / "out/maps/case.dcm")
    assert (written.PatientName, written.PatientSex) == ("QUOKKAONE", "")


def test_anonymous_outputs_and_messages_hold_no_file_name_either(planted, call):
    for name in ("normal", "new/case"):
        folder = planted / name
        for path in list(folder.iterdir()):
            path.rename(folder / f"quokka_{path.name}")
    (planted / "new/case").rename(planted / "new/quokka_case")
    for name in ("scan.nii.gz", "broken.dcm", "no.dcm", "notes.txt"):
        (planted / "new" / name).rename(planted / f"new/quokka_{name}")
    told = call("fit", "--images", "normal", "--model", "model", "--anonymous", *FIT)
    score = ("score", "--model", "model", "--images", "new", "--anonymous", "--raw-maps")
    told += call(*score, "--out", "out")
    assert "left out: " in told
    assert "passed over 1 files" in told
    told += call(*score, "--out", "json", "--json")
    assert secrets_in(told.encode()) == []
    for folder in ("model", "out", "json", "home"):
        for name, data in every_content(planted / folder):
            assert (folder, name, secrets_in(data)) == (folder, name, [])
    # Series give NIfTI, which names nobody.
    assert not list((planted / "out").rglob("*.dcm"))
    with (planted / "out/volumes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    for row in rows:
        assert len(row["volume"]) == 20
        assert (planted / "out" / row["map"]).name == f"{row['volume']}.nii.gz"
    # Another folder has another salt.
    ids = [
        {line.split(",")[0] for line in (planted / out / "scores.csv").read_text().splitlines()[1:]}
        for out in ("out", "json")
    ]
    assert len(ids[0]) == 8
    assert ids[0].isdisjoint(ids[1])


def test_anonymous_errors_name_no_file(planted, call):
    for name in ("normal", "new/case"):
        for path in list((planted / name).iterdir()):
            path.rename(planted / name / f"quokka_{path.name}")
    path = next((planted / "normal").iterdir())
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    told = call("fit", "--images", "normal", "--model", "model", "--anonymous", *FIT, code=2)
    assert told.startswith("mia-bench: the normal images cannot be used as they are; the reason")
    assert "quokka" not in told
    assert len(told.splitlines()) == 1
    path.write_bytes(whole)
    call("fit", "--images", "normal", "--model", "model", *FIT)
    for path in (planted / "new/case").iterdir():
        path.write_bytes(path.read_bytes()[:-30])
    score = ("score", "--model", "model", "--anonymous", "--images", "new/case")
    told = call(*score, "--out", "out", code=2)
    assert told.startswith("mia-bench: none of 4 files can be read; ")
    told += call(*score, "--out", "out", "--strict", code=2)
    assert "quokka" not in told
    assert not (planted / "out").exists()
    assert "does not exist" in call("fit", "--images", "no", "--model", "m", code=2)


def test_a_salt_file_gives_the_same_ids_each_time(planted, call):
    call("fit", "--images", "normal", "--model", "model", *FIT)
    score = ("score", "--model", "model", "--images", "new/case", "--anonymous")
    (planted / "salt").write_bytes(b"0123456789abcdef")
    call(*score, "--out", "out", "--salt-file", "salt")
    lines = (planted / "out/scores.csv").read_text().splitlines()[1:]
    expected = hmac.new(b"0123456789abcdef", b"im000.dcm", hashlib.sha256).hexdigest()[:20]
    assert lines[0].split(",")[0] == expected
    (planted / "salt").write_bytes(b"short")
    told = call(*score, "--out", "new2", "--salt-file", "salt", code=2)
    assert told == "mia-bench: expected a salt of at least 16 bytes, got 5\n"
    told = call(*score[:-1], "--out", "new2", "--salt-file", "salt", code=2)
    assert told.startswith("mia-bench: expected a salt only for anonymous ids: add --anonymous")


def test_an_interrupted_anonymous_scoring_goes_on_with_its_ids(planted, call, monkeypatch):
    from mia_bench.inference import loaded_model as module

    call("fit", "--images", "normal", "--model", "model", *FIT)
    predict, calls = module.predict_checked, []

    def stopping(*arguments, **more):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return predict(*arguments, **more)

    monkeypatch.setattr(module, "predict_checked", stopping)
    how = {"model": planted / "model", "images": planted / "new/case", "out": planted / "out"}
    how |= {"anonymous": True, "batch_size": 3, "device": "cpu"}
    with pytest.raises(KeyboardInterrupt):
        mia_bench.score(**how)
    hidden = planted / ".out.scoring"
    assert ".dcm" not in (hidden / "journal.jsonl").read_text()  # "im0" may be in base64
    before = json.loads((hidden / "journal.jsonl").read_text().splitlines()[0])["ids"]
    found = mia_bench.score(**how)
    assert found.images == 4
    lines = (planted / "out/scores.csv").read_text().splitlines()[1:]
    assert [line.split(",")[0] for line in lines][:3] == before
    assert len(calls) == 3
    assert not hidden.exists()
