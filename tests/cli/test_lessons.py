import json


def test_notebooks_are_written_and_listed(handgrad, tmp_path):
    code, out, err = handgrad("lessons mine")
    assert (code, err) == (0, "")
    found = sorted((tmp_path / "mine").iterdir())
    lines = out.splitlines()
    assert lines[:8] == [f"mine/{path.name}" for path in found]
    assert lines[-1].endswith("jupyter lab mine")
    values = json.loads(handgrad("lessons mine --force --json").out)
    assert values == {"notebooks": lines[:8]}


def test_existing_notebooks_are_refused(handgrad, tmp_path):
    handgrad("lessons mine")
    kept = tmp_path / "mine" / "8_mistakes.ipynb"
    kept.write_text("mine")
    (tmp_path / "mine" / "1_softmax_regression.ipynb").unlink()
    code, out, err = handgrad("lessons mine")
    assert (code, out) == (2, "")
    assert "exists and may hold your answers" in err
    assert "--force" in err
    assert kept.read_text() == "mine"


def test_a_folder_is_required(handgrad, tmp_path):
    assert handgrad("lessons").code == 2
    (tmp_path / "file").write_text("")
    code, _, err = handgrad("lessons file")
    assert (code, err.count("\n")) == (2, 1)
    assert "is not a folder" in err
