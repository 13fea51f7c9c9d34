import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import handgrad as package
from handgrad.training.config import DatasetConfig
from handgrad.training.run_folder import RunFolder
from interop.events import events_in, steps_of
from studies.test_contents import pictures

SMALL = "softmax_regression --engine plain --optimizer adam --learning-rate 0.01"
KEYS = {
    "run",
    "model",
    "dataset",
    "epochs",
    "steps",
    "seconds",
    "train_loss",
    "validation_loss",
    "validation_accuracy",
    "test_accuracy",
    "parameters",
    "sha256",
}


def result_of(outcome):
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out.splitlines()[-1])


@pytest.mark.slow
def test_alone_it_learns_the_digits_and_offers_commands_that_work(handgrad):
    code, out, err = handgrad("train")
    assert code == 0
    accuracy = float(re.search(r"test accuracy ([\d.]+)%", out)[1])
    assert accuracy > 97
    assert err.count("\nepoch ") == 20
    assert "\x1b" not in out + err
    offered = out.partition("Try next\n")[2].splitlines()
    commands = [line.strip() for line in offered if "    handgrad" in line]
    assert 1 <= len(commands) <= 2
    for line in commands:
        done = handgrad(line.removeprefix("handgrad "))
        assert done.code == 0, done.err


def test_json_is_one_object_with_the_promised_names(handgrad):
    code, out, err = handgrad(f"train {SMALL} --epochs 2 --json")
    assert (code, out.count("\n")) == (0, 1)
    result = json.loads(out)
    assert result.keys() >= KEYS
    assert (result["epochs"], result["parameters"]) == (2, 7850)
    assert Path(result["run"]) == Path("runs/softmax-regression-digits-1")
    assert "epoch   2" in err


def test_the_checksum_is_that_of_the_last_parameters(handgrad, trained):
    result = json.loads((trained / "result.json").read_text())
    parameters = package.load(
        trained
    ).network_.parameters()  # the last epoch was the best
    digest = hashlib.sha256()
    for _, parameter in sorted(parameters.items()):
        digest.update(np.ascontiguousarray(parameter.value))
    assert digest.hexdigest() == result["sha256"]


def test_quiet_says_the_result_alone(handgrad):
    code, out, err = handgrad(f"train {SMALL} --epochs 1 --quiet --run here")
    assert (code, err) == (0, "")
    assert out.splitlines()[1] == "run folder: here"


def test_the_pictures_are_in_the_run_folder(trained):
    assert sorted(path.name for path in (trained / "figures").iterdir()) == [
        "confusion_matrix.png",
        "curves.png",
        "curves.svg",
        "first_layer_weights.png",
        "worst_mistakes.png",
    ]


def test_options_reach_the_configuration(handgrad):
    handgrad(
        "train lenet --set activation=tanh --set schedule.rise=0.2 --epochs 1 -q "
        "--engine plain --batch-size 50 --optimizer nesterov --weight-decay 0.001 "
        "--schedule one_cycle --warmup-epochs 0.5 --l2 0.0001 --label-smoothing 0.1 "
        "--class-weight balanced --clip-norm 1 --early-stopping 3 --train-count 100 "
        "--augment random_flip "
        "--normalization half --image-size 32 --validation 50 --seed 4 --run here"
    )
    config = RunFolder.open(Path("here")).config
    assert (config.seed, config.engine) == (4, "plain")
    assert config.model.options == {"activation": "tanh"}
    assert config.optimizer.options == {
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 0.001,
    }
    assert config.schedule.options == {"rise": 0.2}
    assert config.loss.options == {"label_smoothing": 0.1}
    assert config.loss.class_weight == "balanced"
    assert config.training.early_stopping == 3
    assert config.dataset.augmentation[0].name == "random_flip"
    assert config.resolved.input_shape == (1, 32, 32)
    assert config.resolved.train_images == 100
    assert config.resolved.validation_images == 50


