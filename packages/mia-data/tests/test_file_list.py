"""Names from list files stay inside their folder; order does not depend on the list."""

from pathlib import Path

import pytest
from mia_data.errors import DataError
from mia_data.file_list import by_class, check_names


@pytest.mark.parametrize(
    "name",
    [
        "../a.png",
        "a/../../b.png",
        "a/..",
        "..",
        "/etc/passwd",
        "C:/a.png",
        "..\\a.png",
        "a\0.png",
        "a\nb.png",
        "\ud800.png",
        "",
        None,
        3,
    ],
)
def test_a_name_that_leaves_the_folder_is_refused_wherever_it_stands(name):
    for names in ([name], ["good.png", name], [name, "good.png"]):
        with pytest.raises(DataError, match="lists\\.json"):
            check_names(names, "lists.json")


@pytest.mark.parametrize("name", ["a.png", "in/side.png", "..a.png", "a..png", "a/..b", "é ß.png"])
def test_a_name_inside_the_folder_is_kept(name):
    assert check_names(["x.png", name], "lists.json") == ["x.png", name]


@pytest.mark.parametrize("name", ["./in/a.png", "in/./a.png", "in//a.png", "././in/.//a.png"])
def test_a_name_is_returned_in_its_shortest_spelling(name):
    assert check_names(["x.png", name], "lists.json") == ["x.png", "in/a.png"]


def test_no_names_are_no_error():
    assert check_names([], "lists.json") == []


def test_order_is_normal_first_then_by_path():
    listing = by_class(Path("f"), "s", ["b", "a"], ["B", "A"], abnormal_masks={"A": "m"})
    assert listing.files == ["a", "b", "A", "B"]
    assert listing.labels == [0, 0, 1, 1]
    assert listing.masks == [None, None, "m", None]


@pytest.mark.parametrize(("normal", "abnormal"), [(["a", "a"], []), (["a"], ["a"])])
def test_a_file_named_twice_is_refused(normal, abnormal):
    with pytest.raises(DataError, match="'a' twice"):
        by_class(Path("f"), "s", normal, abnormal)
