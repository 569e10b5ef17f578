"""Score a folder of images with an exported model: numpy, Pillow and onnxruntime, nothing else.

    python score_folder_onnx.py model.onnx FOLDER scores.csv

It reads PNG, JPEG, BMP and TIFF files of 8 bits a channel, and deep gray ones. It names the files
that it cannot read and leaves them out.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}
BATCH = 16


def to_8_bits(values, window):
    """Scale deep values to 0..255, by the window or the image's own percentiles."""
    low, high = window or np.percentile(values, (0.5, 99.5))
    if high <= low:
        low, high = values.min(), values.max()
    scaled = (values.astype(np.float64) - low) * (255 / max(high - low, 1e-12))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def read(path, rules):
    """Return a file as the model takes it, uint8 (C, S, S)."""
    image = Image.open(path)
    if image.mode[0] in "IF":
        image = Image.fromarray(to_8_bits(np.asarray(image), rules["window"]))
    image.info.pop("transparency", None)
    image = image.convert("L" if rules["channels"] == 1 else "RGB")
    size, filter_ = rules["size"], Image.Resampling[rules["resample"].upper()]
    if rules["resize"] == "squash":
        image = image.resize((size, size), filter_)
    else:  # the short side becomes the model's, and the middle is kept
        width, height = (int(size * side / min(image.size)) for side in image.size)
        left, top = round((width - size) / 2), round((height - size) / 2)
        image = image.resize((width, height), filter_).crop((left, top, left + size, top + size))
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def main(model, folder, out):
    """Write a row for each file: path, score, share of normal images that score no higher, flag."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    rules = json.loads(session.get_modelmeta().custom_metadata_map["mia.reading"])
    if rules["brightness"] is not None:
        sys.exit(f"this script does not scale brightness by {rules['brightness']}")
    paths = [path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in SUFFIXES]
    with Path(out).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["path", "score", "quantile", "flag"])
        for start in range(0, len(paths), BATCH):
            names, images = [], []
            for path in paths[start : start + BATCH]:
                try:
                    images.append(read(path, rules))
                    names.append(path.relative_to(folder).as_posix())
                except (OSError, SyntaxError, ValueError) as error:  # noqa: PERF203
                    print(f"left out: {path}: {error}", file=sys.stderr)
            if names:
                outputs = ["score", "quantile", "flag"]
                found = session.run(outputs, {"images": np.stack(images)})
                for name, score, quantile, flag in zip(names, *found, strict=True):
                    table.writerow([name, f"{score:.8g}", f"{quantile:.6g}", int(flag)])


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
