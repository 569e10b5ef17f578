"""Pictures are left out evenly, and only as many as the limit asks for."""

from mia_bench.report.picture_budget import keep_within


def kinds(*lengths):
    return [[{"image": "x" * 60, "heat": "y" * 40} for _ in range(n)] for n in lengths]


def test_all_stay_where_they_fit():
    some = kinds(4, 4, 2)
    assert keep_within(some, 1000) == 4
    assert [len(kind) for kind in some] == [4, 4, 2]


def test_every_kind_is_cut_to_the_longest_length_that_fits():
    some = kinds(4, 4, 2)
    assert keep_within(some, 799) == 2  # three of each would be 800
    assert [len(kind) for kind in some] == [2, 2, 2]


def test_the_first_of_each_always_stays():
    some = [[{"image": str(i), "heat": None} for i in range(4)] for _ in range(3)]
    assert keep_within(some, 0) == 1
    assert [kind[0]["image"] for kind in some] == ["0", "0", "0"]


def test_nothing_to_show():
    assert keep_within([], 100) == 1
