import tomllib
from pathlib import Path

import pytest

from handgrad.cli.command import Command
from handgrad.cli.main import _command


def leaves(command, words=()):
    """All commands that run, with their words."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(" ".join(words), command)]
    return [leaf for name, one in inner.items() for leaf in leaves(one, (*words, name))]


COMMANDS = leaves(_command())


def test_every_command_refuses_repeated_options():
    assert len(COMMANDS) > 30
    assert all(isinstance(command, Command) for _, command in COMMANDS)


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ("train mlp --epochs 1 --epochs 2", "--epochs"),
        ("train mlp --epochs=1 --epochs=1", "--epochs"),
        ("train -q --quiet", "--quiet"),
        ("predict run image.png --top 1 --top 2", "--top"),
        ("data inspect mnist --json --json", "--json"),
        ("inspect filters run --json --json", "--json"),
    ],
)
def test_a_repeated_option_is_refused(refused, words, option):
    assert f"{option} is repeated. Give it once. See: " in refused(words)


def test_an_option_that_takes_several_values_may_be_repeated(handgrad):
    words = "train mlp --dataset digits --epochs 1 --augment cutout:2 --augment cutmix"
    assert handgrad(f"{words} -q --run a").code == 0
    known = tomllib.loads(Path("a/config.toml").read_text())["dataset"]["augmentation"]
    assert [one["name"] for one in known] == ["cutout", "cutmix"]
