import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from handgrad.auto import deadline, plan
from handgrad.auto.planner import Planner
from handgrad.cli.auto import wants_auto
from handgrad.errors import ConfigError
from handgrad.training.config import read_config
from handgrad.training.records import EpochRecord
from studies.test_contents import pictures

FAST = "--minutes 1 --engine plain --set hidden_sizes=8,"
QUICK = f"{FAST} --epochs 4"


@pytest.fixture
def folder(handgrad):
    """Two classes of images, in the working directory of the program."""
    return pictures(Path("pictures"))


def digest(outcome):
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out.splitlines()[-1])["sha256"]


@pytest.mark.parametrize(
    ("given", "is_wanted"),
    [
        ({"model": "auto"}, True),
        ({"model": "AUTO", "dataset": "digits"}, True),
        ({"minutes": 3.0}, True),
        ({"dataset": "some/pictures"}, True),
        ({}, False),
        ({"dataset": "fashion-mnist"}, False),
        ({"dataset": "some/pictures", "model": "lenet"}, False),
        ({"dataset": "some/pictures", "start_from": "runs/x"}, False),
    ],
)
def test_who_gets_a_plan(given, is_wanted):
    assert wants_auto(given) is is_wanted


@pytest.mark.parametrize(
    "given",
    [
        {"minutes": 3.0, "model": "lenet"},
        {"model": "auto", "start_from": "runs/x"},
        {"minutes": 3.0, "start_from": "runs/x"},
    ],
)
def test_contradictions_are_refused(given):
    with pytest.raises(ConfigError, match="Remove"):
        wants_auto(given)


def test_images_in_place_of_a_network_are_named_with_their_option(folder, refused):
    for more in ("", " --minutes 3"):
        assert "--dataset pictures" in refused(f"train pictures{more}")


@pytest.mark.parametrize("minutes", ["0", "-1", "abc", "nan"])
def test_minutes_that_are_none_are_refused(minutes, folder, refused):
    assert "--minutes" in refused(f"train --dataset pictures --minutes {minutes}")


def test_a_folder_in_use_is_refused_before_anything_is_measured(
    folder, refused, monkeypatch
):
    monkeypatch.setattr("handgrad.auto.planner.Planner.measure", None)
    assert "already exists" in refused("train --dataset pictures --run pictures")


def test_images_of_one_class_are_refused(refused, folder):
    for path in (folder / "b").iterdir():
        path.unlink()
    (folder / "b").rmdir()
    assert "classifier needs two" in refused("train --dataset .")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("--validation folder", "pictures has no validation images of its own"),
        ("--validation 1.5", "validation takes a fraction above 0 and below 1"),
        ("--validation 500", "validation = 500 would hold out 500 of"),
        ("--validation 0", "validation = 0 would hold out no image"),
        ("--train-count 500", "train_count must be from 1 to"),
    ],
)
def test_an_impossible_split_is_refused_before_measuring(
    asked, said, folder, handgrad, monkeypatch
):
    monkeypatch.setattr(Planner, "measure", lambda *_, **__: pytest.fail("measured"))
    code, _, err = handgrad(f"train --dataset pictures --minutes 2 {asked}")
    assert code == 2
    assert said in err
    assert "measuring" not in err


def test_a_path_is_planned_trained_explained_and_trained_again(folder, handgrad):
    code, out, err = handgrad(f"train --dataset pictures {QUICK} --run one")
    assert code == 0, err
    for word in ("data", "network", "training", "augmentation", "time"):
        assert f"\n{word}: " in err
    assert "validation accuracy" in out
    assert "lowest recall: " in out
    offered = [line.strip() for line in out.splitlines() if "    handgrad" in line]
    assert [line.split()[1] for line in offered] == [
        *("predict", "inspect", "inspect", "calibrate", "train"),
    ]
    sha256 = json.loads(Path("one/result.json").read_text())["sha256"]
    again = handgrad("train one/plan.toml -q --json --run two")
    assert digest(again) == sha256
    assert handgrad("verify one --steps 1").code == 0
    assert handgrad("predict one pictures/a/00.png").code == 0


def test_an_interrupted_training_predicts_and_resumes(folder, handgrad, monkeypatch):
    whole = handgrad(f"train --dataset pictures {QUICK} -q --json --run whole")

    def stop(self, trainer, record, reschedule):
        if isinstance(record, EpochRecord) and record.epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(deadline.Deadline, "check", stop)
    assert handgrad(f"train --dataset pictures {QUICK} -q --run cut").code == 130
    assert "a" in handgrad("predict cut pictures/a/00.png").out
    shutil.copytree("cut", "again")
    assert digest(handgrad("train --resume cut -q --json")) == digest(whole)
    out = handgrad("train --resume again").out
    assert "which was kept" in out
    assert "handgrad calibrate again" in out


@pytest.mark.usefixtures("heard")
def test_a_training_interrupted_in_its_first_epoch_predicts(
    folder, handgrad, monkeypatch
):
    def stop(self, trainer, record, reschedule):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(deadline.Deadline, "check", stop)
    steps = "--batch-size 2 -q --run cut"
    assert handgrad(f"train --dataset pictures {QUICK} {steps}").code == 130
    code, out, err = handgrad("predict cut pictures/a/00.png")
    assert (code, "pictures/a/00.png" in out) == (0, True), err
    assert "cut has not finished its first epoch: the network after step 1 " in err
    assert handgrad("evaluate cut --split validation").code == 0


