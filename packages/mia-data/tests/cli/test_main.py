"""The command line from outside: output, exit codes, one line of error and no traceback."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def test_list_shows_every_dataset_and_which_are_here(cli, json_dataset):
    code, out, err = cli("list", "--root", json_dataset.parent)
    assert (code, err) == (0, "")
    rows = {line.split()[0]: line for line in out.splitlines() if line}
    assert " yes " in rows["braintumor"]
    assert " yes " not in rows["rsna"]
    code, out, _ = cli("list", "--root", json_dataset.parent, "--json")
    present = {row["name"]: row["present"] for row in json.loads(out)}
    assert present["braintumor"]
    assert present["phantom"]
    assert not present["brats2021"]


def test_info_describes_a_dataset(cli):
    code, out, _ = cli("info", "brats")
    assert code == 0
    assert "images      train normal 4211, test normal 828, test abnormal 1948" in out
    assert "channels    1" in out
    values = json.loads(cli("info", "brats", "--json")[1])
    assert (values["name"], values["counts"]["test_abnormal"]) == ("brats2021", 1948)


def test_verify_prints_a_table_or_json_and_tells_by_its_exit_code(cli, json_dataset, tmp_path):
    code, out, err = cli("verify", "braintumor", "--root", json_dataset.parent)
    assert (code, err) == (1, "")
    assert "NOT as expected" in out
    code, out, _ = cli("verify", "braintumor", "--root", json_dataset.parent, "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)


def test_verify_of_a_dataset_as_published_is_0(cli, tmp_path, save_image):
    for name in ("Train/Non-Polyp/a.jpg", "Test/Non-Polyp/b.jpg", "Test/Polyp/c.jpg"):
        save_image(tmp_path / "CP-CHILD" / "CP-CHILD-A" / name)
    code, out, _ = cli("verify", "cp-child", "--root", tmp_path)
    assert (code, out.splitlines()[0].endswith(": ok")) == (0, True)


def test_preview_writes_a_png_of_a_dataset_or_a_folder(cli, tmp_path, save_image):
    assert cli("preview", "phantom", "--rows", "2")[:2] == (0, "phantom-test.png\n")
    with Image.open(cli.folder / "phantom-test.png") as sheet:
        assert sheet.size == (8 * 130 - 2, 18 + 2 * 130 - 2)
    save_image(tmp_path / "own" / "a.png")
    code, out, _ = cli("preview", tmp_path / "own", "--split", "train", "--out", "o.png")
    assert (code, out) == (0, "o.png\n")


def _preview(cli, *arguments):
    code, _, err = cli("preview", *arguments, "--size", "8", "--out", "o.png")
    return code, err


def test_preview_of_a_table_reads_what_is_allowed_by_name(cli, tmp_path, save_image):
    for name in ("a1.png", "b2.png", "c1.png"):
        save_image(tmp_path / name)
    save_image(tmp_path / "empty.png", np.zeros((10, 12), np.uint8))
    (tmp_path / "copy2.png").write_bytes((tmp_path / "b2.png").read_bytes())
    header = "path,split,label,mask\na1.png,train,0,\n"
    table = tmp_path / "t.csv"
    table.write_text(header + "b2.png,test,0,\nc1.png,test,1,\n")
    assert _preview(cli, table) == (0, "")
    code, err = _preview(cli, table, "--patients", r"\d")
    assert (code, err.count("\n")) == (2, 1)
    assert "t.csv has 1 patient in both splits, the first is '1'" in err
    allowed = ("--patients", r"\d", "--allow-shared-patients")
    assert _preview(cli, table, *allowed) == (0, "")
    table.write_text(header + "b2.png,test,0,\nc1.png,test,1,empty.png\n")
    assert "marks nothing" in _preview(cli, table)[1]
    assert _preview(cli, table, "--allow-empty-masks") == (0, "")
    table.write_text(header + "b2.png,test,0,\nc1.png,test,1,\ncopy2.png,train,0,\n")
    assert "with the content of one of the other" in _preview(cli, table)[1]
    assert _preview(cli, table, "--allow-shared-files") == (0, "")


def test_preview_reads_damaged_files_where_they_are_allowed(cli, tmp_path, save_image):
    save_image(tmp_path / "own/a.jpg", size=(64, 64))
    data = (tmp_path / "own/a.jpg").read_bytes()
    (tmp_path / "own/a.jpg").write_bytes(data[: len(data) // 2])
    assert _preview(cli, tmp_path / "own")[0] == 2
    assert _preview(cli, tmp_path / "own", "--allow-damaged") == (0, "")


def test_preview_brings_masks_onto_their_volumes_where_that_is_asked_for(cli, tmp_path, rng):
    nibabel = pytest.importorskip("nibabel")

    def save(name, values, affine):
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(values, affine), path)

    volume = rng.integers(0, 900, (8, 8, 4)).astype(np.int16)
    save("test/normal/n.nii", volume, np.eye(4))
    save("test/ill/i.nii.gz", volume, np.eye(4))
    save("masks/ill/i.nii", np.ones((4, 4, 4), np.uint8), np.diag([2.0, 2, 1, 1]))
    code, err = _preview(cli, tmp_path / "own")
    assert (code, err.count("\n"), err.count("affine [")) == (2, 1, 2)
    assert _preview(cli, tmp_path / "own", "--resample-masks") == (0, "")


def test_a_name_that_the_terminal_cannot_show_is_escaped(
    cli_process, monkeypatch, tmp_path, save_image
):
    save_image(tmp_path / "own" / "a.png")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    words = ("--split", "train", "--out", "ü.png")
    code, out, err = cli_process("preview", tmp_path / "own", *words)
    assert (code, out, err) == (0, "\\xfc.png\n", "")


def test_cache_is_listed_and_cleared(cli):
    cli("preview", "phantom", "--split", "train")
    entries = json.loads(cli("cache", "--json")[1])["entries"]
    assert [entry["request"]["name"] for entry in entries] == ["phantom"]
    assert "phantom/train" in cli("cache")[1]
    assert "removed 1 entry from" in cli("cache", "--clear")[1]
    assert json.loads(cli("cache", "--json")[1])["entries"] == []


def _huge(path):
    Image.new("1", (12000, 12000)).save(path)


_DAMAGE = {
    "absent file": lambda root: (root / "BrainTumor/images/a.png").unlink(),
    "not JSON": lambda root: (root / "BrainTumor/data.json").write_text("{"),
    "truncated": lambda root: (root / "BrainTumor/images/a.png").write_bytes(
        (root / "BrainTumor/images/a.png").read_bytes()[:60]
    ),
    "empty": lambda root: (root / "BrainTumor/images/a.png").write_bytes(b""),
    "not an image": lambda root: (root / "BrainTumor/images/a.png").write_text("hello"),
    "huge": lambda root: _huge(root / "BrainTumor/images/a.png"),
    "leaves the folder": lambda root: (root / "BrainTumor/data.json").write_text(
        json.dumps({"train": {"0": ["../../secret.png"]}})
    ),
    "absolute": lambda root: (root / "BrainTumor/data.json").write_text(
        json.dumps({"train": {"0": ["/etc/passwd"]}})
    ),
    "empty class": lambda root: (root / "BrainTumor/data.json").write_text(
        json.dumps({"train": {"0": []}})
    ),
}


@pytest.mark.parametrize("damage", _DAMAGE)
def test_bad_data_is_one_line_and_exit_code_2(cli, cache_folder, json_dataset, damage):
    root = json_dataset.parent
    _DAMAGE[damage](root)
    code, out, err = cli("preview", "braintumor", "--split", "train", "--root", root)
    assert (code, out) == (2, "")
    assert err.startswith("mia-data: error: ")
    assert err.count("\n") == 1
    assert str(root) in err
    assert list(cli.folder.iterdir()) == []
    assert not cache_folder.exists() or list(cache_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "brian"], "did you mean 'braintumor'?"),
        (["info"], "arguments are required: name (try mia-data info --help)"),
        (["preview", "rsna", "--root", "absent"], "data root absent does not exist"),
        (["preview", "phantom", "--split", "val"], "unknown split 'val'"),
        (["preview", "phantom", "--size", "x"], "invalid int value: 'x'"),
        (["preview", "phantom", "--out", "absent/x.png"], "cannot write absent/x.png"),
        (["preview", "phantom", "--seed", "-1"], "seed to be a whole number"),
        (["verify", "phantom"], "is drawn"),
        (["download", "isic"], "challenge.isic-archive.com"),
        (["nothing"], "invalid choice: 'nothing'"),
        ([], "required"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(cli, arguments, message):
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_a_process_of_its_own_says_the_same(cli, cli_process, json_dataset):
    root = json_dataset.parent
    (root / "BrainTumor/images/a.png").write_text("hello")
    damaged = ("preview", "braintumor", "--split", "train", "--root", root)
    for words in (damaged, ("info", "brian"), ("info", "brats"), ("nothing",)):
        assert cli(*words) == cli_process(*words)


def test_a_closed_pipe_is_no_error(tmp_path):
    command = "import sys; from mia_data.cli import main; sys.exit(main(['list', '--json']))"
    process = subprocess.Popen(
        [sys.executable, "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0


def test_the_console_script_is_installed():
    script = Path(sys.executable).with_name("mia-data")
    process = subprocess.run([script, "info", "rsna"], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout.split()[1]) == (0, "rsna")


def test_version_is_the_package_s(cli):
    from importlib.metadata import version

    assert cli("--version") == (0, f"mia-data {version('mia-data')}\n", "")
