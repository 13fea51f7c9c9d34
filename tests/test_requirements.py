"""The locked requirements: complete, each with hashes, and without a word on where."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = ("run", "dev")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WANTED = {
    "run": PROJECT["dependencies"],
    "dev": PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"],
}
LEFT_OUT = (ROOT / "requirements" / "left_out.txt").read_text().split()


def text_of(lock):
    return (ROOT / "requirements" / f"{lock}.txt").read_text()


def blocks(lock):
    """Each locked requirement and its hashes."""
    lines = text_of(lock).replace("\\\n", " ").splitlines()
    for block in (line for line in lines if not line.startswith("#")):
        named, *hashes = block.split("--hash=")
        yield Requirement(named.strip()), [one.strip() for one in hashes]


@pytest.mark.parametrize("lock", LOCKS)
def test_all_that_is_asked_for_is_locked_to_a_version_that_fits(lock):
    locked = {}
    for requirement, _ in blocks(lock):
        locked.setdefault(requirement.name, []).append(requirement)
    for wanted in map(Requirement, WANTED[lock]):
        if wanted.name in LEFT_OUT:
            assert wanted.name not in locked
            continue
        for found in locked[canonicalize_name(wanted.name)]:
            (pin,) = found.specifier
            assert pin.operator == "=="
            assert wanted.specifier.contains(pin.version), found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_version_has_its_hashes(lock):
    for requirement, hashes in blocks(lock):
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes)


@pytest.mark.parametrize("lock", LOCKS)
def test_no_index_and_no_place_is_named(lock):
    assert not re.search(r"://|^-|\s-e\s|--index|--find|--trusted", text_of(lock))


def test_what_runs_is_tested_in_the_same_versions():
    run, dev = ({str(r): hashes for r, hashes in blocks(lock)} for lock in LOCKS)
    assert run.items() <= dev.items()


def test_torch_alone_is_left_out_and_pinned_where_it_is_named():
    assert LEFT_OUT == ["torch"]
    assert "torch==2.13.0" in WANTED["dev"]
