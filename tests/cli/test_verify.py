import json
import shutil

import pytest

from handgrad.training.manifest import check_manifest, seal


@pytest.fixture
def copy(trained, tmp_path):
    """A copy of a run, to be changed."""
    shutil.copytree(trained, tmp_path / "copy")
    return tmp_path / "copy"


def test_an_unchanged_run_is_equal(handgrad, trained):
    code, out, err = handgrad(f"verify {trained} -q")
    assert (code, err) == (0, "")
    files, kernels, records, evaluated, steps, *others = out.splitlines()
    assert files == f"{check_manifest(trained)} files are unchanged"
    assert kernels.startswith("matrix kernels ")
    assert records.startswith("2 epochs and ")
    assert records.endswith("consistent with both checkpoints and result.json")
    assert "evaluated again on validation and test images: identical" in evaluated
    assert "trained again: every number is bit-identical" in steps
    (other,) = others
    assert other.startswith("the other steps were not trained again; to repeat all")


def test_all_steps_can_be_trained_again(handgrad, trained):
    count = json.loads((trained / "result.json").read_text())["steps"]
    code, out, _ = handgrad(f"verify {trained} -q --from-start --steps {count}")
    assert code == 0
    assert f"steps 1 to {count} trained again: every number is bit-id" in out
    assert "the other steps" not in out
    one = handgrad(f"verify {trained} -q --from-start --steps 1").out
    assert "\nstep 1 trained again: every number" in one


def test_the_pictures_are_in_the_manifest(trained):
    listed = json.loads((trained / "manifest.json").read_text())["files"]
    assert {f"figures/{path.name}" for path in (trained / "figures").iterdir()} <= set(
        listed
    )


def test_json_says_what_was_compared(handgrad, trained):
    code, out, _ = handgrad(f"verify {trained} --steps 1000 --json -q")
    found = json.loads(out)
    assert (code, found["equal"], found["first_step"]) == (0, True, 1)
    assert found["checkpoints"] == ["best", "last"]
    assert found["family"]


@pytest.mark.parametrize("name", ["result.json", "figures/curves.png", "config.toml"])
def test_a_changed_file_is_code_3_and_named(handgrad, copy, name):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    code, out, err = handgrad(f"verify {copy} -q")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert f"{name} is damaged" in err


def test_another_setting_is_code_3(handgrad, copy):
    text = (copy / "config.toml").read_text()
    (copy / "config.toml").write_text(text.replace("seed = 0", "seed = 1"))
    seal(copy)
    code, out, err = handgrad(f"verify {copy} -q")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "config.toml has changed since the checkpoint was saved" in err


def test_mistakes_are_sentences(refused, copy):
    assert "nowhere does not exist" in refused("verify nowhere")
    assert "--steps takes an integer of at least 1" in refused(
        f"verify {copy} --steps 0"
    )
    assert "--workers takes" in refused(f"verify {copy} --workers 0")
    (copy / "manifest.json").unlink()
    assert "so the run has not ended" in refused(f"verify {copy}")
