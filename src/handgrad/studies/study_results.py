"""A study's results as plain values and as Markdown: published, ours, verdict."""

import itertools
import json
from pathlib import Path
from typing import Any

from handgrad.studies.contents import as_sentences, changes_of_data, on_other_data
from handgrad.studies.estimates import estimate
from handgrad.studies.experiment import SIZES, Experiment, Size
from handgrad.studies.instruction_sets import instruction_sets
from handgrad.studies.ledger import DONE, Ledger, Outcome
from handgrad.studies.library import Study
from handgrad.studies.study_summary import Summary
from handgrad.studies.trials import Cell
from handgrad.studies.verdicts import Result, Row, findings_of, judge
from handgrad.text import in_markdown, one_line
from handgrad.training.atomic import write_file

PUBLISHED = ("name", "variant", "value", "words", "epsilon", "kind", "source")
MARKS = {True: "holds", False: "DOES NOT HOLD", None: "not known"}


def results_of(study: Study, ledger: Ledger) -> dict[str, Any]:
    """Return all current results of a study, as plain values."""
    outcomes, study = ledger.outcomes(), study.on(ledger)
    sizes = itertools.product(study.experiments, SIZES)
    keys = {cell.trial.key for row, size in sizes for cell in study.cells_of(row, size)}
    return {
        "study": study.name,
        "title": study.about.title,
        "report": study.about.report,
        "conventions": list(study.about.conventions),
        "rows": [row_of(study, row, outcomes) for row in study.experiments],
        "unread_data": ledger.unread_data,
        "other_data": on_other_data(ledger),
        "changes_of_data": changes_of_data(ledger),
        "instruction_sets": instruction_sets(outcomes[k] for k in keys & set(outcomes)),
        "environments": environments(outcomes),
    }


def row_of(study: Study, row: str, outcomes: dict[str, Outcome]) -> dict[str, Any]:
    """One row: published numbers next to the full size, findings of both sizes."""
    experiment, full = study.experiments[row], study.cells_of(row, "full")
    return {
        "row": row,
        "question": experiment.question,
        "section": experiment.section,
        "notes": list(experiment.notes),
        "published": [
            _published(judge(published, full, outcomes))
            for published in experiment.published
        ],
        "sizes": {
            size: _size(experiment, size, study.cells_of(row, size), outcomes)
            for size in SIZES
        },
    }


def _published(row: Row) -> dict[str, Any]:
    return {
        **{name: getattr(row.published, name) for name in PUBLISHED},
        "ours": _numbers(row.ours),
        "verdict": row.verdict,
        "why": row.why,
    }


def _numbers(ours: Summary) -> dict[str, Any] | None:
    if not ours:
        return None
    return {"mean": ours.mean, "spread": ours.spread, "count": len(ours.values)}


def _size(
    experiment: Experiment, size: Size, cells: list[Cell], outcomes: dict[str, Outcome]
) -> dict[str, Any]:
    ended = [(c, outcomes[c.trial.key]) for c in cells if c.trial.key in outcomes]
    left = estimate(cells, outcomes)
    return {
        "trials": len(cells),
        "ended": len(ended),
        "seconds": sum(outcome["seconds"] or 0 for _, outcome in ended),
        "estimate": {"trials": left.trials, "seconds": left.seconds},
        "without_numbers": [
            {"trial": str(cell), "status": o["status"], "reason": o["reason"]}
            for cell, o in ended
            if o["status"] != DONE
        ],
        "findings": [
            _finding(result)
            for result in findings_of(experiment, size, cells, outcomes)
        ],
    }


def _finding(result: Result) -> dict[str, Any]:
    return {
        "says": result.finding.says,
        "comparison": result.finding.holds,
        "holds": result.holds,
        "values": list(result.values),
        "why": result.why,
    }


def environments(outcomes: dict[str, Outcome]) -> list[dict[str, Any]]:
    """The distinct machines and versions of the trials.

    The order and number of the same BLAS libraries depend on what a process imports.
    """
    different: dict[str, dict[str, Any]] = {}
    for outcome in outcomes.values():
        environment = outcome["environment"]
        blas = sorted({json.dumps(each) for each in environment.get("blas", [])})
        key = json.dumps({**environment, "blas": blas}, sort_keys=True)
        different.setdefault(key, environment)
    return list(different.values())


def write_results(study: Study, ledger: Ledger) -> tuple[Path, Path]:
    """Write report.md and report.json into the study's folder."""
    return write_tables(results_of(study, ledger), ledger.folder)


