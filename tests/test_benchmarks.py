"""The scripts of benchmarks/ run on small sizes and print their tables."""

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from handgrad.engine.processor import offered

FOLDER = Path(__file__).parents[1] / "benchmarks"
pytestmark = pytest.mark.slow


def run(name, *words, folder):
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py"), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers(out, name):
    """The numbers in the row of a network."""
    line = next(line for line in out.splitlines() if line.startswith(f"| {name} "))
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", line)  # 3,000,840 is one number
    found = [float(word) for word in re.findall(r"[\d.]+(?:e-?\d+)?", plain)]
    assert found
    return found


@pytest.mark.nightly
def test_race_table(tmp_path):
    words = ["softmax", "--laps", "2", "--lap-seconds", "0.01"]
    words += ["--images", "512", "--json", "a.json"]
    if "avx2" in offered():
        words += ["--isa", "avx2"]
    out = run("race_table", *words, folder=tmp_path)
    assert ("Both limited to avx2: Handgrad" in out) == ("avx2" in offered())
    threads, theirs, ours, ratio, low, high, losses = numbers(out, "softmax")
    assert min(threads, theirs, ours, ratio, low) > 0
    assert low <= ratio <= high
    assert losses < 1e-4
    assert '"ratio"' in (tmp_path / "a.json").read_text()


@pytest.mark.nightly
def test_other_peers(tmp_path):
    words = ["softmax", "mlp256", "--peers", "sklearn", "--laps", "2"]
    words += ["--lap-seconds", "0.01", "--images", "512", "--json", "a.json"]
    out = run("other_peers", *words, folder=tmp_path)
    for name in ("softmax", "mlp256"):
        _, theirs, ours, ratio, low, high, *losses = numbers(out, name)[-8:]
        assert min(theirs, ours, ratio, low) > 0
        assert low <= ratio <= high
        assert max(losses) < 1e-4
    found = json.loads((tmp_path / "a.json").read_text())
    assert [(one["network"], one["peer"]) for one in found] == [
        ("softmax", "sklearn"),
        ("mlp256", "sklearn"),
    ]
    assert found[0]["way"] in found[0]["tried"]
    assert len(found[0]["laps"]["calibration"]) == 2


def test_an_unsupported_network_is_refused(tmp_path):
    words = [sys.executable, str(FOLDER / "other_peers.py"), "alex5"]
    done = subprocess.run(
        [*words, "--peers", "sklearn", "--images", "256"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("other_peers: scikit-learn does not support Conv2d")


@pytest.mark.nightly
def test_prediction_throughput(tmp_path):
    words = ["softmax", "--laps", "2", "--lap-seconds", "0.01", "--images", "500"]
    out = run("prediction_throughput", *words, folder=tmp_path)
    assert min(numbers(out, "softmax")) > 0


@pytest.mark.nightly
@pytest.mark.parametrize("kind", [[], ["--vectors"]])
def test_float_inputs(tmp_path, kind):
    words = ["softmax", "--laps", "2", "--lap-seconds", "0.01", "--images", "512"]
    out = run("float_inputs", *words, *kind, folder=tmp_path)
    bytes_, floats, ratio, low, high = numbers(out, "softmax")
    assert min(bytes_, floats, ratio, low) > 0
    assert low <= high


@pytest.mark.nightly
def test_scaling(tmp_path):
    words = ["softmax", "--batch-sizes", "1", "8", "--workers", "2"]
    out = run("scaling", *words, folder=tmp_path)
    rows = [line.split() for line in out.splitlines() if re.match(r"\d+ +\d", line)]
    assert [row[0] for row in rows] == ["1", "8"]
    assert all(float(number) > 0 for row in rows for number in row)
    assert (tmp_path / "scaling.png").exists()


@pytest.mark.nightly
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measured on Linux")
def test_memory(tmp_path):
    out = run("memory", "softmax", "--images", "1000", folder=tmp_path)
    assert min(numbers(out, "softmax")) >= 0


@pytest.mark.nightly
def test_first_step(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    import first_step

    assert first_step.seconds("pass") > 0
    cache = tmp_path / "cache"
    assert {"vgg", "perceptron", "alex5"} < set(first_step.names())
    words = json.dumps(asdict(first_step.network("softmax")))
    for code in first_step.QUESTIONS.values():
        assert first_step.seconds(code, words, cache=str(cache)) > 0
    assert any((cache / "kernels").rglob("products.*"))  # the given cache was used


@pytest.mark.nightly
def test_augmentation(tmp_path):
    words = ["lenet", "--rounds", "2", "--batch-size", "8"]
    out = run("augmentation", *words, folder=tmp_path)
    for preset in ("digits", "objects"):
        row = next(line for line in out.splitlines() if f"| {preset} |" in line)
        assert re.fullmatch(r"\| lenet \|.* ms \|.* ms \| [+-]\d+\.\d% \|", row)
