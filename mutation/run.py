"""Mutate modules with Cosmic Ray, in a copy of the repository, and print a table.

    python mutation/run.py SESSIONS [layers/conv2d ...] [--again]

SESSIONS is a folder: a Cosmic Ray session for each module stays there, and a run that
was stopped is resumed. With --again, survivors are tried again: after tests were added.
"""

import argparse
import ast
import os
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from time import perf_counter

from cosmic_ray import plugins
from cosmic_ray.commands import execute, init
from cosmic_ray.config import ConfigDict
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkResult
from operators import OWN

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
COPIED = ("src", "tests", "docs", "scripts", "benchmarks", "mutation")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SETTINGS = tomllib.loads((HERE / "mutation.toml").read_text())
MODULES = [
    f"{folder}/{name}" for folder, n in SETTINGS["modules"].items() for name in n
]
TEST = "-m pytest -x -q --assert=plain -p no:cacheprovider -p no:xdist"
LEAST, TIMES = 60.0, 8.0  # seconds that a mutant has, or so many times the tests'
HEAD = """\
| module | mutants | tried | killed | timeouts | survived | equivalent |
|---|---:|---:|---:|---:|---:|---:|"""
SKIPPED = WorkResult(worker_outcome=WorkerOutcome.SKIPPED)

Place = tuple[int, int]  # line and column


def main() -> None:
    """Try every module named, or all; then print a row each, and the survivors."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sessions", type=Path)
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--again", action="store_true", help="try survivors once more")
    options = parser.parse_args()
    folder = options.sessions.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    plugins.OPERATOR_PROVIDERS["own"] = OWN
    paths = {
        name: folder / f"{name.replace('/', '-')}.sqlite" for name in options.modules
    }
    with tempfile.TemporaryDirectory(prefix="mutation-") as place:
        os.chdir(copy_to(Path(place).resolve() / "handgrad"))
        os.environ |= dict.fromkeys(THREADS, "1") | {"PYTHONPATH": f"{Path.cwd()}/src"}
        for module, path in paths.items():
            try_out(module, path, options.again)
    print(HEAD)
    survivors = [line for name, path in paths.items() for line in table(name, path)]
    print("\n| module | original | mutant | why it is equivalent |\n|---|---|---|---|")
    print("\n".join(survivors))


def copy_to(place: Path) -> Path:
    """A copy to mutate; what is installed or checked out stays as it is."""
    for name in COPIED:
        unneeded = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, place / name, ignore=unneeded)
    for path in [ROOT / "pyproject.toml", *ROOT.glob("*.md")]:
        shutil.copy2(path, place)
    return place


def try_out(module: str, path: Path, again: bool) -> None:
    """Make the session of a module unless there is one, and run what is open in it."""
    source = Path("src", "handgrad", f"{module}.py")
    is_new = not path.exists()
    with use_db(str(path)) as session:
        if is_new:
            init([source], session, {})
            skip(session, module, source.read_text())
        elif again:
            with sqlite3.connect(path) as rows:
                rows.execute("DELETE FROM work_results WHERE test_outcome = 'SURVIVED'")
        if not session.pending_work_items:
            return
        command = " ".join([sys.executable, TEST, *tests_of(module)])
        start = perf_counter()
        outcome, said = run_tests(command, 900)
        seconds = perf_counter() - start
        if outcome is not TestOutcome.SURVIVED:
            raise SystemExit(f"The tests of {module} fail without a mutant:\n{said}")
        limit = max(LEAST, TIMES * seconds)
        local = {"test-command": command, "distributor": {"name": "local"}}
        execute(session, ConfigDict(local, timeout=limit))
        taken = perf_counter() - start
        print(f"{module}: {taken:.0f} s, tests {seconds:.1f} s", file=sys.stderr)


def tests_of(module: str) -> list[str]:
    """The module's mirror, and what the configuration adds to it."""
    folder, name = module.split("/")
    also = [
        f"tests/{test}"
        for pattern, tests in SETTINGS["also"].items()
        if fnmatch(module, pattern)
        for test in tests
    ]
    return [f"tests/{folder}/test_{name}.py", *also]


def skip(session: WorkDB, module: str, source: str) -> None:
    """Skip mutants by unwanted operators or in error messages, and all but a sample."""
    left_alone = list(texts_and_types(ast.parse(source)))
    items = session.pending_work_items
    wanted = [
        item
        for item in sorted(items, key=lambda item: order_of(item.mutations[0]))
        if is_wanted(item.mutations[0], left_alone)
    ]
    random.Random(f"{SETTINGS['seed']}:{module}").shuffle(wanted)
    most = None if module in SETTINGS["all"] else SETTINGS["most"]
    kept = {item.job_id for item in wanted[:most]}
    session.set_multiple_results(
        [item.job_id for item in items if item.job_id not in kept], SKIPPED
    )


def order_of(mutation: MutationSpec) -> tuple[Place, str, int]:
    """Sort by place, operator and occurrence, so that a sample can be drawn again."""
    return mutation.start_pos, mutation.operator_name, mutation.occurrence


def is_wanted(mutation: MutationSpec, left_alone: list[tuple[Place, Place]]) -> bool:
    """Whether the operator is one of the configuration, at a place that counts."""
    name = mutation.operator_name.partition("/")[2]
    if not any(re.fullmatch(pattern, name) for pattern in SETTINGS["operators"]):
        return False
    return not any(first <= mutation.start_pos < last for first, last in left_alone)


def texts_and_types(tree: ast.Module) -> Iterator[tuple[Place, Place]]:
    """The places of annotations, and of the messages of errors."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield extent(node.annotation)
        if isinstance(node, ast.FunctionDef) and node.returns:
            yield extent(node.returns)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"):
            texts = (part for part in ast.walk(node) if isinstance(part, ast.JoinedStr))
            yield from map(extent, texts)


def extent(node: ast.expr) -> tuple[Place, Place]:
    """Where an expression begins and ends."""
    end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return (node.lineno, node.col_offset), end


def table(module: str, path: Path) -> list[str]:
    """Print the row of a module; return a row for each of its survivors."""
    groups = tomllib.loads((HERE / "equivalent.toml").read_text())["equivalent"]
    why = {(g["module"], bare(after)): g["why"] for g in groups for after in g["after"]}
    with use_db(str(path)) as session:
        results = [result for _, result in session.results]
    tried = [r for r in results if r.worker_outcome is not WorkerOutcome.SKIPPED]
    left = [change_of(r.diff or "") for r in tried if not r.is_killed]
    reasons = [
        why.get((module, after)) or why.get((module, f"{before} => {after}"), "")
        for before, after in left
    ]
    late = sum(result.output == "timeout" for result in tried)
    counts = len(results), len(tried), len(tried) - len(left), late, len(left)
    row = (f"`{module}`", *map(str, counts), str(sum(map(bool, reasons))))
    print(f"| {' | '.join(row)} |")
    cells = (
        f"| `{module}` | `{before}` | `{after}` | {reason} |"
        for (before, after), reason in zip(left, reasons, strict=True)
    )
    return list(cells)


def change_of(diff: str) -> tuple[str, str]:
    """The lines that a mutant replaces, and those it puts there, each as one line."""
    lines = [line for line in diff.splitlines() if not re.match(r"---|\+\+\+", line)]
    before, after = (
        " ".join(bare(line[1:]) for line in lines if line.startswith(sign))
        for sign in "-+"
    )
    return before, after


def bare(line: str) -> str:
    """A line of code with single spaces and without its comment."""
    return " ".join(re.sub(r"\s# .*$", "", line).split())


if __name__ == "__main__":
    main()
