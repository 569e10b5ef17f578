"""mia-data prepare on the command line."""

import json

import pytest


@pytest.fixture
def source(tmp_path, save_image):
    """Photographs of LAG."""
    for i in range(6):
        folder = "suspicious_glaucoma" if i % 2 else "non_glaucoma"
        save_image(tmp_path / "lag" / folder / "image" / f"{i:04d}.jpg", channels=3)
    return tmp_path / "lag"


def test_a_set_is_prepared_verified_and_shown(cli, source, tmp_path):
    root = tmp_path / "root"
    code, out, err = cli("prepare", "lag", "--source", source, "--root", root)
    numbers = "2 normal to train, 1 normal and 3 abnormal to test; 7 files written, 0 left out"
    assert (code, out) == (0, f"{root / 'LAG'}: {numbers}\n")
    assert err.splitlines()[-1] == "images: 6 of 6"
    code, out, err = cli("prepare", "lag", "--source", source, "--root", root, "--quiet", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "folder": str(root / "LAG"),
        "counts": {"train_normal": 2, "test_normal": 1, "test_abnormal": 3},
        "written": 0,
        "left_out": 0,
    }
    assert cli("preview", "lag", "--root", root, "--out", "o.png")[0] == 0
    assert cli("verify", "lag", "--root", root)[0] == 1  # other numbers than the study's


def test_a_split_and_patients_are_read_from_files(cli, source, tmp_path):
    split = tmp_path / "split.json"
    split.write_text('{"train": {"0": ["0000"]}, "test": {"0": ["0004"], "1": ["0003"]}}')
    table = tmp_path / "patients.csv"
    table.write_text("image,patient\n" + "".join(f"{i:04d},p{i}\n" for i in range(6)))
    arguments = ("--source", source, "--root", tmp_path, "--split", split, "--patients", table)
    code, out, _ = cli("prepare", "lag", *arguments)
    assert code == 0
    assert "1 normal to train, 1 normal and 1 abnormal to test" in out
    table.write_text(table.read_text().replace("p3", "p0"))
    code, out, err = cli("prepare", "lag", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "1 patient in both splits" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prepare", "lag"], "required: --source"),
        (["prepare", "braintumor", "--source", "."], "unknown raw source 'braintumor'"),
        (["prepare", "lag", "--source", "absent"], "absent of the raw source of lag does not"),
        (["prepare", "lag", "--source", "."], "holds no photographs"),
        (["prepare", "rsna", "--source", "."], "cannot read stage_2_detailed_class_info.csv"),
        (["prepare", "lag", "--source", ".", "--seed", "-1"], "seed to be a whole number"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(cli, tmp_path, arguments, message):
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert list(cli.folder.iterdir()) == []
