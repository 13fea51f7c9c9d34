"""Large sizes of the page's server: damaged uploads, and kills while a run trains."""

import random
import shutil
import subprocess
import sys
import time
from io import BytesIO
from zipfile import ZipFile

import httpx
import numpy as np
import psutil
import pytest

from handgrad.training import RunFolder, config_from, start

from .conftest import TINY, file_of

pytestmark = pytest.mark.nightly
UPLOADS, KILLS = 10_000, 100
PATIENCE = 20  # seconds for an answer
GROWTH = 60_000_000  # bytes of memory after the first tenth
ANSWERS = (200, 400, 413, 422)
LONG = {**TINY, "engine": "cpu", "training": {"epochs": 1_000, "batch_size": 20}}


class Server:
    """`handgrad ui` on a folder of runs, with a client that has its token."""

    def __init__(self, runs, port=0):
        words = [sys.executable, "-m", "handgrad", "ui", "--no-open", "--runs", runs]
        words += ["--port", str(port)] if port else []
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        base, _, token = self.process.stdout.readline().strip().partition("/?token=")
        self.port = int(base.rpartition(":")[2])
        headers = {"authorization": f"Bearer {token}", "origin": base}
        self.client = httpx.Client(base_url=base, headers=headers, timeout=PATIENCE)

    def kill(self):
        self.client.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def seeds():
    """Small valid files: pictures of four formats, and a zip of two classes."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 9, 3), np.uint8)
    found = [file_of(pixels, kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")]
    found.append(file_of(pixels[..., 0], "PNG"))
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for number in range(12):
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", found[number % 4])
    return found, out.getvalue()


def damaged(content, draw):
    """A few bytes changed, removed, repeated or added."""
    found = bytearray(content)
    for _ in range(draw.choice((0, 1, 2, 5, 20))):
        at = draw.randrange(len(found) + 1)
        kind = draw.randrange(4)
        if kind == 0 and at < len(found):
            found[at] = draw.randrange(256)
        elif kind == 1:
            del found[at : at + draw.choice((1, 4, 100))]
        elif kind == 2:
            found[at:at] = found[at : at + 40] * draw.choice((1, 50))
        else:
            found[at:at] = draw.randbytes(draw.choice((1, 8)))
    return bytes(found)


def sent(server, data, draw, pictures, archive):
    """The answers to one damaged upload, and to reading what became of it."""
    which = draw.random()
    if which < 0.7:
        content = damaged(draw.choice(pictures), draw)
        path = "/api/look/tiny/picture"
        if which > 0.45:
            path = f"/api/data/{data}/pictures?label={draw.choice('ab')}"
        return [server.client.post(path, content=content)]
    found = [server.client.post("/api/data/zip?name=z", content=damaged(archive, draw))]
    if found[0].status_code == 200:
        found.append(server.client.get(f"/api/data/{found[0].json()['id']}"))
    return found


def test_damaged_uploads_get_a_sentence_and_memory_stays(trained, tmp_path):
    runs = tmp_path / "runs"
    shutil.copytree(trained, runs / "tiny")
    server, draw = Server(runs), random.Random(0)
    memory, slowest = psutil.Process(server.process.pid), 0.0
    codes = dict.fromkeys(ANSWERS, 0)
    pictures, archive = seeds()
    for number in range(UPLOADS):
        if number % 40 == 0:
            shutil.rmtree(runs / ".page" / "data")
            (runs / ".page" / "data").mkdir()
            data = server.client.post("/api/data?name=mine").json()["id"]
        if number == UPLOADS // 10:
            before = memory.memory_info().rss
        started = time.monotonic()
        for found in sent(server, data, draw, pictures, archive):
            codes[found.status_code] += 1  # another status is a KeyError
            if found.status_code != 200:
                assert found.json()["error"]
        slowest = max(slowest, time.monotonic() - started)
    grown = memory.memory_info().rss - before
    server.kill()
    print(f"{codes}, slowest {slowest:.2f} s, memory {grown / 1e6:+.1f} MB")
    assert codes[200] > 0 < codes[400]
    assert grown < GROWTH


def test_runs_are_unharmed_when_the_server_is_killed(tmp_path):
    """Kills at random moments; each run equals one that trained undisturbed."""
    list(start(config_from(LONG), tmp_path / "undisturbed"))
    right = RunFolder.open(tmp_path / "undisturbed").result["sha256"]
    runs, draw, killed = tmp_path / "runs", random.Random(0), 0
    server, handles, states = Server(runs), [], []
    while killed < KILLS:
        if not handles or state(server, handles[-1]) == "finished":
            handles.append(server.client.post("/api/train", json=LONG).json()["id"])
        time.sleep(draw.uniform(0, 1))
        states.append(state(server, handles[-1]))
        server.kill()
        killed += 1
        server = Server(runs, server.port)
        found = server.client.get("/api/runs").json()
        assert {row["id"] for row in found} <= set(handles)
    end = time.monotonic() + 600
    while state(server, handles[-1]) != "finished" and time.monotonic() < end:
        time.sleep(0.5)
    server.kill()
    sums = [RunFolder.open(runs / handle).result["sha256"] for handle in handles]
    print(f"{len(handles)} runs; {states.count('running')} kills while one trained")
    assert set(sums) == {right}
    assert states.count("running") > KILLS / 2


def state(server, handle):
    return server.client.get(f"/api/runs/{handle}/live").json()["state"]
