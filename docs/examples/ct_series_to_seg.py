"""From a CT series to a segmentation.

A detector is trained on normal CT series and scores a new one. The result is a DICOM Segmentation
of the flagged parts and a map of the scores, both in the geometry of the series.
"""

from pathlib import Path

import highdicom
import mia_bench
import mia_data
import numpy as np
import pydicom
from matplotlib.figure import Figure
from pydicom.uid import generate_uid


def write_series(folder, slices):
    """Write gray slices (N, H, W) as a CT series, header of pydicom's; return the slices' UIDs."""
    Path(folder).mkdir(parents=True)
    series, study, uids = generate_uid(), generate_uid(), []
    for number, pixels in enumerate(slices):
        file = pydicom.examples.ct.copy()
        file.SeriesInstanceUID, file.StudyInstanceUID = series, study
        uids.append(generate_uid())
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = uids[-1]
        file.ImagePositionPatient = [-40, -40, 5 * number]
        file.InstanceNumber, file.SliceThickness = number + 1, 5
        file.RescaleIntercept, file.RescaleSlope = -1024, 1
        file.PixelData = (pixels.astype("<i2") * 4 + 1024).tobytes()  # 0 to 1020 HU
        file.save_as(f"{folder}/{number:03}.dcm")
    return uids


normal = np.asarray(mia_data.phantom("train", size=128, n_train=96).images)[:, 0]
test = mia_data.phantom("test", size=128, n_normal=6, n_abnormal=6)
for number, slices in enumerate(np.split(normal, 12)):
    write_series(f"normal/patient-{number:02}", slices)
uids = write_series("new/case", np.asarray(test.images)[:, 0])

mia_bench.fit(images="normal", recursive=True, model="model", image_size=128, window=(0, 1020))
summary = mia_bench.score(model="model", images="new", out="results")
print(f"{summary.flagged} of {summary.images} slices flagged; the last six have a lesion")
print(Path("results/volumes.csv").read_text().strip())

seg = highdicom.seg.segread("results/segmentations/case.dcm")
print("segmentation:", seg.NumberOfFrames, "frames, of", seg.SeriesDescription)
frames = seg.get_pixels_by_source_instance(uids, assert_missing_frames_are_empty=True)
marked = frames[..., 0] > 0  # (12, 128, 128), in the order of the slices
figure = Figure(figsize=(8, 2.2), layout="constrained")
most = np.argsort(~marked.any((1, 2)), kind="stable")[:4]
for axis, number in zip(figure.subplots(1, 4), most, strict=True):
    axis.imshow(np.asarray(test.images)[number, 0], cmap="gray")
    axis.contour(marked[number], levels=[0.5], colors="#39d353")
    axis.set(title=f"slice {number}", xticks=[], yticks=[])
figure.savefig("segmentation.png")