def test_without_a_test_set_the_accuracy_is_that_of_the_network_kept(handgrad):
    pictures(Path("pictures/train"))
    pictures(Path("pictures/val"), seed=1)
    rates = "--set optimizer.learning_rate=3 --schedule constant"
    out = handgrad(f"train --dataset pictures {QUICK} {rates} --run one").out
    lines = [json.loads(x) for x in Path("one/metrics.jsonl").read_text().splitlines()]
    found = [x["validation_accuracy"] for x in lines if x["kind"] == "epoch"]
    best = json.loads(Path("one/result.json").read_text())["best_epoch"]
    assert found[best - 1] != found[-1]
    kept = f"validation accuracy {found[best - 1]:.2%}"
    assert out.count(kept) == out.count("validation accuracy") == 2


def test_the_deadline_ends_the_training_and_resume_goes_on(
    folder, handgrad, monkeypatch
):
    whole = handgrad(f"train --dataset pictures {QUICK} -q --json --run whole")
    monkeypatch.setattr(deadline.Deadline, "grant", lambda self, seconds: None)
    monkeypatch.setattr(deadline.Deadline, "elapsed", lambda self: 1e9)
    code, out, _ = handgrad(f"train --dataset pictures {QUICK} --run cut")
    assert code == 0
    assert "The time was over after epoch 1 of 4" in out
    assert "handgrad train --resume cut" in out
    assert json.loads(Path("cut/result.json").read_text())["epochs"] == 1
    assert handgrad("predict cut pictures/a/00.png").code == 0
    assert digest(handgrad("train --resume cut -q --json")) == digest(whole)
    assert handgrad("verify cut --steps 1").code == 0


def test_a_fast_machine_trains_more_epochs_and_says_so(folder, handgrad, monkeypatch):
    monkeypatch.setattr(plan, "epoch_seconds", lambda facts, config, image: 9.0)
    code, _, err = handgrad(f"train --dataset pictures {FAST} --run long")
    assert code == 0, err
    assert "There is time for more epochs than planned: " in err
    result = json.loads(Path("long/result.json").read_text())
    planned, trained = (
        read_config(Path("long") / name).training.epochs
        for name in ("plan.toml", "config.toml")
    )
    assert planned <= 6 < trained
    assert result["epochs"] > 6
    again = digest(handgrad("train long/config.toml -q --json --run two"))
    assert again == result["sha256"]


def test_a_slow_machine_trains_fewer_epochs_and_says_so(folder, handgrad, monkeypatch):
    times = iter([0.0] * 3 + [53.0] * 90)  # seconds when asked; a minute is over at 60
    monkeypatch.setattr(deadline.Deadline, "grant", lambda self, seconds: None)
    monkeypatch.setattr(deadline.Deadline, "_expected", lambda self: 3.0)
    monkeypatch.setattr(deadline.Deadline, "elapsed", lambda self: next(times))
    code, out, err = handgrad(f"train --dataset pictures {QUICK} --run short")
    assert code == 0, err
    assert "The epochs take longer than planned: 2 epochs instead of 4" in err
    assert "The time was over" not in out
    assert json.loads(Path("short/result.json").read_text())["epochs"] == 2
    assert handgrad("verify short").code == 0
    sha256 = json.loads(Path("short/result.json").read_text())["sha256"]
    assert digest(handgrad("train short/config.toml -q --json --run two")) == sha256


def test_freezing_needs_weights_to_start_from(folder, refused):
    assert "--start-from RUN" in refused("train --dataset pictures --freeze 1")


def test_a_named_data_set_can_be_planned(handgrad):
    few = "--train-count 40 --epochs 1 --engine plain --batch-size 8"
    outcome = handgrad(f"train auto {few} --minutes 0.01 -q --json --run here")
    assert json.loads(outcome.out)["dataset"] == "digits", outcome.err


def test_one_image_of_each_class_is_trained_without_measuring_it(folder, handgrad):
    for path in folder.rglob("*.png"):
        if path.stem != "00":
            path.unlink()
    code, out, _ = handgrad(f"train --dataset pictures {QUICK} --run here")
    assert code == 0
    assert "The accuracy is unknown" in out
    assert "calibrate" not in out
    assert "mistakes" not in out  # no image was held out
    assert "inspect labels" not in out  # fewer images than folds


def test_suggested_commands_quote_the_run_folder(folder, handgrad):
    outcome = handgrad(f"train --dataset pictures {QUICK} --run 'my run'")
    assert "    handgrad predict 'my run' IMAGE_OR_FOLDER" in outcome.out


def test_a_rare_class_that_is_missed_brings_class_weights(handgrad):
    """Forty of one class and five of another, with the same pixels."""
    pictures(Path("pictures"))
    for name, count in (("a", 40), ("b", 5)):
        folder = Path("pictures") / name
        shutil.rmtree(folder)
        folder.mkdir()
        for number in range(count):
            pixels = np.full((8, 8), 100 + number % 3, np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:02d}.png")
    command = f"train --dataset pictures {QUICK}"
    code, out, err = handgrad(f"{command} --run one")
    assert code == 0, err
    advised = "train one/plan.toml --class-weight balanced"
    assert f"    handgrad {advised}\n" in out
    assert handgrad(f"{advised} --run two -q").code == 0
    assert "class-weight" not in handgrad(f"{command} --class-weight balanced").out
