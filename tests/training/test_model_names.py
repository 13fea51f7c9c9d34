from pathlib import Path

import pytest

from handgrad.errors import ConfigError
from handgrad.training.configure import configure
from handgrad.training.model_names import check_model_name


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A working directory with images, a run and files."""
    monkeypatch.chdir(tmp_path)
    for folder in ("pics/cat", "my pics", "mlp", "runs/one"):
        Path(folder).mkdir(parents=True)
    for file in (
        *("pics.zip", "pics/a.png", "table", "net.safetensors", "runs/one/config.toml"),
        *("settings/mine", "settings/data.csv"),
    ):
        Path(file).parent.mkdir(exist_ok=True)
        Path(file).touch()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("pics", "--dataset pics"),
        ("pics/", "--dataset pics/"),
        ("./pics", "--dataset ./pics"),
        ("my pics", "--dataset 'my pics'"),
        ("pics.zip", "--dataset pics.zip"),
        ("table", "--dataset table"),
        ("settings/data.csv", "--dataset settings/data.csv"),
        ("pics/a.png", "--dataset pics/a.png"),
        ("runs/one", "--resume runs/one .* --start-from runs/one"),
        ("net.safetensors", "--start-from net.safetensors"),
        ("Fashion-MNIST", "--dataset Fashion-MNIST"),
    ],
)
def test_images_runs_and_data_sets_are_named_with_their_option(model, said):
    for check in (check_model_name, lambda model: configure(model, {})):
        with pytest.raises(ConfigError, match=f"no model named .*{said}") as caught:
            check(model)
        assert "Known: airbench" in str(caught.value)


@pytest.mark.parametrize(
    "model", ["mlp", "LeNet", "unknown", "runs/one/config.toml", "settings/mine", "a/b"]
)
def test_networks_settings_and_what_is_not_there_pass(model):
    check_model_name(model)


def test_other_files_are_not_taken_for_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.md").touch()
    with pytest.raises(ConfigError, match=r"no model named 'notes\.md'") as caught:
        configure("notes.md", {})
    assert "--dataset" not in str(caught.value)


def test_an_absolute_path_of_images_is_named(tmp_path):
    with pytest.raises(ConfigError, match=f"--dataset {tmp_path}/pics"):
        configure(f"{tmp_path}/pics", {})
