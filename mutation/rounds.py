"""Rounds over modules, each in a fork of a process with all libraries; see run.py.

python mutation/rounds.py COPY RESULTS first,second MODULE,MODULE [again]
"""

import os
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from fresh import keep_bytecode, load_libraries, run_pytest, run_tests
from mutants import Mutant, mutants_of, sample
from record import NEW, SURVIVED, UNSETTLED, Record
from swapped import LEAST, LONG, TIMES, Session, is_within_functions

FAST, ALL = "not nightly and not slow", "not nightly"


class Round:
    """A module's mutants, those of them that are still to try, and their tests."""

    def __init__(self, copy: Path, results: Path, module: str, again: bool) -> None:
        settings = tomllib.loads((copy / "mutation" / "mutation.toml").read_text())
        self.copy = copy
        self.path = copy / "src" / "handgrad" / f"{module}.py"
        self.source = self.path.read_text()
        self.tests = _tests(module, settings["also"])
        self.more = _tests(module, settings["also"], settings["later"])
        self.again = {SURVIVED} if again else set()
        self.record = Record(results / f"{module.replace('/', '-')}.jsonl")
        found = mutants_of(self.path, module, settings["operators"])
        self.of = len(found)
        most = self.of if module in settings["all"] else settings["most"]
        self.mutants = sample(found, most, settings["seed"]) if found else []
        print(f"{module}: {self.of} mutants, {len(self.mutants)} drawn")

    def first(self) -> None:
        """Mutants within functions, in one session, without the slow tests."""
        wanted = {NEW} | ({UNSETTLED, SURVIVED} if self.again else set())
        left = [each for each in self._left(wanted) if self._is_within(each)]
        if left:
            keep_bytecode(False)
            session = Session(
                self.copy,
                self.path,
                left,
                lambda mutant, said: self.record.add(mutant, said, UNSETTLED, self.of),
            )
            run_pytest(self.copy, self.tests, FAST, session)

    def second(self) -> None:
        """The other mutants and those who survived, in fresh processes, all tests."""
        left = self._left({NEW, UNSETTLED} | self.again)
        if not left:
            return
        keep_bytecode(True)
        run_tests(self.copy, self.more, ALL, LONG)
        keep_bytecode(False)
        plain = run_tests(self.copy, self.more, ALL, LONG)
        if plain.status != 0:
            raise SystemExit(f"The tests fail without a mutant: {plain}")
        limit = max(LEAST, TIMES * plain.seconds)
        times = self.path.stat()
        for mutant in left:
            self.path.write_text(mutant.code)
            outcome = run_tests(self.copy, self.more, ALL, limit)
            self.path.write_text(self.source)
            os.utime(self.path, ns=(times.st_atime_ns, times.st_mtime_ns))
            self.record.add(mutant, outcome, SURVIVED, self.of)

    def _left(self, outcomes: set[str]) -> list[Mutant]:
        return [each for each in self.mutants if self.record.outcome(each) in outcomes]

    def _is_within(self, mutant: Mutant) -> bool:
        return is_within_functions(self.source, mutant.code)


def _tests(module: str, *tables: dict[str, list[str]]) -> list[str]:
    """The module's mirror, and what tables of the configuration add to it."""
    folder, name = module.split("/")
    more = [
        f"tests/{test}"
        for table in tables
        for pattern, tests in table.items()
        if fnmatch(module, pattern)
        for test in tests
    ]
    return [f"tests/{folder}/test_{name}.py", *more]


def main(place: str, results: str, rounds: str, modules: str, again: str = "") -> None:
    """Each round of each module in a fork: none sees what another has imported."""
    os.chdir(place)
    names = modules.split(",")
    with_torch = any(name.startswith(("layers/", "losses/")) for name in names)
    load_libraries(*["torch.nn.functional"] * with_torch)
    for module in names:
        for which in rounds.split(","):
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                one = Round(Path(place), Path(results), module, bool(again))
                one.first() if which == "first" else one.second()
                sys.stdout.flush()
                os._exit(0)
            os.waitpid(child, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
