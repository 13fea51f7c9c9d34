"""Many mutants in one pytest session: collect once, then a fork for each mutant.

A fork puts the mutant's code into the functions that are already there, so nothing is
imported again. That reaches what stands in functions; a mutant of a constant, a default
or a decorator needs a fresh process, and so does whoever survives here.
"""

import ast
import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from forks import Outcome, fork
from fresh import is_failure, no_shrinking
from mutants import Mutant

LEAST = 10.0  # seconds of computing that a trial has at least
TIMES = 4.0  # or so many times what the tests take without a mutant
LONG = 900.0

Functions = dict[tuple[str, int], list[FunctionType]]


class Session:
    """A pytest plugin that tries mutants instead of running the tests once."""

    def __init__(
        self,
        root: Path,
        path: Path,
        mutants: Sequence[Mutant],
        tell: Callable[[Mutant, Outcome], None],
    ) -> None:
        self.root = root
        self.path = path
        self.mutants = mutants
        self.tell = tell
        self.report = root / "report.txt"
        self.durations: dict[str, float] = {}

    def pytest_configure(self, config: Any) -> None:
        no_shrinking(few=True)

    def pytest_runtestloop(self, session: Any) -> bool:
        session.items = [item for item in session.items if self._is_near(item.nodeid)]
        functions = _functions_of(self.path)
        gc.collect()
        gc.freeze()
        source = self.path.read_text()
        seconds = self._order(session)
        print(f"  {len(session.items)} tests, {seconds:.1f} s of computing")
        outcomes = []
        for mutant in self.mutants:
            self.path.write_text(mutant.code)
            try:
                limit = max(LEAST, TIMES * seconds)
                outcome = self._try(session, limit, functions, mutant.code)
            finally:
                self.path.write_text(source)
            self.tell(mutant, outcome)
            outcomes.append(outcome.status)
        if 0 not in outcomes:  # then the tests must pass in this order without one
            self._passes(session)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        if is_failure(call):
            self.report.write_text(item.nodeid)
            sys.stdout.flush()
            os._exit(1)
        before = self.durations.get(item.nodeid, 0.0)
        self.durations[item.nodeid] = before + call.duration

    def _is_near(self, name: str) -> bool:
        """Of the contract, which tries every layer, the parts that name this one."""
        return "contract" not in name or f"-{self.path.stem}" in name

    def _order(self, session: Any) -> float:
        """Short tests first: most mutants die within milliseconds."""
        outcome = self._passes(session)
        lines = [line.rsplit(" ", 1) for line in outcome.said.splitlines()]
        seconds = {name: float(duration) for name, duration in lines}
        session.items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))
        return outcome.seconds

    def _passes(self, session: Any) -> Outcome:
        outcome = self._try(session, LONG, {}, "")
        if outcome.status != 0:
            raise SystemExit(f"The tests fail without a mutant: {outcome}")
        return outcome

    def _try(
        self, session: Any, limit: float, functions: Functions, code: str
    ) -> Outcome:
        def work(report: Path) -> int:
            if code:
                _swap(functions, code, str(self.path))
            _run(session)
            lines = [f"{name} {took}" for name, took in self.durations.items()]
            report.write_text("\n".join(lines))
            return 0

        return fork(work, self.root, limit)


def is_within_functions(source: str, code: str) -> bool:
    """Whether a mutant differs from the source in bodies of functions alone."""
    return _without_bodies(source) == _without_bodies(code)


def _without_bodies(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = [ast.Pass()]
    return ast.dump(tree)


def _run(session: Any) -> None:
    items = session.items
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _functions_of(path: Path) -> Functions:
    """A module's functions that are alive, by name and number among that name's."""
    alive = [each for each in gc.get_objects() if type(each) is FunctionType]
    ours = [each for each in alive if each.__code__.co_filename == str(path)]
    names = _names(each.__code__ for each in ours)
    found: Functions = {}
    for each in ours:
        found.setdefault(names[_place(each.__code__)], []).append(each)
    return found


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _names(codes: Iterable[CodeType]) -> dict[tuple[str, int], tuple[str, int]]:
    """From name and line to name and number; in a mutant, lines shift."""
    places = sorted({_place(code) for code in codes})
    return {
        place: (place[0], sum(other[0] == place[0] for other in places[:at]))
        for at, place in enumerate(places)
    }


def _swap(functions: Functions, code: str, path: str) -> None:
    codes = list(_codes(compile(code, path, "exec", dont_inherit=True)))
    names = _names(codes)
    for each in codes:
        for function in functions.get(names[_place(each)], ()):
            if len(function.__code__.co_freevars) == len(each.co_freevars):
                function.__code__ = each


def _codes(code: CodeType) -> Iterator[CodeType]:
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield part
            yield from _codes(part)
