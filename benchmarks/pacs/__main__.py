"""Score a series, store source and results in a PACS, retrieve them and compare.

Run it with ``nox -s pacs``. The exit code is 1 where something is not as it was written.
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

FIT = {"method": "ae", "image_size": 48, "epochs": 40, "holdout": None, "device": "cpu"}
OPTIONS = {"batch_size": 6, "width": 4, "hidden": 32, "latent": 4, "learning_rate": 3e-3}
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
        for i in range(4):
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
        faults += check_lesion(results["segmentations"], work / "new/case")
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


def check_lesion(path: Path, source: Path) -> list[str]:
    """Compare the segmentation with the lesion that was drawn."""
    files = sorted(map(pydicom.dcmread, source.iterdir()), key=lambda ds: ds.InstanceNumber)
    seg = highdicom.seg.segread(path)
    marked = seg.get_pixels_by_source_instance(
        [ds.SOPInstanceUID for ds in files], assert_missing_frames_are_empty=True
    )[..., 0].astype(bool)
    drawn = np.zeros_like(marked)
    drawn[LESION] = True
    dice = 2 * (marked & drawn).sum() / (marked.sum() + drawn.sum())
    print(f"segmentation: {marked.sum()} pixels, Dice {dice:.3f} with the lesion")
    return [] if dice > 0.5 else [f"the segmentation has a Dice of {dice:.3f} with the lesion"]


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
    referred = {
        item.ReferencedSOPInstanceUID
        for group in ds.PerFrameFunctionalGroupsSequence
        for item in group.DerivationImageSequence[0].SourceImageSequence
    }
    if not referred or not referred <= sources:
        faults.append(f"{ds.Modality}: refers to {len(referred - sources)} unknown slices")
    if ds.ReferencedSeriesSequence[0].SeriesInstanceUID != source.SeriesInstanceUID:
        faults.append(f"{ds.Modality}: refers to another series")
    print(f"{ds.Modality}: {ds.NumberOfFrames} frames refer to {len(referred)} stored slices")
    return faults


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
