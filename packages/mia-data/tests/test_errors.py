"""Messages name the value, what was allowed and the nearest."""

from mia_data.errors import DataError, reason, unknown_name


def test_unknown_name_lists_the_allowed_and_the_nearest():
    error = unknown_name("dataset", "Braintumour", ["rsna", "braintumor"])
    assert isinstance(error, DataError)
    assert str(error) == (
        "unknown dataset 'Braintumour', expected one of rsna, braintumor; "
        "did you mean 'braintumor'?"
    )


def test_unknown_name_makes_no_guess_where_nothing_is_near():
    assert "did you mean" not in str(unknown_name("split", "zzzz", ["train", "test"]))


def test_reason_is_one_line_and_never_empty():
    assert reason(ValueError("a\n  b")) == "a b"
    assert reason(EOFError()) == "EOFError"


def test_what_a_terminal_would_not_print_is_escaped():
    error = DataError("a\nb \x1b[31m 'caf\u00e9' \udcff \u202e")
    assert str(error) == "a\\nb \\x1b[31m 'caf\u00e9' \\udcff \\u202e"
