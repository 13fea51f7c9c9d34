import json
import os
from pathlib import Path

import pytest
from PIL import Image

from handgrad.errors import ConfigError, DifferenceError, IntegrityError, RunError
from handgrad.training.checkpoint import load_checkpoint
from handgrad.training.manifest import check_manifest, seal
from handgrad.training.same_kernels import families_of
from handgrad.training.verify import verify

from .small import DIGITS, MLP, save_again, small, train
from .test_run import RISING
from .test_run_kills import AUGMENTATION


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("verify") / "run"
    train(path)
    return path


@pytest.fixture
def other(tmp_path):
    """A run that a test may change."""
    train(tmp_path / "run")
    return tmp_path / "run"


def change(path, before, after):
    """Change a file and seal the run again, as a forger would."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    seal(next(p for p in path.parents if (p / "config.toml").exists()))


def change_config(run, before, after):
    """Change a setting, and update both checkpoints to match."""
    change(run / "config.toml", before, after)
    for which in ("best", "last"):
        save_again(run, which, notes={"config_sha256": None})


def test_the_steps_asked_for_are_compared_from_the_first(run):
    verdict = verify(run, steps=4)
    assert (verdict.first_step, verdict.last_step) == (1, 4)
    assert verdict.checkpoints == ()
    assert verdict.files == check_manifest(run)
    assert verdict.evaluated == ("validation", "test")
    assert (verdict.steps, verdict.epochs) == (9, 3)
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


@pytest.fixture
def clipped(tmp_path):
    """A run that records gradient norms, on which no other value depends."""
    training = {"epochs": 3, "batch_size": 40, "clip_norm": 1.0}
    train(tmp_path / "run", small(training=training))
    return tmp_path / "run"


def test_a_number_made_up_is_found_by_training_again(clipped):
    lines = (clipped / "metrics.jsonl").read_text().splitlines()
    norm = str(json.loads(lines[5])["gradient_norm"])
    changed = norm[:-1] + str((int(norm[-1]) + 1) % 10)
    change(clipped / "metrics.jsonl", norm, changed)
    step = json.loads(lines[5])["step"]
    with pytest.raises(DifferenceError, match=f"After step {step}, repeating"):
        verify(clipped)
    assert verify(clipped, steps=step - 1).last_step == step - 1


def test_what_lies_before_the_best_checkpoint_is_found_from_the_start(tmp_path):
    run = tmp_path / "run"
    best = train(run, small(**RISING)).result["best_epoch"]
    lines = (run / "metrics.jsonl").read_text().splitlines()
    first = next(line for line in lines if "train_loss" in line)
    accuracy = str(json.loads(first)["validation_accuracy"])
    assert json.loads(first)["epoch"] < best
    change(
        run / "metrics.jsonl",
        f'"validation_accuracy": {accuracy}',
        f'"validation_accuracy": {accuracy[:-1]}{(int(accuracy[-1]) + 1) % 10}',
    )
    assert verify(run, steps=1000).first_step == 3 * best + 1
    with pytest.raises(DifferenceError, match="After step 3, repeating the"):
        verify(run, steps=1000, from_start=True)


def test_from_the_start_to_the_end_everything_is_trained_again(tmp_path):
    result = train(tmp_path / "run", small(**RISING)).result
    verdict = verify(tmp_path / "run", steps=result["steps"], from_start=True)
    assert (verdict.first_step, verdict.last_step) == (1, result["steps"])
    assert (verdict.steps, verdict.epochs) == (result["steps"], result["epochs"])
    assert verdict.checkpoints == ("best", "last")


def change_arrays(run, which, change):
    """Save other arrays as a checkpoint, and seal the run again."""
    saved = load_checkpoint(run / "checkpoints", which).arrays
    arrays = {name: array.copy() for name, array in saved.items()}
    change(arrays)
    save_again(run, which, arrays=arrays)


@pytest.mark.parametrize("which", ["best", "last"])
def test_a_weight_made_up_is_found_without_training(other, which):
    def add_one(arrays):
        arrays["parameters/linear_2.weight"].reshape(-1)[-1] += 1

    change_arrays(other, which, add_one)
    with pytest.raises(DifferenceError, match=f"The {which} checkpoint of .* gives a"):
        verify(other, steps=1)


@pytest.mark.parametrize("which", ["best", "last"])
def test_a_number_of_the_optimizer_made_up_is_found_by_training_again(other, which):
    def add_one(arrays):
        name = next(name for name in sorted(arrays) if name.startswith("optimizer"))
        arrays[name].reshape(-1)[-1] += 1

    change_arrays(other, which, add_one)
    with pytest.raises(DifferenceError, match=f"differs from the {which} checkpoint"):
        verify(other, steps=100)


def test_settings_changed_afterwards_are_found(other):
    change(other / "config.toml", "learning_rate = 0.01", "learning_rate = 0.011")
    with pytest.raises(IntegrityError, match="has changed since the checkpoint"):
        verify(other)
    change_config(other, "learning_rate = 0.011", "learning_rate = 0.012")
    with pytest.raises(DifferenceError, match="follows from the lines") as error:
        verify(other)
    assert error.value.exit_code == 3


def test_another_data_set_is_refused(other):
    text = (other / "config.toml").read_text()
    checksum = text.partition('dataset_sha256 = "')[2][:8]
    change_config(other, checksum, "00000000")
    with pytest.raises(RunError, match="is not the one that the run started with"):
        verify(other)


def test_pictures_are_decoded_again(tmp_path, monkeypatch):
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    pictures = tmp_path / "pets"
    for name in ("a", "b"):
        (pictures / name).mkdir(parents=True)
        for number in range(5):
            grey = Image.new("L", (6, 6), 20 * number)
            grey.save(pictures / name / f"{number}.bmp")
    train(tmp_path / "run", small(dataset={"name": str(pictures), "validation": 0.3}))
    assert verify(tmp_path / "run", steps=1).steps == 3
    path = pictures / "a" / "0.bmp"
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    Image.new("L", (6, 6), 255).save(path)  # of the same size
    os.utime(path, ns=times)
    with pytest.raises(RunError, match="is not the one that the run started with"):
        verify(tmp_path / "run", steps=1)


def test_unavailable_kernels_are_a_run_error(other):
    text = (other / "environment.json").read_text()
    families = families_of(json.loads(text))
    (other / "environment.json").write_text(text.replace(families[0], "Old"))
    seal(other)
    with pytest.raises(RunError, match=r"was trained with Old, .* those for Old"):
        verify(other)


def test_an_environment_without_kernels_is_refused(other):
    change(other / "environment.json", '"blas"', '"bias"')
    with pytest.raises(IntegrityError, match="does not name the kernels"):
        verify(other)


def test_other_code_is_reported(other):
    checksum = json.loads((other / "environment.json").read_text())["code_sha256"]
    change(other / "environment.json", checksum, "0" * 64)
    assert not verify(other, steps=1).is_same_code


def test_zero_steps_are_refused(run):
    with pytest.raises(ConfigError, match="steps"):
        verify(run, steps=0)
    with pytest.raises(RunError, match="nowhere does not exist"):
        verify(Path("nowhere"))