def test_a_file_is_a_model_and_options_go_over_it(handgrad):
    Path("small.toml").write_text(
        "seed = 3\n[model]\nname = 'perceptron'\nhidden = 8\n"
        "[training]\nepochs = 5\nbatch_size = 100\n"
    )
    result = result_of(
        handgrad("train small.toml --epochs 1 --seed 0 --set hidden=9 --json -q")
    )
    config = RunFolder.open(Path(result["run"])).config
    assert (config.seed, config.training.epochs, config.training.batch_size) == (
        0,
        1,
        100,
    )
    assert config.model.options == {"hidden": 9}


def test_the_same_seed_gives_the_same_bits_for_any_number_of_workers(handgrad):
    sums = {
        result_of(handgrad(f"train mlp --epochs 1 -q --json --workers {workers}"))[
            "sha256"
        ]
        for workers in (1, 2)
    }
    assert len(sums) == 1


@pytest.mark.slow
def test_a_stopped_run_is_resumed_to_the_same_bits(handgrad, tmp_path):
    words = "train mlp --engine plain --epochs 10 --batch-size 8 --set hidden_sizes=32,"
    whole = result_of(handgrad(f"{words} --json -q --run whole"))
    program = "from handgrad.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words.split(), "--run", "cut"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    for line in process.stderr:
        if line.startswith("epoch "):
            process.send_signal(signal.SIGTERM)
            break
    assert "handgrad train --resume cut" in process.stderr.read()
    process.stderr.close()
    assert process.wait() == 128 + signal.SIGTERM
    assert not (tmp_path / "cut" / "result.json").exists()
    resumed = result_of(handgrad("train --resume cut --json -q"))
    assert resumed["sha256"] == whole["sha256"]
    assert (tmp_path / "cut" / "metrics.jsonl").read_bytes() == (
        tmp_path / "whole" / "metrics.jsonl"
    ).read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("lenett", "Did you mean 'lenet'?"),
        ("lenet --dataset mnisst", "Did you mean 'mnist'?"),
        ("lenet --dataset ./nowhere", "no data set at ./nowhere"),
        ("lenet --set activaton=relu", "Did you mean 'activation'?"),
        ("lenet --set activation=rellu", "Did you mean 'relu'?"),
        ("mlp --set hidden_sizes=many", "a list, each item an integer, got 'many'"),
        ("lenet --set activation", "--set takes NAME=VALUE"),
        ("lenet --optimizer adm", "Did you mean 'adam'?"),
        ("lenet --set optimizer.momentun=0.9", "Did you mean 'momentum'?"),
        ("lenet --schedule cosin", "Did you mean 'cosine'?"),
        ("lenet --loss softmax", "Did you mean 'softmax_cross_entropy'?"),
        ("lenet --engine gpu", "'plain' or 'cpu', got 'gpu'"),
        ("lenet --image-size 4", "needs images of at least 5x5"),
        ("lenet --epochs 0", "training.epochs"),
        ("lenet --learning-rate -1", "optimizer.learning_rate"),
        ("lenet --validation 2.5", "validation takes a fraction"),
        ("lenet --train-count 99999", "train_count must be from 1 to"),
        ("lenet --normalization unt", "'unit', 'half' or 'standard'"),
        ("lenet --workers 0", "--workers takes an integer of at least 1"),
        ("lenet --workers 2 --engine plain", "needs --engine cpu"),
        ("nowhere.toml", "nowhere.toml cannot be read"),
        ("--resume nowhere", "nowhere does not exist"),
        ("--resume nowhere --epochs 3", "nowhere does not exist"),
        ("--resume nowhere --start-from here", "got --start-from as well"),
        ("--start-from nowhere", "nowhere does not exist"),
        ("--freeze 2", "has freeze, but no weights to start from. Add --start-from"),
        ("--freeze all", "first layers to freeze, from 1, or all-but-last, got 'all'"),
        ("lenet --resume nowhere", "got a model as well"),
        ("--resume nowhere --set a=1", "got --set as well"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing_behind(refused, words, said):
    assert said in refused(f"train {words}")


def test_a_key_that_a_file_cannot_have_is_refused(refused, tmp_path):
    (tmp_path / "wrong.toml").write_text("[training]\nepoch = 3\n")
    assert "Did you mean 'epochs'" in refused("train wrong.toml")
    (tmp_path / "wrong.toml").write_text("[training\n")
    assert "is not valid TOML" in refused("train wrong.toml")


def test_a_file_where_the_run_folder_should_be_is_kept(refused, tmp_path):
    (tmp_path / "here").write_text("mine")
    assert "here already exists" in refused(f"train {SMALL} -q --run here")
    assert "cannot be written" in refused(f"train {SMALL} -q --run here/run")
    assert (tmp_path / "here").read_text() == "mine"


def test_a_run_is_not_written_over(refused, trained):
    assert "already exists" in refused(f"train {SMALL} -q --run {trained}")


def test_a_loss_that_becomes_nan_names_the_step_and_the_code_is_4(handgrad):
    code, out, err = handgrad(
        "train mlp --engine plain --learning-rate 1e30 --epochs 2 -q --run here"
    )
    assert (code, out) == (4, "")
    assert re.match(r"Step \d+", err)
    assert err.count("\n") == 1


def test_a_finished_run_is_given_more_epochs(handgrad, refused):
    whole = result_of(handgrad(f"train {SMALL} --epochs 4 --json -q --run whole"))
    handgrad(f"train {SMALL} --epochs 2 -q --run longer")
    longer = result_of(handgrad("train --resume longer --epochs 4 --json -q"))
    same = whole.keys() - {"run", "seconds"}
    assert {name: longer[name] for name in same} == {n: whole[n] for n in same}
    assert handgrad("verify longer -q").code == 0
    assert "has finished 4 epochs, got 3" in refused("train --resume longer --epochs 3")
    handgrad(f"train {SMALL} --schedule cosine --epochs 2 -q --run falling")
    assert "has the schedule cosine" in refused("train --resume falling --epochs 4")


def test_a_run_starts_from_the_weights_of_another(handgrad, refused, tmp_path):
    pictures(tmp_path / "pictures")
    model = "mlp --set hidden_sizes=8, --engine plain --optimizer adam"
    handgrad(f"train {model} --epochs 3 -q --run first")
    done = handgrad("train --start-from first --epochs 1 --run second")
    assert done.code == 0
    assert "starts from 4 of 4 arrays of first" in done.err
    other = handgrad("train --start-from first --dataset pictures --run third")
    assert other.code == 0, other.err
    assert (
        "starts from 2 of 4 arrays of first; new: linear_2.weight, linear_2.bias"
        in other.err
    )
    config = RunFolder(tmp_path / "third").config
    assert config.dataset.image_size == (28, 28)
    assert config.optimizer.name == "adam"
    assert handgrad("verify third -q").code == 0
    wide = "train --start-from first --set hidden_sizes=9,"
    assert "do not fit: this network takes linear_1.weight" in refused(wide)
    how = "--freeze all-but-last"
    both = f"train --start-from first {how} --backbone-multiplier 0.5"
    assert "all before the last are frozen" in refused(both)
    frozen = handgrad(f"train --start-from first --dataset pictures {how} --run fourth")
    assert frozen.code == 0, frozen.err
    assert "images are normalized as for these weights\nfrozen: linear_1" in frozen.err
    start = RunFolder(tmp_path / "fourth").config.start
    assert (start.freeze, start.backbone_multiplier) == ("all-but-last", None)
    assert "mlp has 2 layers" in refused("train --start-from first --freeze 2")
    own = "train --start-from first --normalization half --epochs 1 --run own"
    slow = handgrad(f"{own} --backbone-multiplier 0.5").err
    assert "learning rate x 0.5: linear_1" in slow
    assert "normalized" not in slow
    assert RunFolder(tmp_path / "own").config.start.normalization == "own"
    again = handgrad("train second/config.toml -q --run again")
    assert again.code == 0, again.err


def test_what_belongs_to_the_data_of_a_source_is_not_taken_for_other_data(
    handgrad, tmp_path
):
    for number in range(12):
        for name in ("ant", "bee"):
            path = tmp_path / f"named/{name}.{number}.png"
            path.parent.mkdir(exist_ok=True)
            Image.new("L", (8, 8), number).save(path)
    (tmp_path / "named" / "bee.12.png").write_bytes(b"")
    pictures(tmp_path / "pictures")
    (tmp_path / "pictures" / "empty").mkdir()
    first = (
        "softmax_regression --dataset named --label-from name --skip-bad --validation 3"
    )
    weights = "--set loss.class_weight={ant=1.0,bee=2.0} --allow-empty-classes"
    kept = "--normalization half --engine plain --train-count 9 --epochs 1 -q"
    done = handgrad(f"train {first} {weights} {kept} --run first")
    assert done.code == 0, done.err

    same = handgrad("train --start-from first --dataset ./named -q --run same")
    assert same.code == 0, same.err
    before = RunFolder(tmp_path / "first").config
    again = RunFolder(tmp_path / "same").config
    assert again.dataset.model_copy(update={"name": "named"}) == before.dataset
    assert again.loss == before.loss

    code, out, err = handgrad("train --start-from first --dataset pictures -q")
    assert (code, out) == (2, "")
    assert "empty" in err  # allowed for the other data only
    (tmp_path / "pictures" / "empty").rmdir()
    other = handgrad("train --start-from first --dataset pictures -q --run other")
    assert other.code == 0, other.err
    found = RunFolder(tmp_path / "other").config
    assert found.dataset == DatasetConfig(
        name="pictures", normalization="half", image_size=(8, 8), validation=0.1
    )
    assert found.loss.class_weight is None


def test_another_network_starts_from_the_data_of_the_source(
    handgrad, refused, tmp_path
):
    pictures(tmp_path / "pictures")
    data = "--dataset pictures --validation 0.2 --engine plain --seed 3"
    handgrad(f"train softmax_regression {data} --epochs 1 -q --run first")
    said = refused("train mlp --start-from first")
    assert (
        "this network (mlp in place of softmax_regression; 0 of 4 arrays fit)" in said
    )
    assert "Leave mlp out to continue with softmax_regression." in said
    rows = '{name = "flatten"}, {name = "linear"}'
    table = f'[model]\nname = "from_layers"\nlayers = [{rows}]\n'
    (tmp_path / "own.toml").write_text(table)
    done = handgrad("train own.toml --start-from first --epochs 1 -q --run second")
    assert done.code == 0, done.err
    first, second = (RunFolder(tmp_path / run).config for run in ("first", "second"))
    assert second.dataset == first.dataset
    assert second.resolved.dataset_sha256 == first.resolved.dataset_sha256
    assert (second.seed, second.model.name) == (3, "from_layers")
    assert handgrad("train Softmax-Regression --start-from first -q --run x").code == 0


def test_events_for_tensorboard_go_on_after_a_resume(handgrad, tmp_path):
    pytest.importorskip("tensorboard")
    words = "softmax_regression --engine plain --epochs 1 --train-count 100 -q"
    for line in (f"train {words} --run one", "train -q --resume one --epochs 2"):
        assert handgrad(f"{line} --tensorboard logs").code == 0
    found = events_in(tmp_path / "logs" / "one")
    assert steps_of(found, "loss/train") == [1, 2]


def test_steps_are_written_live_and_go_on_after_a_resume(handgrad, refused, tmp_path):
    words = "softmax_regression --engine plain --epochs 1 --train-count 100 -q"
    for line in (f"train {words} --run one", "train -q --resume one --epochs 2"):
        assert handgrad(f"{line} --live live.jsonl").code == 0
    assert (tmp_path / "live.jsonl").is_file()
    assert "does not exist" in refused("train --live no/live.jsonl")
    (tmp_path / "place").mkdir()
    assert "is a folder" in refused("train --live place")
