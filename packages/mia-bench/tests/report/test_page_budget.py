"""Pictures are left out evenly, only as many as the limit asks for, and the page says how many."""

from __future__ import annotations

from mia_bench.report.page_budget import fit_pictures, longest_fit, shrink


def test_all_stay_where_they_fit():
    assert longest_fit([[100] * 4, [100] * 4, [100] * 2], 1000) == 4


def test_all_are_cut_to_the_longest_length_that_fits():
    assert longest_fit([[100] * 4, [100] * 4, [100] * 2], 799) == 2  # three of each would be 800


def test_nothing_stays_where_nothing_fits():
    assert longest_fit([[100], [100]], 199) == 0
    assert longest_fit([], 100) == 0


def picture(size: int) -> dict[str, str | None]:
    return {"image": "x" * (size - size // 3), "heat": "y" * (size // 3), "reconstruction": None}


def sections(images: int, pictures: int) -> list[dict]:
    columns = [{**picture(100), "cells": [picture(100), picture(100)]} for _ in range(images)]
    methods = [
        {"gallery": [{"pictures": [picture(100) for _ in range(pictures)]}], "losses": "curve"}
        for _ in range(2)
    ]
    return [{"side_by_side": {"columns": columns}, "opening": [], "methods": methods}]


def test_galleries_give_way_to_images_through_every_method():
    some = sections(images=2, pictures=4)  # 600 bytes and 800
    assert fit_pictures(some, 1400) == []
    assert fit_pictures(some, 1200) == ["2 of 8 images of the methods' galleries"]
    assert len(some[0]["side_by_side"]["columns"]) == 2
    assert [len(each["gallery"][0]["pictures"]) for each in some[0]["methods"]] == [3, 3]


def test_images_through_every_method_give_way_too():
    some = sections(images=4, pictures=1)  # 1200 bytes and 200
    assert fit_pictures(some, 1100) == ["2 images through every method"]
    assert len(some[0]["side_by_side"]["columns"]) == 2


def test_more_is_left_out_one_kind_after_the_other():
    some = sections(images=1, pictures=1)
    left = shrink(some)
    assert next(left) == "all galleries"
    assert all(method["gallery"] == [] for method in some[0]["methods"])
    assert all(method["losses"] == "curve" for method in some[0]["methods"])
    assert list(left)[-1] == "the blocks of single methods"
    assert some[0]["methods"] == []
    assert some[0]["side_by_side"] is None
