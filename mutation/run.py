"""Mutate modules in a copy of the repository and see which mutants the tests notice.

    python mutation/run.py RESULTS [layers/conv2d ...] [--again] [--round first]

RESULTS is a folder: a file of JSON lines for each module grows there, and what is
settled in it is not tried again. With --again, survivors are: after tests were added.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
COPIED = ("src", "tests", "docs", "scripts", "benchmarks", "mutation")
ROUNDS = ("first", "second")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Try every module named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--again", action="store_true", help="try survivors once more")
    parser.add_argument("--round", choices=ROUNDS, help="one round alone")
    options = parser.parse_args()
    results = options.results.resolve()
    results.mkdir(parents=True, exist_ok=True)
    again = ["again"] if options.again else []
    with tempfile.TemporaryDirectory(prefix="mutation-") as place:
        copy = _copy(Path(place).resolve() / "handgrad")
        rounds = options.round or ",".join(ROUNDS)
        modules = ",".join(options.modules or _all_modules())
        command = [sys.executable, copy / "mutation" / "rounds.py", copy, results]
        one_thread = os.environ | dict.fromkeys(THREADS, "1")  # forks want no more
        subprocess.run([*command, rounds, modules, *again], check=True, env=one_thread)


def _all_modules() -> list[str]:
    settings = tomllib.loads((HERE / "mutation.toml").read_text())
    folders = settings["modules"].items()
    return [f"{folder}/{name}" for folder, names in folders for name in names]


def _copy(place: Path) -> Path:
    """A copy to mutate; what is installed or checked out stays as it is."""
    place.mkdir()
    unneeded = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        shutil.copytree(ROOT / name, place / name, ignore=unneeded)
    for path in [ROOT / "pyproject.toml", *ROOT.glob("*.md")]:
        shutil.copy2(path, place)
    return place


if __name__ == "__main__":
    main()
