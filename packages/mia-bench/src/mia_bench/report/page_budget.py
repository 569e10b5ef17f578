"""The size of the page: what is left out where its pictures and charts would be too many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SIDE_BY_SIDE_SHARE = 0.6  # of the bytes for pictures, which methods beside each other may take
URIS = ("image", "reconstruction", "heat")


def fit_pictures(sections: Sequence[dict[str, Any]], limit: int) -> list[str]:
    """Shorten the tables and galleries of all datasets to fit; return what is left out, in words.

    First the images that are shown through every method, from each dataset's least telling on;
    then those of each method's own gallery.
    """
    tables = [each["side_by_side"]["columns"] for each in sections if each["side_by_side"]]
    images = _shorten(tables, _size_of_column, int(limit * SIDE_BY_SIDE_SHARE))
    used = sum(size_of(picture) for each in sections for picture in each["opening"])
    used += sum(_size_of_column(column) for table in tables for column in table)
    methods = [method for each in sections for method in each["methods"]]
    galleries = [kind["pictures"] for method in methods for kind in method["gallery"]]
    total = sum(map(len, galleries))
    pictures = _shorten(galleries, size_of, limit - used)
    told = [f"{images} images through every method"] if images else []
    return [*told, f"{pictures} of {total} images of the methods' galleries"] if pictures else told


def shrink(sections: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Leave out one kind of content after the other, and yield what it was."""
    methods = [method for each in sections for method in each["methods"]]
    for method in methods:
        method["gallery"] = []
    yield "all galleries"
    for method in methods:
        method["losses"] = method["selection"] = None
    yield "curves of losses"
    for each in sections:
        each["side_by_side"] = None
    yield "all images through every method"
    for each in sections:
        each["methods"] = []
    yield "the blocks of single methods"


def size_of(picture: Mapping[str, Any]) -> int:
    """Return the bytes that a picture's images take on the page."""
    return sum(len(picture.get(name) or "") for name in URIS)


def longest_fit(sizes: Iterable[Sequence[int]], limit: int) -> int:
    """Return the longest length to which all lists can be cut so that their sum is in the limit."""
    sizes = list(sizes)
    longest = max(map(len, sizes), default=0)
    lengths = range(longest, 0, -1)
    return next((n for n in lengths if sum(sum(each[:n]) for each in sizes) <= limit), 0)


def _shorten(lists: Iterable[list[Any]], size: Any, limit: int) -> int:
    """Cut all lists to the longest length that fits; return the number of items left out."""
    lists = list(lists)
    length = longest_fit(([size(item) for item in each] for each in lists), limit)
    left_out = sum(max(0, len(each) - length) for each in lists)
    for each in lists:
        del each[length:]
    return left_out


def _size_of_column(column: Mapping[str, Any]) -> int:
    """Return the bytes of an image with all that the methods make of it."""
    return size_of(column) + sum(map(size_of, column["cells"]))
