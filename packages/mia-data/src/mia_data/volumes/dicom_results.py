"""Writing of results of a DICOM volume as DICOM files that refer to it, with highdicom."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mia_data.errors import DataError
from mia_data.volumes.dicom_sources import import_highdicom, silent, source_headers
from mia_data.volumes.whole_file import check_values, write_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mia_data.volumes.dicom_volume import DicomVolume

MANUFACTURER = "mia"
_CODES = "99MIA"  # a private scheme of codes, as the standard names such
_MAP_SERIES, _SEGMENTATION_SERIES = 1, 2
_MAX_SERIES = 2**31 // 100 - 1


@dataclass(frozen=True, kw_only=True)
class Producer:
    """The program and the model that a result comes from, for the elements that name them.

    Attributes:
        program: The program's name.
        version: Its version.
        method: The method's name.
        model: What tells the model from others, such as a hash of it.
    """

    program: str
    version: str
    method: str
    model: str

    def as_arguments(self) -> dict[str, str]:
        """Return highdicom's arguments for the equipment, cut to what an element may hold."""
        return {
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": self.program[:64],
            "software_versions": self.version[:64],
            "device_serial_number": self.model[:64],
        }


def write_parametric_map(
    volume: DicomVolume, values: NDArray[np.float32], path: Path | str, *, producer: Producer
) -> None:
    """Write values of a DICOM volume's slices as a Parametric Map (PS3.3 A.75) of float32.

    It refers to the source's slices and frame of reference, and has its patient and study. A slice
    of a series without any value has no frame. Where a frame lacks values it has one below all
    others, which is named as padding.

    Args:
        volume: The volume.
        values: (N, H, W), for each of ``volume.images`` in order; NaN where nothing is known.
        path: The file, in a folder that exists.
        producer: What the values come from.

    Raises:
        MissingExtraError: highdicom is not installed.
        DataError: ``values`` has another shape or no finite value; the source cannot be referred
            to.
    """
    highdicom = import_highdicom(path)
    headers, chosen = _sources(volume, values, np.isfinite(values))
    frames = values[chosen].astype(np.float32)
    known = np.isfinite(frames)
    low, high = float(frames[known].min()), float(frames[known].max())
    padding = low - max(high - low, 1.0)
    frames[~known] = padding
    with silent(f"cannot write a parametric map of {volume.id}"):
        unit = highdicom.sr.CodedConcept("1", "UCUM", "no units")
        mapping = highdicom.pm.RealWorldValueMapping(
            lut_label="SCORE",
            lut_explanation="Anomaly score",
            unit=unit,
            value_range=(padding if not known.all() else low, max(high, low + 1e-6)),
            slope=1.0,
            intercept=0.0,
            quantity_definition=highdicom.sr.CodedConcept("anomaly-score", _CODES, "Anomaly score"),
        )
        # The standard's plain window may not be narrower than 1.
        shown = highdicom.VOILUTTransformation(
            window_center=(low + high) / 2,
            window_width=max(high - low, 1e-6),
            voi_lut_function=highdicom.VOILUTFunctionValues.LINEAR_EXACT,
        )
        result = highdicom.pm.ParametricMap(
            source_images=headers,
            pixel_array=frames,
            **_identity(highdicom, headers[0], _MAP_SERIES),
            **producer.as_arguments(),
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[mapping],
            voi_lut_transformations=[shown],
            content_label="ANOMALY_SCORES",
            content_description=f"Anomaly scores of {producer.method}"[:64],
            series_description=f"Anomaly scores ({producer.method})"[:64],
        )
        if not known.all():
            result.FloatPixelPaddingValue = result.FloatPixelPaddingRangeLimit = padding
        laterality = str(headers[0].get("Laterality") or "")
        result.Laterality = laterality if laterality in ("L", "R") else ""
        _save(result, Path(path))


def write_segmentation(
    volume: DicomVolume, marked: NDArray[np.bool_], path: Path | str, *, producer: Producer
) -> None:
    """Write marked pixels of a DICOM volume's slices as a binary Segmentation (PS3.3 A.51).

    It refers to the source's slices and frame of reference, and has its patient and study. Only
    slices with a marked pixel have a frame.

    Args:
        volume: The volume.
        marked: (N, H, W), for each of ``volume.images`` in order.
        path: The file, in a folder that exists.
        producer: What has marked them.

    Raises:
        MissingExtraError: highdicom is not installed.
        DataError: ``marked`` has another shape or no marked pixel; the source cannot be referred
            to.
    """
    highdicom = import_highdicom(path)
    headers, chosen = _sources(volume, marked, marked)
    with silent(f"cannot write a segmentation of {volume.id}"):
        from pydicom.sr.codedict import codes

        segment = highdicom.seg.SegmentDescription(
            segment_number=1,
            segment_label="Anomaly",
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=highdicom.sr.CodedConcept(
                "unusual-region", _CODES, "Region of unusual appearance"
            ),
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=highdicom.AlgorithmIdentificationSequence(
                name=producer.method[:64],
                family=codes.cid7162.ArtificialIntelligence,
                version=producer.version[:64],
            ),
        )
        result = highdicom.seg.Segmentation(
            source_images=headers,
            pixel_array=marked[chosen].astype(np.uint8),
            segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
            segment_descriptions=[segment],
            **_identity(highdicom, headers[0], _SEGMENTATION_SERIES),
            **producer.as_arguments(),
            content_label="ANOMALIES",
            content_description=f"Anomalies found by {producer.method}"[:64],
            series_description=f"Anomalies ({producer.method})"[:64],
        )
        _save(result, Path(path))


def _sources(
    volume: DicomVolume, values: NDArray[Any], used: NDArray[np.bool_]
) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the headers that a result refers to, and the indices of its frames."""
    check_values(volume, values)
    volume.check_distinct()
    volume.check_spacing()
    if not used.any():
        msg = f"expected values for a slice of {volume.id} at least, got none"
        raise DataError(msg)
    headers = source_headers(volume)
    if volume.frames is not None:  # The frames of one file are given all.
        return headers, np.arange(volume.frames)
    chosen = np.flatnonzero(used.any(axis=(1, 2)))
    return [headers[i] for i in chosen], chosen


def _identity(highdicom: Any, header: Any, kind: int) -> dict[str, Any]:
    """Return UIDs and numbers of a new series in the source's study."""
    from highdicom.coding_schemes import CodingSchemeIdentificationItem

    try:
        number = min(max(int(header.get("SeriesNumber") or 0), 0), _MAX_SERIES)
    except (TypeError, ValueError):
        number = 0
    return {
        "series_instance_uid": highdicom.UID(),
        "series_number": 100 * number + kind,
        "sop_instance_uid": highdicom.UID(),
        "instance_number": 1,
        "coding_schemes": [
            CodingSchemeIdentificationItem(
                designator=_CODES, name="Results of mia", responsible_organization=MANUFACTURER
            )
        ],
    }


def _save(result: Any, path: Path) -> None:
    stream = io.BytesIO()
    result.save_as(stream, enforce_file_format=True)
    write_whole(path, stream.getvalue())
