"""A class may be called anything: every command works, and shows it as text."""

import json
import os
import shlex

import numpy as np
import pytest
from PIL import Image

NAMES = [
    *(b"$0_$50", b"$a", b"<b>x|y", b"=1+1", b"esc\x1b[31mred\x07", b"new\nline"),
    *(
        "turned\u202egnp".encode(),
        b"bad\xff\xfe",
        b"`c`_*x*",
        b"over\rwritten",
        b"-dash",
    ),
]
HARMFUL = ("\x1b", "\x07", "\r", "\u202e", "\udcff")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = os.fsencode(tmp_path_factory.mktemp("odd"))
    numbers = np.random.default_rng(0)
    for number, name in enumerate(NAMES):
        place = os.path.join(root, name)
        os.makedirs(place)
        for picture in range(5):
            pixels = numbers.normal(20 * number, 9, (9, 9)).clip(0, 255)
            with open(
                os.path.join(place, name[:3] + b"%d.png" % picture), "wb"
            ) as file:
                Image.fromarray(pixels.astype(np.uint8)).save(file, "png")
    return os.fsdecode(root)


@pytest.fixture
def run(handgrad, folder):
    trained = handgrad(f"train mlp --dataset {folder} --epochs 1 --run run")
    assert trained.code == 0, trained.err
    assert "new\nline" not in trained.out + trained.err
    return "run"


COMMANDS = [
    "evaluate run",
    "inspect confusion run",
    "inspect mistakes run",
    "inspect feature-maps run",
    "inspect filters run",
    "inspect saturation run",
    "verify run",
    "data show {folder}",
]


def test_every_command_takes_odd_names(handgrad, run, folder):
    pictures = sorted(
        os.path.join(top, name) for top, _, names in os.walk(folder) for name in names
    )
    for command in COMMANDS:
        told = handgrad(command.format(folder=folder))
        assert told.code == 0, told.err
        assert not any(mark in told.out + told.err for mark in HARMFUL), command
    words = " ".join(map(shlex.quote, pictures))
    for option in ("", " --json"):
        told = handgrad(f"predict run {words}{option}")
        assert told.code == 0, told.err
        assert not any(mark in told.out for mark in HARMFUL)
        told.out.encode()
    answer = json.loads(told.out)["predictions"]
    assert len(answer) == len(pictures)
    assert r"bad\xff\xfe" in answer[0]["probabilities"]
    assert "new\nline" in answer[0]["probabilities"]


def test_a_name_is_one_cell_of_a_table(handgrad, run):
    told = handgrad("inspect confusion run")
    assert "new\nline" not in told.out


def test_an_odd_name_in_an_error_is_text(handgrad):
    told = handgrad("evaluate $'no\x1b[31msuch'")
    assert told.code == 2
    assert "\x1b" not in told.err


def test_a_line_break_in_a_path_is_escaped(handgrad, folder, tmp_path):
    (tmp_path / "a\nb").symlink_to(folder)
    names = ("a\nb", "my\nrun", "f\n.png", "no\nsuch")
    data, run, figure, missing = map(shlex.quote, names)
    lines = [
        f"data inspect {data}",
        f"train mlp --dataset {data} --epochs 1 --run {run}",
        f"evaluate {run}",
        f"inspect filters {run} --figure {figure}",
        f"summary {run}",
        f"verify {run}",
        f"train --resume {run}",
        f"evaluate {missing}",
    ]
    shown = [(told.out, told.err) for told in map(handgrad, lines)]
    text = "".join(out + err for out, err in shown)
    assert not any(raw in text for raw in names)
    assert r"a\nb" in shown[0][0]
    assert r"run folder: my\nrun" in "".join(shown[1])
    assert r"Figure: f\n.png" in shown[3][0]
