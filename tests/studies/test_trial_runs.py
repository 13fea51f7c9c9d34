import pytest

from handgrad.errors import ConfigError
from handgrad.studies.trial_runs import run_of

TABLES = {
    "engine": "plain",
    "dataset": {"name": "digits", "image_size": [8, 8], "train_count": 60},
    "model": {"name": "softmax_regression"},
    "training": {"epochs": 2, "batch_size": 20, "checkpoint_seconds": 0.0},
}


def finished(run):
    for _ in run:
        pass
    return run.result["sha256"]


def test_a_run_resumes_where_it_stopped(tmp_path):
    whole = finished(run_of(TABLES, tmp_path / "whole"))
    begun = iter(run_of(TABLES, tmp_path / "run"))
    for _ in range(3):
        next(begun)
    begun.close()
    resumed = run_of(TABLES, tmp_path / "run")
    assert resumed.trainer.position.step > 0
    assert finished(resumed) == whole


@pytest.mark.parametrize("damage", ["config.toml", "checkpoints", "numbers"])
def test_a_damaged_run_is_started_anew(tmp_path, damage):
    whole = finished(run_of(TABLES, tmp_path / "run"))
    if damage == "numbers":
        log = tmp_path / "run" / "metrics.jsonl"
        log.write_text(log.read_text().replace('"correct": ', '"correct": 1'))
    path = tmp_path / "run" / damage
    files = [path] if path.is_file() else list(path.rglob("*.safetensors"))
    for file in files:
        if damage == "config.toml":
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:-1])
    assert finished(run_of(TABLES, tmp_path / "run")) == whole


def test_a_run_with_other_settings_is_started_anew(tmp_path):
    """Nothing that would show it has been saved yet."""
    whole = finished(run_of(TABLES, tmp_path / "whole"))
    path = run_of(TABLES, tmp_path / "run").folder.path / "config.toml"
    other = path.read_text().replace("learning_rate = 0.1", "learning_rate = 0.5")
    assert other != path.read_text()
    path.write_text(other)
    assert finished(run_of(TABLES, tmp_path / "run")) == whole


def test_settings_are_checked(tmp_path):
    with pytest.raises(ConfigError, match="The trial"):
        run_of({**TABLES, "modle": {}}, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_link_in_the_place_of_the_run_is_not_followed(tmp_path):
    elsewhere = finished(run_of(TABLES, tmp_path / "elsewhere"))
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "run").symlink_to("elsewhere")
    assert finished(run_of(TABLES, tmp_path / "run")) == elsewhere
    assert not (tmp_path / "run").is_symlink()
    assert set(before) <= set(tmp_path.rglob("*"))
