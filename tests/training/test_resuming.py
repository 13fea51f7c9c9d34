"""Resume after any stop, with other numbers of workers: the same bits (R3)."""

import random
from shutil import rmtree

import pytest

from handgrad.training import config_from, resume, start
from handgrad.training.records import StepRecord
from handgrad.training.run_folder import RunFolder

from .small import final_bits, killed, stop_after, train, train_with
from .test_run_kills import AUGMENTATION, MODELS, OPTIMIZERS, tables_of

# The optimizers of OPTIMIZERS are combined with all models; the others are not.
OTHERS = {
    "nesterov": {
        "name": "sgd",
        "learning_rate": 0.02,
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 1e-3,
    },
    "rmsprop": {"name": "rmsprop", "learning_rate": 0.002, "decay": 0.9},
    "adamw": {"name": "adamw", "learning_rate": 0.003, "weight_decay": 0.01},
}


def cpu_tables(model, optimizer):
    """The run of the plain engine's test, with batches of several tiles."""
    tables = tables_of(model, optimizer, checkpoint_seconds=1000)
    is_images = tables["dataset"]["train_count"] == 40
    count, batch = (72, 40) if is_images else (200, 100)  # tiles of 32, or of 64
    tables["engine"] = "cpu"
    changes = {"train_count": count, "augmentation": AUGMENTATION}
    tables["dataset"] = {**tables["dataset"], **changes}
    tables["training"] = {**tables["training"], "batch_size": batch}
    return tables


def stopped_and_resumed(folder, tables, draw):
    """Stop a run at random steps, resume with other workers, compare the end."""
    config = config_from(tables)
    whole = start(config, folder / "whole", workers=draw.choice([1, 2, 3]))
    steps = sum(isinstance(record, StepRecord) for record in whole)
    stops = sorted(draw.sample(range(1, steps + 1), draw.choice([1, 2])))
    run = start(config, folder / "cut", workers=draw.choice([1, 2]))
    for stop in stops:
        for record in run:
            if isinstance(record, StepRecord) and record.step == stop:
                run.save()
                break
        del run
        run = resume(folder / "cut", workers=draw.choice([1, 2, 3]))
        assert run.trainer.position.step == stop
    list(run)
    assert final_bits(folder / "cut") == final_bits(folder / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_the_cpu_engine_goes_on_to_the_same_bits(tmp_path, model, optimizer, seed):
    draw = random.Random(f"{seed} {model} {optimizer}")
    stopped_and_resumed(tmp_path, cpu_tables(model, optimizer), draw)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize("optimizer", OTHERS)
def test_every_other_optimizer_goes_on_too(tmp_path, engine, optimizer, seed):
    tables = {
        **cpu_tables("dropout", "sgd"),
        "engine": engine,
        "optimizer": OTHERS[optimizer],
    }
    draw = random.Random(f"{seed} {engine} {optimizer}")
    stopped_and_resumed(tmp_path, tables, draw)


@pytest.mark.parametrize("engine", ["plain", "cpu"])
def test_a_run_of_balanced_classes_goes_on_to_the_same_bits(tmp_path, engine):
    tables = {**cpu_tables("dropout", "sgd"), "engine": engine}
    unweighted = train(tmp_path / "unweighted", config_from(tables))
    tables["loss"] = {**tables["loss"], "class_weight": "balanced"}
    stopped_and_resumed(tmp_path, tables, random.Random(engine))
    whole = RunFolder.open(tmp_path / "whole")
    assert whole.config.loss.class_weight == "balanced"
    assert final_bits(whole.path) != final_bits(unweighted.folder.path)


def killed_and_resumed(folder, model, optimizer, kills, seed):
    """Kill a run of the CPU engine at random moments, each time with other workers."""
    tables = cpu_tables(model, optimizer)
    train(folder / "whole", config_from(tables))
    tables["training"] = {**tables["training"], "checkpoint_seconds": 0}
    draw = random.Random(f"{seed} {model} {optimizer}")
    last = 0
    for number in range(kills):
        safe = killed(
            train_with,
            (folder / "cut", tables, draw.choice([1, 2, 3])),
            lambda random: (random.randint(1, 3), random.uniform(0, 0.02)),
            seed=f"{seed} {model} {optimizer} {number}",
        )
        last = max(last, safe)
        assert resume(folder / "cut").trainer.position.step >= last
        assert list((folder / "cut").rglob(".tmp-*")) == []
    assert last > 0
    list(resume(folder / "cut", workers=draw.choice([1, 2, 3])))
    assert final_bits(folder / "cut") == final_bits(folder / "whole")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "optimizer"), [("dropout", "adam"), ("alexnet", "momentum")]
)
def test_killed_it_ends_with_the_same_bits(tmp_path, model, optimizer, seed):
    killed_and_resumed(tmp_path, model, optimizer, 1, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_killed_often_it_ends_with_the_same_bits(tmp_path, model, optimizer):
    for case in range(4):
        killed_and_resumed(tmp_path, model, optimizer, 1 + case % 3, case)
        rmtree(tmp_path / "whole")
        rmtree(tmp_path / "cut")


def test_a_reader_never_sees_a_torn_line(tmp_path):
    """Read while a run writes, and cut the log at every position (R19)."""
    train(tmp_path / "run")
    path = tmp_path / "run" / "metrics.jsonl"
    content = path.read_bytes()
    whole = RunFolder.open(tmp_path / "run").records()
    for end in range(0, len(content) + 1, 7):
        path.write_bytes(content[:end])
        found = RunFolder.open(tmp_path / "run").records()
        assert found == whole[: content[:end].count(b"\n")]


def test_a_torn_line_is_cut_off_when_the_run_goes_on(tmp_path):
    run = stop_after(tmp_path / "run", 4)
    del run
    path = tmp_path / "run" / "metrics.jsonl"
    content = path.read_bytes()
    for torn in (b"{", b'{"kind": "step"', b"\xff\xfe", b'{"a": 1}\n{"b"'):
        path.write_bytes(content + torn)
        resume(tmp_path / "run").folder.release()
        assert path.read_bytes() == content
