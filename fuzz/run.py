"""Fuzz one parser with atheris: python -m fuzz.run NAME --runs 1000000."""

import argparse
import resource
import signal
import sys
import warnings
from hashlib import sha256
from pathlib import Path
from time import process_time

import atheris

PURE = [
    "PIL",
    "gzip",
    "handgrad",
    "json",
    "pickletools",
    "tarfile",
    "tomllib",
    "zipfile",
]
with atheris.instrument_imports(include=PURE):
    from fuzz.parsers import PARSERS, Parser
    from fuzz.seeds import seeds
    from handgrad import free_memory

FOLDER = Path("build") / "fuzz"
LONGEST = 8192  # bytes: two pictures of CIFAR-10 and what belongs to them
SECONDS = 1  # of the processor; an execution that takes longer is a finding,
HANGING = 600  # by the clock: machines are shared, and processes made to wait
MEGABYTES = 1024  # a process that needs more is a finding, too


class Counted:
    """A parser that counts its executions and says at the last how it went."""

    def __init__(self, name: str, parser: Parser, runs: int) -> None:
        self.name, self.parser, self.runs = name, parser, runs
        self.done, self.slowest, self.begun = 0, 0.0, process_time()

    def __call__(self, content: bytes) -> None:
        before = process_time()
        self.parser(content)
        seconds = process_time() - before
        assert seconds < SECONDS, f"{seconds:.1f} seconds for {len(content)} bytes"
        self.slowest = max(self.slowest, seconds)
        self.done += 1
        if self.done == self.runs:
            signal.setitimer(signal.ITIMER_REAL, 0)  # nothing is left that could hang
            print(self.row(), flush=True)

    def row(self) -> str:
        """Name, executions, seconds, executions a second, slowest ms, megabytes."""
        seconds = process_time() - self.begun
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return (
            f"| {self.name} | {self.done:,} | {seconds:,.0f} "
            f"| {self.done / seconds:,.0f} | {1000 * self.slowest:.0f} "
            f"| {megabytes:.0f} |"
        )


def corpus(name: str, folder: Path) -> Path:
    """The folder of what was found worth keeping, begun with the sound files."""
    kept = folder / name / "corpus"
    kept.mkdir(parents=True, exist_ok=True)
    for content in seeds()[name]:
        (kept / sha256(content).hexdigest()[:16]).write_bytes(content)
    return kept


def main() -> None:
    """Run until a finding or the last execution; atheris ends the process."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("name", choices=PARSERS)
    words.add_argument("--runs", type=int, default=1_000_000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--folder", type=Path, default=FOLDER)
    given = words.parse_args()
    warnings.simplefilter("error")  # as in the tests
    free_memory.free_memory = lambda: (
        MEGABYTES << 20
    )  # to ask takes longer than to parse
    flags = [
        f"-atheris_runs={given.runs}",
        f"-seed={given.seed}",
        f"-max_len={LONGEST}",
        f"-timeout={HANGING}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-artifact_prefix={given.folder / given.name}/",
        "-print_final_stats=1",
        str(corpus(given.name, given.folder)),
    ]
    parser = Counted(given.name, PARSERS[given.name], given.runs)
    atheris.Setup([sys.argv[0], *flags], parser)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
