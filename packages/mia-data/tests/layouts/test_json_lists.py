"""data.json: what is listed, and every way in which it can be wrong."""

import json

import pytest
from mia_data.errors import DataError
from mia_data.layouts.json_lists import list_split


def test_lists_are_sorted_within_each_class(json_dataset):
    train, test = (list_split(json_dataset, split) for split in ("train", "test"))
    assert train.files == ["images/a.png", "images/b.png", "images/c.png"]
    assert test.files == [f"images/{n}.png" for n in ("n1", "n2", "x1", "x2")]
    assert test.labels == [0, 0, 1, 1]
    assert train.masks is None


GOOD = {"train": {"0": ["a.png"]}, "test": {"0": ["b.png"], "1": ["c.png"]}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        (b"\xff\xfe\xfa", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("", "empty"),
        ("[]", r'no \["test"\]\["0"\], expected \{"train"'),
        ("3", r'no \["test"\]\["0"\]'),
        (json.dumps({"test": {"0": ["a.png"]}}), r'no \["test"\]\["1"\]'),
        (json.dumps({"test": ["a.png"]}), r'no \["test"\]\["0"\]'),
        (json.dumps({"test": {"0": "a.png", "1": ["b.png"]}}), "a str at"),
        (json.dumps({"test": {"0": {"a.png": 1}, "1": ["b.png"]}}), "a dict at"),
        (json.dumps({"test": {"0": ["a.png"], "1": []}}), r'an empty list at \["test"\]\["1"\]'),
        (json.dumps({"test": {"0": [["a.png"]], "1": ["b.png"]}}), r"has \['a\.png'\] where"),
        (json.dumps({"test": {"0": ["../a.png"], "1": ["b.png"]}}), r"names '\.\./a\.png'"),
        (json.dumps({"test": {"0": ["/a.png"], "1": ["b.png"]}}), r"names '/a\.png'"),
        (json.dumps({"test": {"0": ["a.png"], "1": ["a.png"]}}), "twice"),
    ],
)
def test_a_wrong_file_is_named_with_what_was_expected(tmp_path, content, message):
    path = tmp_path / "data.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message) as caught:
        list_split(tmp_path, "test")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"data\.json: No such file"):
        list_split(tmp_path, "train")


def test_only_the_split_that_is_asked_for_must_be_there(tmp_path):
    (tmp_path / "data.json").write_text(json.dumps({"train": GOOD["train"]}))
    assert list_split(tmp_path, "train").files == ["images/a.png"]