def write_tables(results: dict[str, Any], folder: Path) -> tuple[Path, Path]:
    """Write results as report.md and report.json into a folder."""
    markdown, plain = folder / "report.md", folder / "report.json"
    write_file(plain, (json.dumps(results, indent=1) + "\n").encode())
    write_file(markdown, as_markdown(results).encode())
    return markdown, plain


def as_markdown(results: dict[str, Any]) -> str:
    """Format results as Markdown with tables."""
    lines = [f"# {in_markdown(results['title'] or results['study'])}", ""]
    lines += [in_markdown(results["report"]), ""] if results["report"] else []
    lines += [f"- {in_markdown(text)}" for text in results["conventions"]]
    lines += [f"- {in_markdown(text)}" for text in as_sentences(results)]
    for row in results["rows"]:
        lines += _row_in_markdown(results["study"], row)
    lines += ["", "## Made with", ""]
    machines = [
        f"Handgrad {e['handgrad']}, Python {e['python']}, "
        f"{e['processor']}, {e['cores']} cores"
        for e in results["environments"]
    ]
    lines += [f"- {in_markdown(machine)}" for machine in dict.fromkeys(machines)]
    return "\n".join(lines).rstrip() + "\n"


def _row_in_markdown(study: str, row: dict[str, Any]) -> list[str]:
    section = f" (section {in_markdown(row['section'])})" if row["section"] else ""
    title = in_markdown(f"{row['row']}: {row['question']}")
    lines = ["", f"## {title}{section}", ""]
    lines += [f"- {in_markdown(note)}" for note in row["notes"]] + (
        [""] if row["notes"] else []
    )
    if row["published"]:
        lines += [
            "| What | Published | Ours | Seeds | Verdict |",
            "|---|---|---|---|---|",
        ]
        lines += [_published_in_markdown(published) for published in row["published"]]
        lines += [""]
    for name, size in row["sizes"].items():
        lines += _size_in_markdown(name, size)
    command = one_line(f"handgrad study run {study} --rows {row['row']}")
    if lines[-1]:
        lines.append("")
    return [*lines, f"    {command} --quick", f"    {command} --full"]


def _published_in_markdown(row: dict[str, Any]) -> str:
    what = row["name"] + (f" ({row['variant']})" if row["variant"] else "")
    ours, seeds = "", ""
    if row["ours"]:
        ours, seeds = mean_and_spread(row["ours"]), str(row["ours"]["count"])
    why = "" if row["why"] in ("", row["verdict"]) else f": {row['why']}"
    return (
        f"| {in_markdown(what)} | {in_markdown(as_published(row))} | {ours} | {seeds} "
        f"| {in_markdown(row['verdict'] + why)} |"
    )


def as_published(row: dict[str, Any]) -> str:
    """Format the published number, in its own words if any, with its epsilon."""
    number = row["words"] or f"{row['value']:g}"
    return f"{number} (± {row['epsilon']:g})"


def mean_and_spread(ours: dict[str, Any]) -> str:
    """Mean and standard deviation with four digits."""
    spread = "" if ours["spread"] is None else f" ± {number(ours['spread'])}"
    return f"{number(ours['mean'])}{spread}"


def number(value: float) -> str:
    """Format with four decimals; none from 1000 up, as a power of ten below 5e-4."""
    if 0 < abs(value) < 5e-4:
        return f"{value:.1e}"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.0f}"


def _left_in_markdown(estimate: dict[str, Any]) -> str:
    """Format the estimated time of the trials that were not run."""
    if not estimate["trials"] or estimate["seconds"] is None:
        return ""
    return f"; {estimate['trials']} not run, about {estimate['seconds']:.0f} s"


def _size_in_markdown(name: str, size: dict[str, Any]) -> list[str]:
    lines = [
        f"{name.capitalize()}: {size['ended']} of {size['trials']} trials, "
        f"{size['seconds']:.0f} s{_left_in_markdown(size['estimate'])}.",
        "",
    ]
    for finding in size["findings"] if size["ended"] else []:
        values = ", ".join(map(number, finding["values"]))
        numbers = f": {values or in_markdown(finding['why'])}"
        lines.append(
            f"- {in_markdown(finding['says'])}: **{MARKS[finding['holds']]}** "
            f"(`{one_line(finding['comparison'])}`{numbers})"
        )
    lines += [
        "- " + in_markdown(f"{trial['trial']}: {trial['status']}, {trial['reason']}")
        for trial in size["without_numbers"]
    ]
    return [*lines, ""] if lines[2:] else lines
