"""DICOM series made for one test."""

import numpy as np
import pytest


@pytest.fixture
def write_slices(write_dicom, rng):
    """Write a series of slices, whose names are in another order than their positions."""
    from pydicom.uid import generate_uid

    def write(names, *, folder="in", series=None, axes=(1, 0, 0, 0, 1, 0), step=2.5, **elements):
        series = series or generate_uid()
        normal = np.cross(axes[:3], axes[3:])
        values = rng.integers(-900, 2000, (len(names), 10, 12)).astype(np.int16)
        for i, name in enumerate(names):
            write_dicom(
                values[i],
                name=f"{folder}/{name}",
                SeriesInstanceUID=series,
                ImagePositionPatient=[float(v) for v in (5, 6, 7) + normal * (i * step)],
                ImageOrientationPatient=list(axes),
                PixelSpacing=[0.7, 0.8],
                InstanceNumber=str(len(names) - i),
                **elements,
            )
        return values

    return write
