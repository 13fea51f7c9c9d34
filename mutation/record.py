"""What became of each mutant of a module: JSON lines in a file that only grows."""

import json
import sys
from pathlib import Path

from forks import Outcome
from mutants import Mutant

NEW, UNSETTLED, SURVIVED = "new", "unsettled", "survived"


class Record:
    """The last word on each mutant.

    killed and timeout are final; unsettled has survived the first round, survived both.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text().splitlines() if path.is_file() else []
        self.known = {
            (line["name"], line["after"]): line for line in map(json.loads, lines)
        }

    def outcome(self, mutant: Mutant) -> str:
        """What became of a mutant so far."""
        line = self.known.get((mutant.name, mutant.after))
        return str(line["outcome"]) if line else NEW

    def add(self, mutant: Mutant, outcome: Outcome, otherwise: str, of: int) -> None:
        """Note an outcome; `otherwise` is its name if no test failed."""
        what = {0: otherwise, None: "timeout"}.get(outcome.status, "killed")
        line = {
            "module": mutant.module,
            "of": of,
            "name": mutant.name,
            "line": mutant.line,
            "before": mutant.before,
            "after": mutant.after,
            "outcome": what,
            "by": outcome.said if what == "killed" else "",
            "seconds": round(outcome.seconds, 2),
        }
        self.known[mutant.name, mutant.after] = line
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        change = f"{mutant.line}: {mutant.before}  =>  {mutant.after}"
        print(f"  {what:9} {outcome.seconds:5.1f} s  {line['by'] or change}")
        sys.stdout.flush()
