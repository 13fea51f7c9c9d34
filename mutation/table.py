"""The tables of docs/results/mutation.md from a folder of results.

python mutation/table.py RESULTS
"""

import json
import math
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COLUMNS = ("found", "tried", "at first", "killed", "timeout", "survived", "equivalent")
HEAD = """\
| module | mutants | tried | noticed at first | killed | timeouts | survived | \
equivalent |
|---|---:|---:|---:|---:|---:|---:|---:|"""
NOTICED = ("killed", "timeout")
Z = 1.96  # of a 95 % interval


def main() -> None:
    """Print one row for each module, the sum, and each survivor with its reason."""
    modules = list(_modules(Path(sys.argv[1])))
    why = _reasons()
    print(HEAD)
    total: Counter[str] = Counter()
    for name, lines in modules:
        counts = _count(lines, why)
        total += counts
        print(f"| `{name}` | {_cells(counts)} |")
    print(f"| all | {_cells(total)} |\n")
    print(_score(total, modules), end="\n\n")
    for name, lines in modules:
        for line in lines:
            if line["outcome"] not in NOTICED:
                cells = map(_as_code, (name, line["before"], line["after"]))
                print(f"| {' | '.join(cells)} | {_reason(line, why)} |")


def _as_code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _reason(line: dict[str, Any], why: Mapping[tuple[str, str], str]) -> str:
    change = f"{line['before']} => {line['after']}"
    module = line["module"]
    return why.get((module, line["after"])) or why.get((module, change), "")


def _modules(results: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each module's mutants: the last word on each, and the first."""
    for path in sorted(results.glob("*.jsonl")):
        last: dict[tuple[str, str], dict[str, Any]] = {}
        for line in map(json.loads, path.read_text().splitlines()):
            key = line["name"], line["after"]
            before = last[key]["at first"] if key in last else line["outcome"]
            last[key] = line | {"at first": before}
        found = sorted(last.values(), key=lambda line: (line["line"], line["name"]))
        yield found[0]["module"], found


def _reasons() -> dict[tuple[str, str], str]:
    groups = tomllib.loads((HERE / "equivalent.toml").read_text())["equivalent"]
    return {
        (group["module"], after): group["why"]
        for group in groups
        for after in group["after"]
    }


def _count(
    lines: list[dict[str, Any]], why: Mapping[tuple[str, str], str]
) -> Counter[str]:
    counts = Counter({"found": lines[0]["of"], "tried": len(lines)})
    for line in lines:
        counts["at first"] += line["at first"] in NOTICED
        outcome = line["outcome"] if line["outcome"] in NOTICED else "survived"
        counts[outcome] += 1
        counts["equivalent"] += outcome == "survived" and bool(_reason(line, why))
    return counts


def _cells(counts: Counter[str]) -> str:
    return " | ".join(f"{counts[name]:,}" for name in COLUMNS)


def _as_code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _score(total: Counter[str], modules: list[tuple[str, list[dict[str, Any]]]]) -> str:
    noticed = sum(total[name] for name in NOTICED)
    low, high = _wilson(noticed, total["tried"])
    others = total["tried"] - total["equivalent"]
    parts = [
        (lines[0]["of"], sum(line["outcome"] in NOTICED for line in lines) / len(lines))
        for _, lines in modules
    ]
    weighted = sum(of * part for of, part in parts) / sum(of for of, _ in parts)
    return (
        f"Noticed: {noticed:,} of {total['tried']:,}, {noticed / total['tried']:.1%} "
        f"(95 % Wilson interval {low:.1%} to {high:.1%}); modules weighted by their "
        f"mutants: {weighted:.1%}; without the equivalent ones {noticed / others:.1%}. "
        f"At first: {total['at first'] / total['tried']:.1%}."
    )


def _wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927)."""
    share, spread = hits / of, Z * Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / of + spread / of / 4) / (1 + spread)
    return middle - half, middle + half


if __name__ == "__main__":
    main()
