"""scores.csv gives back what was written, to the bit, and refuses what it cannot hold."""

from __future__ import annotations

import os

import numpy as np
import pytest
from mia_bench.errors import StudyError
from mia_bench.run_folder import scores_csv
from mia_bench.run_folder.scores_csv import read_scores, write_scores


def test_scores_are_read_to_the_bit(tmp_path):
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**32, 20_000, dtype=np.uint32)
    scores = bits.view(np.float32)
    scores = scores[np.isfinite(scores)]
    labels = np.arange(len(scores)) % 2
    ids = [f'image "{i}", of\nmany' for i in range(len(scores))]
    write_scores(tmp_path / "scores.csv", ids, labels, scores)
    found = read_scores(tmp_path / "scores.csv")
    assert found.ids == ids
    np.testing.assert_array_equal(found.labels, labels)
    np.testing.assert_array_equal(found.scores.view(np.uint32), scores.view(np.uint32))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column 'id'"),
        (b"id,label\na,0\n", "no column 'score'"),
        (b"id,label,score\n", "expected images with the labels 0 and 1"),
        (b"id,label,score\na,0,1\nb,1\n", "expected 3 values in each line"),
        (b"id,label,score\na,0,1\nb,1,2,3\n", "expected 3 values in each line"),
        (b"id,label,score\na,0,1\nb,1,nan\n", "and finite scores"),
        (b"id,label,score\na,0,1\nb,1,1e300\n", "and finite scores"),
        (b"id,label,score\na,0,1\nb,2,1\n", "the labels 0 and 1"),
        (b"id,label,score\na,0,1\nb,x,1\n", "invalid literal"),
        (b"id,label,score\na,0,1\nb,1,x\n", "could not convert"),
        (b"\xff", "'utf-8' codec can't decode"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, content, message):
    path = tmp_path / "scores.csv"
    path.write_bytes(content)
    with pytest.raises(StudyError, match=message) as refusal:
        read_scores(path)
    assert str(refusal.value).startswith(f"cannot read {path}: ")


def test_a_pipe_or_a_large_file_is_refused(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StudyError, match="not a regular file"):
        read_scores(tmp_path / "pipe")
    monkeypatch.setattr(scores_csv, "MAX_BYTES", 10)
    (tmp_path / "large").write_text("id,label,score\n")
    with pytest.raises(StudyError, match="expected at most 10 bytes"):
        read_scores(tmp_path / "large")
