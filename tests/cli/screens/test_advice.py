from dataclasses import replace

import pytest

from handgrad.cli.screens.advice import Advice, interval
from handgrad.cli.screens.balance import balance_of
from handgrad.training import start
from studies.test_contents import pictures
from training.small import DIGITS, small

SMALL = "--engine plain --train-count 200"
FEW = f"{SMALL} --validation 300"
CASES = {  # what was trained -> what is suggested, first of all
    f"softmax_regression {SMALL} --epochs 1": ["--resume runs/x --epochs 2"],
    f"softmax_regression {SMALL} --epochs 1 --schedule cosine": [
        "train runs/x/config.toml --epochs 2"
    ],
    f"mlp {FEW} --epochs 60 --optimizer adam --learning-rate 0.01 --batch-size 32": [
        "train runs/x/config.toml --augment random_crop:3 --early-stopping 5",
        "--seed 1",
    ],
    f"mlp {FEW} --epochs 40 --optimizer adam --augment random_crop:1 --l2 0.0001 "
    "--schedule cosine": ["train runs/x/config.toml --set dropout=0.3"],
    f"softmax_regression {FEW} --epochs 60 --optimizer adam --augment random_crop:1 "
    "--learning-rate 0.1": ["train runs/x/config.toml --l2 0.0005"],
    f"perceptron {SMALL} --epochs 5 --learning-rate 1e-7": [
        "inspect learning-rate-finder runs/x/config.toml"
    ],
    f"mlp --set hidden_sizes=3, {SMALL} --set activations=tanh --epochs 30 --optimizer "
    "adam --learning-rate 0.02 --schedule cosine": [
        "train runs/x/config.toml --set 'hidden_sizes=[6]'"
    ],
    f"mlp {SMALL} --epochs 2 --learning-rate 1e4": [
        "train runs/x/config.toml --learning-rate 0.01"
    ],
    f"mlp {SMALL} --epochs 3 --learning-rate 1e-7 --loss mean_squared_error": [
        "inspect learning-rate-finder runs/x/config.toml"
    ],
}


def offered(out):
    """The commands below `Try next`."""
    lines = out.partition("Try next\n")[2].splitlines()
    assert all(line.startswith("  ") for line in lines)
    assert not any(line.startswith("    ") for line in lines[::2])
    return [line.strip() for line in lines[1::2]]


AT_NIGHT = [*[*CASES][2:5], [*CASES][-1]]  # 40 epochs and more; what another suggests


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(words, marks=pytest.mark.nightly if words in AT_NIGHT else ())
        for words in CASES
    ],
)
def test_suggested_commands_run(handgrad, words):
    code, out, err = handgrad(f"train {words} --run runs/x")
    assert code == 0, err
    commands = offered(out)
    assert 1 <= len(commands) <= 2
    for command, wanted in zip(commands, CASES[words], strict=False):
        assert wanted in command, out
    for command in commands:
        done = handgrad(command.removeprefix("handgrad "))
        assert done.code == 0, done.err


def test_a_run_whose_name_begins_with_a_dash(handgrad):
    code, out, err = handgrad("train softmax_regression --epochs 1 --run=-x --quiet")
    assert code == 0, err
    code, out, err = handgrad("train ./-x/config.toml --epochs 1 --run ./-y")
    for command in offered(out):
        done = handgrad(command.removeprefix("handgrad "))
        assert done.code == 0, done.err


def test_a_run_that_makes_no_mistake_is_long_enough(tmp_path):
    adam = {"name": "adam", "learning_rate": 0.01}
    config = small(training={"epochs": 60, "batch_size": 8}, optimizer=adam)
    run = start(config, tmp_path / "run")
    list(run)
    assert run.folder.records()[-1]["train_accuracy"] == 1.0
    commands = [step.command for step in Advice(run, balance_of(run), None).steps()]
    assert not any("--epochs" in command for command in commands)


@pytest.mark.parametrize(("learned", "said"), [(0.11, "hardly"), (0.5, "overfitting")])
def test_failed_training_is_not_called_overfitting(learned, said, tmp_path):
    run = start(small(dataset={**DIGITS, "validation": 2}), tmp_path / "run")
    list(run)
    advice = Advice(run, balance_of(run), None)
    advice.position = replace(run.trainer.position, losses=(2.0, 2.2, 2.3))
    for number, epoch in enumerate(advice.epochs):
        epoch |= {"train_loss": 2.5 - number / 10, "train_accuracy": learned}
        epoch |= {"validation_accuracy": 0.0}
    reasons = [step.why for step in advice.steps()]
    assert said in reasons[0]
    assert not any("overfitting" in why for why in reasons[1:])


def test_names_that_a_shell_would_split_are_quoted(handgrad, tmp_path):
    pictures(tmp_path / "my pictures")
    words = "softmax_regression --engine plain --dataset 'my pictures' --epochs 1"
    code, out, err = handgrad(f"train {words} --run 'a run'")
    assert code == 0, err
    for command in offered(out):
        done = handgrad(command.removeprefix("handgrad "))
        assert done.code == 0, done.err


def test_after_nan_a_smaller_rate_is_suggested_and_runs(handgrad):
    words = "train mlp --engine plain --learning-rate 1e30 --epochs 1"
    code, out, err = handgrad(f"{words} --run x")
    assert (code, out) == (4, "")
    command = err.partition("    ")[2].partition("\n")[0]
    assert command == "handgrad train x/config.toml --learning-rate 0.01"
    assert handgrad(command.removeprefix("handgrad ")).code == 0
    assert "Try next" not in handgrad(f"{words} -q --run y").err


def test_quiet_and_json_say_the_result_alone(handgrad):
    words = f"train softmax_regression {SMALL} --epochs 1"
    assert "Try next" not in handgrad(f"{words} -q").out
    assert handgrad(f"{words} --json").out.count("\n") == 1


def test_the_interval_is_that_of_wilson():
    low, high = interval(0.5, 100)
    assert (round(low, 4), round(high, 4)) == (0.4038, 0.5962)  # as published tables
    assert interval(1.0, 10)[1] == pytest.approx(1.0)
    assert interval(0.0, 10)[0] == pytest.approx(0.0)
