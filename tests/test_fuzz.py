"""Whatever a file holds, a parser reads it or refuses it by its documented error."""

import subprocess
import sys
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad.errors import HandgradError

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
try:
    parsers, seeds = map(import_module, ("fuzz.parsers", "fuzz.seeds"))
finally:
    sys.path.pop(0)

NAMES = list(parsers.PARSERS)
SEEDS = seeds.seeds()
FOUND = sorted((ROOT / "fuzz" / "regressions").glob("*/*"))
EXAMPLES = max(1, settings.default.max_examples // 8)


def named(path):
    return f"{path.parent.name}/{path.name}"


@st.composite
def damaged(draw, content):
    """Sound content with a piece of it taken out, and other bytes in its place."""
    start = draw(st.integers(0, len(content)))
    end = draw(st.integers(start, min(len(content), start + 16)))
    other = draw(st.binary(max_size=8) | st.sampled_from(TOKENS))
    return content[:start] + other + content[end:]


TOKENS = [b"{", b"[" * 40, b'"', b"null", b"-1", b"1e999", b"9" * 20, b"\n", b"\0"]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(name, data):
    content = data.draw(st.sampled_from(SEEDS[name]))
    parsers.PARSERS[name](data.draw(damaged(content) | st.binary(max_size=64)))


@pytest.mark.parametrize("path", FOUND, ids=named)
def test_what_was_found_once_stays_found(path):
    parsers.PARSERS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_fuzzing_begins_with_sound_files(name, monkeypatch):
    monkeypatch.setattr(parsers, "suppress", lambda *errors: nullcontext())
    for content in SEEDS[name]:
        parsers.PARSERS[name](content)


@pytest.mark.parametrize("name", NAMES)
def test_a_parser_refuses_what_is_nothing(name, monkeypatch):
    monkeypatch.setattr(parsers, "suppress", lambda *errors: nullcontext())
    if name == "metrics":  # of which nothing is a sound one
        parsers.PARSERS[name](b"")
    elif name != "sealed_manifest":
        with pytest.raises(HandgradError):
            parsers.PARSERS[name](b"")


def test_another_exception_is_a_finding(monkeypatch):
    monkeypatch.setattr(parsers, "read_idx", lambda path, axes: {}[axes])
    with pytest.raises(KeyError):
        parsers.PARSERS["idx"](b"")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed")
def test_atheris_counts_what_it_did(tmp_path):
    words = [sys.executable, "-m", "fuzz.run", "claim", "--runs", "500"]
    done = subprocess.run(
        [*words, "--folder", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "| claim | 500 |" in done.stdout
