import json
from importlib import import_module
from pathlib import Path

import pytest

from handgrad.errors import ConfigError, DifferenceError, IntegrityError, RunError
from handgrad.training.checkpoint import load_checkpoint, save_checkpoint
from handgrad.training.manifest import check_manifest, seal
from handgrad.training.verify import family_of, verify

from .small import DIGITS, MLP, small, train
from .test_run import RISING
from .test_run_kills import AUGMENTATION


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("verify") / "run"
    train(path)
    return path


@pytest.fixture
def other(tmp_path):
    """A run of its own, to be changed."""
    train(tmp_path / "run")
    return tmp_path / "run"


def change(path, before, after):
    """Change a file and seal the run again, as somebody who wants to deceive would."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    seal(next(p for p in path.parents if (p / "config.toml").exists()))


def test_the_steps_asked_for_are_compared_from_the_first(run):
    verdict = verify(run, steps=4)
    assert (verdict.first_step, verdict.last_step) == (1, 4)
    assert verdict.checkpoints == ()
    assert verdict.files == check_manifest(run)
    assert verdict.is_same_code


def test_to_the_end_all_arrays_are_compared(run):
    verdict = verify(run, steps=100)
    assert (verdict.last_step, verdict.checkpoints) == (9, ("best", "last"))


def test_where_the_run_went_on_from_its_best_it_begins_there(tmp_path):
    result = train(tmp_path / "run", small(**RISING)).result
    verdict = verify(tmp_path / "run", steps=100)
    assert verdict.first_step == 3 * result["best_epoch"] + 1
    assert verdict.checkpoints == ("last",)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_cpu_engine_with_any_number_of_workers(tmp_path, workers):
    config = small(
        engine="cpu",
        model={**MLP, "dropout": 0.3},
        dataset={**DIGITS, "augmentation": AUGMENTATION},
    )
    train(tmp_path / "run", config)
    verdict = verify(tmp_path / "run", steps=100, workers=workers)
    assert verdict.checkpoints[-1] == "last"


def test_a_changed_file_is_named(other):
    path = other / "timings.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(IntegrityError, match=r"timings\.jsonl is damaged"):
        verify(other)


def test_a_number_made_up_is_found_by_training_again(other):
    lines = (other / "metrics.jsonl").read_text().splitlines()
    loss = str(json.loads(lines[5])["loss"])
    changed = loss[:-1] + str((int(loss[-1]) + 1) % 10)
    change(other / "metrics.jsonl", loss, changed)
    step = json.loads(lines[5])["step"]
    with pytest.raises(DifferenceError, match=f"At step {step} training again gives"):
        verify(other)
    assert verify(other, steps=step - 1).last_step == step - 1


@pytest.mark.parametrize("which", ["best", "last"])
def test_one_weight_of_a_checkpoint_made_up_is_found_by_training_again(other, which):
    folder = other / "checkpoints"
    saved = load_checkpoint(folder, which)
    name = max(saved.arrays)
    changed = saved.arrays[name].copy()
    changed.reshape(-1)[-1] += 1
    is_best = which == "best"
    save_checkpoint(
        folder,
        saved.arrays | {name: changed},
        saved.position,
        is_best=is_best,
        is_last=not is_best,
    )
    seal(other)
    with pytest.raises(DifferenceError, match=f"{name} is not what the {which} check"):
        verify(other, steps=100)


def test_settings_changed_afterwards_are_found(other):
    change(other / "config.toml", "learning_rate = 0.01", "learning_rate = 0.011")
    with pytest.raises(
        DifferenceError, match="At step 1 training again gives"
    ) as error:
        verify(other)
    assert error.value.exit_code == 3


def test_another_data_set_is_refused(other):
    text = (other / "config.toml").read_text()
    checksum = text.partition('dataset_sha256 = "')[2][:8]
    change(other / "config.toml", checksum, "00000000")
    with pytest.raises(RunError, match="is not the one that the run began with"):
        verify(other)


def test_kernels_of_another_family_are_not_compared(other):
    text = (other / "environment.json").read_text()
    family = family_of(json.loads(text))
    (other / "environment.json").write_text(text.replace(family[0], "Prescott"))
    seal(other)
    made = ", ".join(("Prescott", *family[1:]))
    here = ", ".join(family)
    with pytest.raises(RunError, match=f"{made} matrix kernels, here are {here}: "):
        verify(other)


def test_what_went_through_the_matrix_unit_is_compared_with_its_like(
    other, monkeypatch
):
    found = json.loads((other / "environment.json").read_text())
    for made, here, hint in [("AMX", None, "."), (None, "AMX", " HANDGRAD_AMX=0.")]:
        found["matrix_unit"] = made
        (other / "environment.json").write_text(json.dumps(found))
        seal(other)
        kernels = {"blas": found["blas"], "matrix_unit": here}
        verifying = import_module("handgrad.training.verify")
        monkeypatch.setattr(verifying, "matrix_kernels", lambda found=kernels: found)
        with pytest.raises(RunError) as caught:
            verify(other)
        name = found["blas"][0]["architecture"]
        assert str(caught.value).endswith(f"try OPENBLAS_CORETYPE={name}{hint}")


def test_a_unit_that_was_turned_off_is_to_be_turned_on(other, monkeypatch):
    found = json.loads((other / "environment.json").read_text())
    (other / "environment.json").write_text(json.dumps({**found, "matrix_unit": "AMX"}))
    seal(other)
    verifying = import_module("handgrad.training.verify")
    kernels = {"blas": found["blas"], "matrix_unit": None}
    monkeypatch.setattr(verifying, "matrix_kernels", lambda: kernels)
    monkeypatch.setenv("HANDGRAD_AMX", "0")
    with pytest.raises(RunError, match=r"Unset HANDGRAD_AMX\.$"):
        verify(other)


def test_runs_from_before_the_matrix_unit_made_no_use_of_it():
    blas = [{"architecture": "Haswell"}]
    assert family_of({"blas": blas}) == ("Haswell",)
    assert family_of({"blas": blas, "matrix_unit": None}) == ("Haswell",)
    assert family_of({"blas": blas, "matrix_unit": "AMX"}) == ("Haswell", "AMX")


def test_surroundings_that_say_nothing_are_refused(other):
    change(other / "environment.json", '"blas"', '"bias"')
    with pytest.raises(IntegrityError, match="does not say on which kernels"):
        verify(other)


def test_other_code_is_told(other):
    checksum = json.loads((other / "environment.json").read_text())["code_sha256"]
    change(other / "environment.json", checksum, "0" * 64)
    assert not verify(other, steps=1).is_same_code


def test_no_steps_are_no_comparison(run):
    with pytest.raises(ConfigError, match="steps"):
        verify(run, steps=0)
    with pytest.raises(RunError, match="is not a run folder"):
        verify(Path("nowhere"))
