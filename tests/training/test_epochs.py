import json
import shutil
import warnings

import pytest

from handgrad.errors import ConfigError, HandgradError, IntegrityError
from handgrad.training import load
from handgrad.training.resuming import resume
from handgrad.training.run import start
from handgrad.training.run_folder import RunFolder
from handgrad.training.verify import verify

from .small import final_bits, small, stop_after, train

FALLING = {"name": "step_decay", "every": 4, "factor": 0.5}
ALLOWED = {
    "constant": {"name": "constant"},
    "warm_up": {"name": "constant", "warmup_epochs": 1.5},
    "step_decay": FALLING,
    "cosine": {"name": "cosine", "steps": 50},
}


def of(epochs, **tables):
    training = {"epochs": epochs, "batch_size": 40, **tables.pop("training", {})}
    return small(training=training, **tables)


def more(path, epochs):
    """Resume the run with another number of epochs and train to the end."""
    run = resume(path, epochs=epochs)
    list(run)
    return run


def results(path):
    found = json.loads((path / "result.json").read_text())
    return {k: v for k, v in found.items() if k not in ("run", "seconds")}


@pytest.mark.parametrize("engine", ["plain", "cpu"])
@pytest.mark.parametrize("schedule", ALLOWED)
def test_a_lengthened_run_equals_one_with_that_length_from_the_start(
    tmp_path, schedule, engine
):
    tables = {"schedule": ALLOWED[schedule], "engine": engine}
    train(tmp_path / "whole", of(5, **tables))
    train(tmp_path / "longer", of(2, **tables))
    more(tmp_path / "longer", 3)
    more(tmp_path / "longer", 5)
    whole, longer = tmp_path / "whole", tmp_path / "longer"
    assert final_bits(longer) == final_bits(whole)
    assert results(longer) == results(whole)
    assert RunFolder(longer).config == RunFolder(whole).config
    for folder in (whole, longer):
        assert verify(folder, from_start=True, steps=99).last_step == 15
    assert load(longer).config == load(whole).config
    names = {path.name for path in longer.glob("config*")}
    assert names == {"config.toml", "config.old-1.toml", "config.old-2.toml"}


def test_it_stops_early_where_the_whole_run_does(tmp_path):
    tables = {"optimizer": {"name": "sgd", "learning_rate": 2.0}}
    patient = {"training": {"early_stopping": 2}}
    train(tmp_path / "whole", of(40, **tables, **patient))
    end = results(tmp_path / "whole")["epochs"]
    assert end < 40
    train(tmp_path / "longer", of(end - 1, **tables, **patient))
    more(tmp_path / "longer", 40)
    assert final_bits(tmp_path / "longer") == final_bits(tmp_path / "whole")
    assert results(tmp_path / "longer") == results(tmp_path / "whole")
    verify(tmp_path / "longer")
    with pytest.raises(ConfigError, match=f"was stopped early after epoch {end}"):
        resume(tmp_path / "longer", epochs=50)


def test_a_run_that_was_stopped_in_between_is_given_more_or_fewer(tmp_path):
    for name, epochs in (("a", 4), ("b", 2)):
        stop_after(tmp_path / name, 4, of(3))
        more(tmp_path / name, epochs)
        train(tmp_path / f"whole-{name}", of(epochs))
        assert final_bits(tmp_path / name) == final_bits(tmp_path / f"whole-{name}")
    stop_after(tmp_path / "c", 4, of(3))
    with pytest.raises(ConfigError, match="is already in epoch 2, got 1 epochs"):
        resume(tmp_path / "c", epochs=1)


def test_a_run_without_a_checkpoint_is_given_other_epochs(tmp_path):
    start(of(3), tmp_path / "a").folder.release()
    more(tmp_path / "a", 2)
    train(tmp_path / "whole", of(2))
    assert final_bits(tmp_path / "a") == final_bits(tmp_path / "whole")


def test_a_step_decay_with_default_length_is_kept(tmp_path):
    train(tmp_path / "a", of(3, schedule={"name": "step_decay"}))
    more(tmp_path / "a", 5)
    train(tmp_path / "whole", of(5, schedule={"name": "step_decay", "every": 3}))
    assert final_bits(tmp_path / "a") == final_bits(tmp_path / "whole")
    verify(tmp_path / "a")


@pytest.mark.parametrize("name", ["cosine", "one_cycle"])
def test_a_schedule_that_depends_on_the_epochs_is_refused(tmp_path, name):
    train(tmp_path / "a", of(2, schedule={"name": name}))
    before = {p: p.read_bytes() for p in (tmp_path / "a").rglob("*.*") if p.is_file()}
    with pytest.raises(ConfigError, match=f"schedule {name}, whose .* --start-from"):
        resume(tmp_path / "a", epochs=4)
    after = {p: p.read_bytes() for p in (tmp_path / "a").rglob("*.*") if p.is_file()}
    assert after == before


def test_the_same_number_changes_nothing_and_a_smaller_one_is_refused(tmp_path):
    train(tmp_path / "a", of(2))
    before = final_bits(tmp_path / "a")
    more(tmp_path / "a", 2)
    assert final_bits(tmp_path / "a") == before
    assert not (tmp_path / "a" / "config.old-1.toml").exists()
    with pytest.raises(ConfigError, match=r"has finished 2 epochs, got 1"):
        resume(tmp_path / "a", epochs=1)
    with pytest.raises(ConfigError, match="integer of at least 1"):
        resume(tmp_path / "a", epochs=0)


def test_killed_between_the_files_it_goes_on(tmp_path, monkeypatch):
    train(tmp_path / "whole", of(4))
    for place in ("unseal", "remove_file", "lengthen"):
        folder = tmp_path / place
        train(folder, of(2))

        def killed(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(f"handgrad.training.epochs.{place}", killed)
            with pytest.raises(KeyboardInterrupt):
                resume(folder, epochs=4)
        list(resume(folder))
        verify(folder)
        more(folder, 4)
        assert final_bits(folder) == final_bits(tmp_path / "whole")
        verify(folder)


def test_a_previous_configuration_permits_no_other_change(tmp_path):
    train(tmp_path / "a", of(2))
    more(tmp_path / "a", 3)
    path = tmp_path / "a" / "config.toml"
    shutil.copy(path, tmp_path / "a" / "config.old-2.toml")
    path.write_text(path.read_text().replace("learning_rate = 0.01", "learning_rate=9"))
    with pytest.raises(IntegrityError, match="has changed since the checkpoint"):
        resume(tmp_path / "a")


def link(path):
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("metrics.jsonl", link, "is a link, and nothing is written through"),
        ("timings.jsonl", link, "is a link, and nothing is written through"),
        ("metrics.jsonl", lambda path: path.write_bytes(b""), "has 0 lines"),
        ("timings.jsonl", lambda path: path.unlink(), "is missing"),
        ("checkpoints/last.json", lambda path: path.unlink(), "2 epochs, got 1"),
    ],
)
def test_a_run_that_cannot_be_lengthened_is_unchanged(tmp_path, name, change, said):
    folder = tmp_path / "a"
    train(folder, of(2))
    end = {p.name: p.read_bytes() for p in folder.glob("*.*")}
    change(folder / name)
    with (
        warnings.catch_warnings(action="ignore"),
        pytest.raises(HandgradError, match=said),
    ):
        resume(folder, epochs=1 if "got 1" in said else 4)
    for kept in ("config.toml", "result.json", "manifest.json"):
        assert (folder / kept).read_bytes() == end[kept]
    assert not (folder / "config.old-1.toml").exists()
