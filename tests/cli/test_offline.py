"""Every command but `data fetch` works with the network cut (R21)."""

import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from handgrad.cli.main import app
from sweeps import small as sweeps

# Any attempt to leave the machine, even to look up a name, ends the program. Python
# reads this file when it starts, in every child as well.
CUT = """
import os, socket

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
"""
PROGRAM = """
import shlex, sys
from handgrad.cli.main import run
codes = []
for line in sys.stdin.read().splitlines():
    code = run(shlex.split(line))
    sys.stdout.flush()
    print("code", code, line, file=sys.stderr, flush=True)
"""
SMALL = "--epochs 1 --train-count 100 -q"
PLANNED = "--engine plain --epochs 1 --set hidden_sizes=8,"
LINES = [
    f"train mlp {SMALL} --run one",
    "train softmax_regression --engine plain --epochs 1 -q --dataset images --run two",
    "evaluate one",
    "predict one images/a/0.png",
    "data list",
]
OTHERS = [
    f"train mlp {SMALL} --run one",
    "--version",
    "--help",
    f"train auto --minutes 1 {PLANNED} -q --dataset images --run planned",
    "train --resume one -q --json",
    "verify one --steps 1",
    "calibrate one",
    "export one --csv one.csv --torch one.safetensors",
    "export one --python one.py --c one.c --tensorboard logs",
    "models",
    "models lenet",
    "summary lenet",
    "data show digits",
    "lessons notebooks",
]
LOOKS = [  # into the runs of LONGER
    "gradient-flow one",
    "saturation sigmoids",
    "filters one",
    "feature-maps pictures",
    "occlusion pictures",
    "microscope one --layer linear_1 --weight 0,0",
    "confusion one --figure c.png",
    "mistakes one",
    "reliability one",
    "labels pictures --folds 2 --epochs 1 --page labels.html",
    "softmax-numerics",
    "activation-functions",
    "dropout-statistics",
    "jacobians",
    "learning-rate-finder mlp --steps 20",
    "memory mlp",
]
LONGER = [
    "check -q",
    "bench mlp --steps 2 --json",
    "race softmax --batch-size 64 --laps 1 --json",
    f"train mlp {SMALL} --run one",
    f"train mlp {SMALL} --set activations=sigmoid --run sigmoids",
    f"train lenet {SMALL} --run pictures",
    "study list",
    "study show csci581-e",
    "study run csci581-e --full --rows e5 -q --workers 1 --folder studies/csci581-e",
    "study status csci581-e --folder studies/csci581-e",
    "study report csci581-e --folder studies/csci581-e",
    "study report --all --folder studies",
    "sweep rates.toml --workers 1 --folder swept -q",
    *(f"inspect {words}" for words in LOOKS),
]
ELSEWHERE = {
    "data": "its parts are named one by one",
    "ui": "it listens on loopback; tests/web/test_browser.py sees what it loads",
}


def offline(folder, lines):
    """Run these lines in one child without a network; code of each line."""
    environment = {
        name: value for name, value in os.environ.items() if name != "HANDGRAD_DATA"
    }
    cut = folder / "cut"
    cut.mkdir(exist_ok=True)
    (cut / "sitecustomize.py").write_text(CUT)
    paths = [str(cut), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input="\n".join(lines),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1800,
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


def assert_all_work(folder, lines):
    """Each line ends with 0, and none tries the network."""
    done, codes = offline(folder, lines)
    assert "the network was tried" not in done.stderr
    assert codes == dict.fromkeys(lines, 0), done.stderr


@pytest.mark.slow
@pytest.mark.figures
def test_a_run_and_its_predictions_need_no_network(folder):
    assert_all_work(folder, LINES)
    assert json.loads((folder / "two" / "result.json").read_text())["steps"] == 1


@pytest.mark.nightly
@pytest.mark.figures
def test_other_commands_need_no_network(folder):
    assert_all_work(folder, OTHERS)


@pytest.mark.nightly
@pytest.mark.figures
def test_longer_commands_work_without_a_network_and_pages_load_nothing(folder):
    sweeps.write(folder, "trials = 2\nseeds = [0]", parameters=(sweeps.RATE,))
    assert_all_work(folder, LONGER)
    outcomes = list(folder.rglob("outcome.json"))
    assert {json.loads(p.read_text())["status"] for p in outcomes} == {"done"}
    pages = sorted(folder.rglob("*.html"))
    assert len(pages) >= 2
    for page in pages:
        assert loads_of(page.read_text(encoding="utf-8")) == []
        assert asked_by_browser(page, folder) == set()


OUTSIDE = re.compile(
    r"""(?:src|srcset|data|poster|action)\s*=\s*["']?\s*(?:https?:)?//[^"'\s>]*"""
    r"""|<link\b[^>]*href\s*=\s*["']?\s*(?:https?:)?//[^>]*"""
    r"""|url\(\s*["']?\s*(?:https?:)?//[^)]*|@import[^;]*"""
    r"""|\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\s*\(""",
    re.IGNORECASE,
)


def loads_of(page):
    """What a page would load from elsewhere; a link to be followed is none."""
    return OUTSIDE.findall(page)


@pytest.mark.parametrize(
    "bad",
    [
        '<img src="http://a.example/b.png">',
        "<script src=//a.example/b.js></script>",
        '<link rel="stylesheet" href="https://a.example/b.css">',
        "<style>@import 'b.css';</style>",
        "<style>p { background: url(https://a.example/b.png) }</style>",
        "<script>fetch('/b')</script>",
        '<iframe src = "https://a.example"></iframe>',
    ],
)
def test_what_a_page_loads_is_seen(bad):
    assert loads_of(bad)


def test_a_link_or_an_embedded_picture_loads_nothing():
    page = '<a href="https://a.example">source</a><img src="data:image/png;base64,AA">'
    assert loads_of(page) == []


BROWSER = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
HARMLESS = (
    "file:",
    "data:",
    "blob:",
    "chrome:",
    "http://clients2.google.com/time/",  # what the browser asks by itself
    "https://accounts.google.com/ListAccounts",
    "https://www.google.com/async/",
    "https://redirector.gvt1.com/",
)


def asked_by_browser(page, folder):
    """Addresses that a browser asks for while it shows a page; none without one."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        return set()
    log = folder / "requests.json"
    subprocess.run(
        [browser, *BROWSER, f"--user-data-dir={folder / 'profile'}",
         f"--log-net-log={log}", "--dump-dom", page.as_uri()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
        check=True,
    )  # fmt: skip
    found = set(re.findall(r'"url":"([a-z]+:[^"]*)"', log.read_text()))
    return {url for url in found if not url.startswith(HARMLESS)}


@pytest.mark.nightly
def test_a_browser_that_asks_is_seen(tmp_path):
    if shutil.which("chromium") is None:
        pytest.skip("needs chromium")
    page = tmp_path / "page.html"
    page.write_text('<img src="http://127.0.0.1:9/a.png">')
    assert asked_by_browser(page, tmp_path) == {"http://127.0.0.1:9/a.png"}


def test_no_command_is_left_out():
    commands = {command.callback.__name__ for command in app.registered_commands}
    groups = {group.typer_instance.info.name for group in app.registered_groups}
    tried = {line.split()[0] for line in (*LINES, *OTHERS, *LONGER)}
    assert commands | groups <= tried | ELSEWHERE.keys()


def test_fetching_does_try_the_network(folder):
    """So that the test above shows something."""
    done, _ = offline(folder, ["data fetch mnist -q"])
    assert (done.returncode, "the network was tried" in done.stderr) == (99, True)
