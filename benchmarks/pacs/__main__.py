"""Score a series, store source and results in a PACS, retrieve them and compare.

Run it with ``nox -s pacs``. The exit code is 1 if something differs from what was written.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import highdicom
import mia_bench
import numpy as np
import pydicom
from made_series import LESION, values, write_series
from orthanc import Orthanc, run_orthanc

FIT = {"method": "ae", "image_size": 48, "epochs": 40, "device": "cpu"}
OPTIONS = {"batch_size": 6, "width": 4, "hidden": 32, "latent": 4, "learning_rate": 3e-3}
NORMALS = 12  # series
HIGHEST = 50  # scores that must lie in the lesion
PATIENT = "Doe^Jane"
COPIED = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
    "FrameOfReferenceUID",
)


def main(program: str) -> int:
    """Run all steps with this Orthanc; print each, and what is wrong."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for i in range(NORMALS):
            hounsfield = values(i)
            for j, part in enumerate(np.split(hounsfield, 2)):
                write_series(work / f"made/{i}-{j}", part, name="Roe^Rob", number=f"N{i}")
        collect(work / "made", work / "normal")
        write_series(work / "new/case", values(9, lesion=True), name=PATIENT, number="P1")
        mia_bench.fit(
            images=work / "normal",
            model=work / "model",
            window=(-1000, 1000),
            options=OPTIONS,
            **FIT,
        )
        summary = mia_bench.score(
            model=work / "model", images=work / "new", out=work / "out", device="cpu"
        )
        print(f"scored: {summary.flagged} of {summary.images} slices flagged")
        results = {kind: work / f"out/{kind}/case.dcm" for kind in ("segmentations", "maps")}
        faults += check_lesion(results, work / "new/case")
        for path in (*results.values(), next((work / "new/case").iterdir())):
            faults += verify(path)
        with run_orthanc(program, work / "orthanc") as server:
            faults += check_server(server, work, results)
    for fault in faults:
        print(f"wrong: {fault}", file=sys.stderr)
    print(f"wrong {len(faults)}")
    return 1 if faults else 0


def collect(made: Path, folder: Path) -> None:
    """Move the files of all series into one folder, as ``fit`` reads them."""
    folder.mkdir()
    for path in made.rglob("*.dcm"):
        path.rename(folder / f"{path.parent.name}-{path.name}")


def check_lesion(results: dict[str, Path], source: Path) -> list[str]:
    """Compare segmentation and map with the lesion that was drawn.

    How much more than the lesion is marked is a question of the method, and none of the geometry.
    """
    files = sorted(map(pydicom.dcmread, source.iterdir()), key=lambda ds: ds.InstanceNumber)
    uids = [ds.SOPInstanceUID for ds in files]
    drawn = np.zeros((len(files), *files[0].pixel_array.shape), bool)
    drawn[LESION] = True
    seg = highdicom.seg.segread(results["segmentations"])
    marked = seg.get_pixels_by_source_instance(uids, assert_missing_frames_are_empty=True)
    share = marked[..., 0][drawn].mean()
    scores = np.full(drawn.shape, -np.inf)
    found = pydicom.dcmread(results["maps"])
    for frame, uid in zip(found.pixel_array, referred_slices(found), strict=True):
        scores[uids.index(uid)] = frame
    highest = np.argsort(scores, axis=None)[-HIGHEST:]
    inside = drawn.reshape(-1)[highest].mean()
    print(f"lesion: {share:.0%} marked; {inside:.0%} of the {HIGHEST} highest scores in it")
    faults = [] if share > 0.9 else [f"the segmentation marks {share:.0%} of the lesion"]
    return faults if inside == 1 else [*faults, f"{inside:.0%} of the highest scores are in it"]


def referred_slices(ds: Any) -> list[str]:
    """Return the slice that each frame refers to."""
    return [
        group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        for group in ds.PerFrameFunctionalGroupsSequence
    ]


def verify(path: Path) -> list[str]:
    """Return the errors that dciodvfy finds in a file."""
    found = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    lines = (found.stdout + found.stderr).splitlines()
    errors = [line for line in lines if re.match(r"(Error|Abort)\b", line)]
    warned = sum(line.startswith("Warning") for line in lines)
    shown = f"{path.parent.name}/{path.name}"
    print(f"dciodvfy {shown}: {len(errors)} errors, {warned} warnings")
    if found.returncode and not errors:
        errors = [f"exit code {found.returncode}"]
    return [f"dciodvfy {shown}: {error}" for error in errors]


def check_server(server: Orthanc, work: Path, results: dict[str, Path]) -> list[str]:
    """Store the source and the results, find the patient's series, retrieve and compare them."""
    server.store(work / "new")
    server.store(work / "out")
    originals = [pydicom.dcmread(path) for path in (work / "new/case").iterdir()]
    originals += [pydicom.dcmread(path) for path in results.values()]
    known = {ds.SOPInstanceUID: ds for ds in originals}
    keys = {"PatientName": PATIENT, "StudyInstanceUID": "", "SeriesInstanceUID": "", "Modality": ""}
    answers = [pydicom.dcmread(path) for path in server.find(work / "found", **keys)]
    modalities = sorted(answer.Modality for answer in answers)
    print(f"found: {len(answers)} series of {PATIENT}: {', '.join(modalities)}")
    faults = []
    if modalities != ["CT", "OT", "SEG"]:
        faults.append(f"found series of {modalities}, expected CT, OT and SEG")
    retrieved: dict[str, Any] = {}
    for i, answer in enumerate(answers):
        for path in server.retrieve(
            work / f"retrieved-{i}", answer.StudyInstanceUID, answer.SeriesInstanceUID
        ):
            ds = pydicom.dcmread(path)
            retrieved[ds.SOPInstanceUID] = ds
    print(f"retrieved: {len(retrieved)} of {len(known)} files")
    if set(retrieved) != set(known):
        faults.append(f"retrieved {len(retrieved)} files, expected {len(known)}")
    faults += [
        fault
        for uid in set(retrieved) & set(known)
        for fault in compare(retrieved[uid], known[uid])
    ]
    sources = {uid for uid, ds in retrieved.items() if ds.Modality == "CT"}
    for ds in retrieved.values():
        if ds.Modality != "CT":
            faults += check_references(ds, sources, originals[0])
    return faults


def compare(found: Any, written: Any) -> list[str]:
    """Compare a retrieved file with the one that was stored."""
    name = f"{written.Modality} {written.SOPInstanceUID}"
    faults = []
    if not np.array_equal(found.pixel_array, written.pixel_array):
        faults.append(f"{name}: other pixels")
    if found != written:
        faults.append(f"{name}: other elements")
    return faults


def check_references(ds: Any, sources: set[str], source: Any) -> list[str]:
    """Check that each frame of a result refers to a retrieved slice, and whose it is."""
    faults = [
        f"{ds.Modality}: {key} {ds[key].value!r}, expected {source[key].value!r}"
        for key in COPIED
        if ds[key].value != source[key].value
    ]
    referred = set(referred_slices(ds))
    if not referred or not referred <= sources:
        faults.append(f"{ds.Modality}: refers to {len(referred - sources)} unknown slices")
    if ds.ReferencedSeriesSequence[0].SeriesInstanceUID != source.SeriesInstanceUID:
        faults.append(f"{ds.Modality}: refers to another series")
    print(f"{ds.Modality}: {ds.NumberOfFrames} frames refer to {len(referred)} stored slices")
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
