import runpy
import sys
from time import monotonic

import pytest

from handgrad.cli import clock


@pytest.fixture(autouse=True)
def of_this_test(monkeypatch):
    monkeypatch.setattr(clock, "_beginning", [])


def test_within_another_program_no_time_has_passed():
    assert clock.seconds() == 0


def test_the_seconds_since_the_program_began():
    clock.begin(monotonic() - 5)
    assert 5 <= clock.seconds() < 15


def test_the_program_begins_with_its_imports(monkeypatch):
    before = monotonic()
    monkeypatch.setattr(sys, "argv", ["handgrad"])
    monkeypatch.setattr("handgrad.cli.main.main", lambda: None)
    runpy.run_module("handgrad", run_name="__main__")
    assert 0 < clock.seconds() <= monotonic() - before
