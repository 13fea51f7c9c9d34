"""One mutant in a process that imports handgrad anew, libraries being there already."""

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from forks import Outcome, fork

# What the tests import from elsewhere: once here, so that each fork has it.
LIBRARIES = (
    "array_api_compat.numpy",
    "array_api_strict",
    "beartype",
    "hypothesis.extra.numpy",
    "jaxtyping",
    "numpy.testing",
    "PIL.Image",
    "pooch",
    "pydantic",
    "safetensors.numpy",
    "scipy.special",
    "sklearn.metrics",
    "tomli_w",
)
FEW = 25  # examples of Hypothesis in the first round


class FirstFailure:
    """A pytest plugin that ends the process at the first failure, without shrinking.

    Neither a smaller counterexample nor pytest's own summary says anything more about
    whether a mutant was killed.
    """

    def __init__(self, report: Path) -> None:
        self.report = report

    def pytest_configure(self, config: Any) -> None:
        no_shrinking()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        if is_failure(call):
            self._end(1, item.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._end(1, f"{report.nodeid} (import)")

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._end(int(exitstatus), "")

    def _end(self, status: int, said: str) -> None:
        self.report.write_text(said)
        sys.stdout.flush()
        os._exit(status)


def is_failure(call: Any) -> bool:
    """Whether a part of a test has failed, before pytest draws up its report."""
    skipped = call.excinfo and call.excinfo.errisinstance(pytest.skip.Exception)
    return bool(call.excinfo and not skipped)


def no_shrinking(few: bool = False) -> None:
    """The tests' own Hypothesis profile, up to the first failing example."""
    from hypothesis import Phase, settings

    phases = (Phase.explicit, Phase.generate)
    own = settings.get_profile("handgrad")
    most = FEW if few else own.max_examples
    settings.register_profile("mutation", own, phases=phases, max_examples=most)
    settings.load_profile("mutation")


def run_tests(root: Path, tests: Sequence[str], marks: str, limit: float) -> Outcome:
    """Run tests of the copy in a fresh child."""
    return fork(
        lambda report: run_pytest(root, tests, marks, FirstFailure(report)), root, limit
    )


def run_pytest(root: Path, tests: Sequence[str], marks: str, plugin: Any) -> int:
    """Run pytest in this process, on the copy's own sources."""
    sys.path[:0] = [str(root / "src"), str(root / "tests")]
    os.environ["PYTHONPATH"] = str(root / "src")
    options = ["-x", "-q", "-s", "--assert=plain", "-m", marks, "-p", "no:xdist"]
    options += ["-p", "no:cacheprovider", f"--basetemp={root / 'temporary'}"]
    return int(pytest.main([*options, *tests], plugins=[plugin]))


def load_libraries(*more: str) -> None:
    """Import what the tests import from elsewhere."""
    for name in (*LIBRARIES, *more):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # children need not look through all of that


def keep_bytecode(keep: bool) -> None:
    """Whether modules compiled from now on are kept: only without a mutant."""
    sys.dont_write_bytecode = not keep
    os.environ["PYTHONDONTWRITEBYTECODE"] = "" if keep else "1"
