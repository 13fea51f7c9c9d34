"""Every command but `data fetch` works with the network cut (R21)."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from handgrad.cli.main import app

# Any attempt to leave the machine, even to look up a name, ends the program.
PROGRAM = """
import os, socket, sys

def refuse(*arguments, **options):
    os.write(2, b"the network was tried\\n")
    os._exit(99)

class Cut(socket.socket):
    def __init__(self, *arguments, **options):
        refuse()

for name in ("create_connection", "getaddrinfo", "gethostbyname", "gethostbyname_ex",
             "create_server", "socketpair", "fromfd"):
    setattr(socket, name, refuse)
socket.socket = Cut
for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
    os.environ.pop(name, None)

import shlex
from handgrad.cli.main import run
codes = []
for line in sys.stdin.read().splitlines():
    code = run(shlex.split(line))
    sys.stdout.flush()
    print("code", code, line, file=sys.stderr, flush=True)
"""
SMALL = "--epochs 1 --train-count 100 -q"
LINES = [
    "--version",
    "--help",
    f"train mlp {SMALL} --run one",
    "train softmax_regression --engine plain --epochs 1 -q --dataset images --run two",
    "train --resume one -q --json",
    "evaluate one",
    "predict one images/a/0.png",
    "verify one --steps 1",
    "models",
    "models lenet",
    "summary lenet",
    "data list",
    "data show digits",
]
LONGER = ["check -q", "bench mlp --steps 2 --json"]
ELSEWHERE = {
    "data": "its parts are named one by one",
    "sweep": "its trials are processes like those of studies",
    "race": "needs torch; it trains what it is given, by the same loader",
    "study": "trains as train does",
    "inspect": "looks at runs and data as train does",
}


def offline(folder, lines):
    """Run these lines in one child without a network; code of each line."""
    environment = {
        name: value for name, value in os.environ.items() if name != "HANDGRAD_DATA"
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input="\n".join(lines),
        cwd=folder,
        env={**environment, "HANDGRAD_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if line.startswith("code ")]
    codes = {line.split(" ", 2)[2]: int(line.split()[1]) for line in said}
    return done, codes


@pytest.fixture
def folder(tmp_path):
    """An empty folder with a few pictures in it."""
    random = np.random.default_rng(0)
    for name in "ab":
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 256, (8, 8), np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"images/{name}/{number}.png")
    return tmp_path


@pytest.mark.slow
def test_every_command_works_without_a_network(folder):
    done, codes = offline(folder, LINES)
    assert "the network was tried" not in done.stderr
    assert codes == dict.fromkeys(LINES, 0), done.stderr
    assert json.loads((folder / "two" / "result.json").read_text())["steps"] == 1


@pytest.mark.nightly
def test_longer_commands_work_without_a_network(folder):
    done, codes = offline(folder, LONGER)
    assert codes == dict.fromkeys(LONGER, 0), done.stderr


def test_no_command_is_left_out():
    commands = {command.callback.__name__ for command in app.registered_commands}
    groups = {group.typer_instance.info.name for group in app.registered_groups}
    tried = {line.split()[0] for line in (*LINES, *LONGER)}
    assert commands | groups <= tried | ELSEWHERE.keys()


def test_fetching_does_try_the_network(folder):
    """So that the test above shows something."""
    done, _ = offline(folder, ["data fetch mnist -q"])
    assert (done.returncode, "the network was tried" in done.stderr) == (99, True)
