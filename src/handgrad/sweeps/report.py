"""The files of a sweep: report.md, results.json, trials.csv and the figures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from handgrad.studies.contents import as_sentences
from handgrad.studies.ledger import Ledger, as_json
from handgrad.studies.study_summary import metric_of
from handgrad.sweeps.importance import caution
from handgrad.sweeps.sweep import Sweep
from handgrad.sweeps.sweep_results import Tried, results_of, tried
from handgrad.text import csv_of, in_markdown
from handgrad.training.atomic import write_file

MOST = 20  # settings in the table of the report; trials.csv has all
FORMATS = ("svg", "png")


def write_report(sweep: Sweep, ledger: Ledger) -> dict[str, Any]:
    """Write all files to the sweep's folder; return the results as plain values."""
    sweep, results = sweep.on(ledger), results_of(sweep, ledger)
    found = tried(sweep, ledger)
    results["figures"] = draw(sweep, found, results, ledger.folder / "figures")
    write_file(ledger.folder / "results.json", as_json(results))
    write_file(ledger.folder / "trials.csv", csv_of(trial_rows(sweep, found)).encode())
    write_file(ledger.folder / "report.md", markdown(results).encode())
    return results


def draw(
    sweep: Sweep, found: Sequence[Tried], results: dict[str, Any], folder: Path
) -> list[str]:
    """Draw all figures that have data, each with its numbers as CSV."""
    from handgrad.inspection.figures.style import save
    from handgrad.sweeps import sweep_figures

    whole = [one for one in found if one.is_whole]
    made: list[str] = []

    def keep(name: str, figure: Any, rows: list[list[Any]]) -> None:
        save(figure, folder / name, formats=FORMATS, root=folder.parent)
        write_file(folder / f"{name}.csv", csv_of(rows).encode(), folder.parent)
        made.append(name)

    if whole:
        rows = setting_rows(sweep, whole)
        keep("parallel", sweep_figures.parallel_coordinates(sweep, whole), rows)
    if results["importance"]["parameters"]:
        bars = sweep_figures.importance_bars(results["importance"], sweep.metric)
        keep("importance", bars, importance_rows(results["importance"]))
    if sweep.curve and any(
        len(sweep_figures.mean_curve(o, sweep.curve)) for o in found
    ):
        rows = curve_rows(sweep, found)
        keep("curves", sweep_figures.curves(sweep, found), rows)
    return made


def setting_rows(sweep: Sweep, whole: Sequence[Tried]) -> list[list[Any]]:
    """One row per setting: its values, the mean, the standard deviation."""
    names = [parameter.name for parameter in sweep.space]
    head = [*names, f"mean_{sweep.metric}", "spread", "seeds"]
    rows = [
        [*_values(one, names), one.mean, one.spread, len(one.values)] for one in whole
    ]
    return [head, *rows]


def trial_rows(sweep: Sweep, found: Sequence[Tried]) -> list[list[Any]]:
    """One row per trial: its values, its seed, its status, its metrics."""
    names = [parameter.name for parameter in sweep.space]
    metrics = [sweep.metric, *(m for m in ("train_loss",) if m != sweep.metric)]
    head = [*names, "seed", "status", *metrics, "seconds", "key"]
    rows = []
    for one in found:
        for cell, outcome in zip(sweep.cells(one.setting), one.outcomes, strict=True):
            ended = outcome or {"status": "not run", "metrics": {}, "seconds": None}
            values = _values(one, names)
            numbers = [metric_of(metric, ended) for metric in metrics]
            status = [cell.trial.seed, ended["status"]]
            key = cell.trial.key
            rows.append([*values, *status, *numbers, ended["seconds"], key])
    return [head, *rows]


def _values(one: Tried, names: Sequence[str]) -> list[Any]:
    """The values of a setting; lists and tables as JSON."""
    values = [one.setting.values[name] for name in names]
    return [json.dumps(v) if isinstance(v, list | dict) else v for v in values]


def importance_rows(found: dict[str, Any]) -> list[list[Any]]:
    """One row per parameter."""
    rows = [[n, row["mean"], row["spread"]] for n, row in found["parameters"].items()]
    return [["parameter", "fall_of_r2", "spread"], *rows]


def curve_rows(sweep: Sweep, found: Sequence[Tried]) -> list[list[Any]]:
    """One row per epoch of each trial."""
    rows: list[list[Any]] = [["setting", "seed", "epoch", sweep.curve]]
    for one in found:
        for seed, outcome in zip(sweep.seeds, one.outcomes, strict=True):
            values = (outcome or {}).get("curves", {}).get(sweep.curve, [])
            rows += [
                [one.setting.name, seed, epoch, value]
                for epoch, value in enumerate(values, 1)
            ]
    return rows


def markdown(results: dict[str, Any]) -> str:
    """The report in Markdown."""
    seeds = ", ".join(map(str, results["seeds"]))
    lines = [f"# Sweep {in_markdown(results['sweep'])}", ""]
    if results["question"]:
        lines += [in_markdown(results["question"]), ""]
    lines += [
        in_markdown(
            f"{results['method']} search, {len(results['settings'])} settings, seeds "
            f"{seeds}; {results['direction']} {results['metric']}; "
            f"{results['seconds']:.0f} seconds of training."
        ),
        "",
        *(part for text in sentences(results) for part in (in_markdown(text), "")),
        in_markdown(results["verdict"]),
        "",
        *_table(results),
    ]
    return "\n".join([*lines, *_tested(results), *_pictures(results)])


def sentences(results: dict[str, Any]) -> list[str]:
    """What a reader should know of the search and its data, one sentence each."""
    found = results["exhausted"]
    return [*([found] if found else []), *as_sentences(results)]


def _table(results: dict[str, Any]) -> list[str]:
    numbers = (
        f"mean {in_markdown(results['metric'])} | spread | seeds | best minus this"
    )
    lines = [f"| setting | {numbers} |", "|---|---|---|---|---|"]
    for row in results["settings"][:MOST]:
        count = sum(value is not None for value in row["by_seed"])
        if row["why_not"]:
            numbers = f"| | | {count} | {in_markdown(row['why_not'])} |"
        else:
            spread = "" if row["spread"] is None else f"{row['spread']:.4f}"
            numbers = f"| {row['mean']:.4f} | {spread} | {count} | {against(row)} |"
        lines.append(f"| {in_markdown(row['name'])} {numbers}")
    left = len(results["settings"]) - MOST
    if left > 0:
        lines.append(f"| {left} more in trials.csv | | | | |")
    return [*lines, ""]


def against(row: dict[str, Any]) -> str:
    """The comparison of a setting with the best one, in words."""
    found = row["against_best"]
    if found is None:
        return "the best"
    if found["low"] is None:
        return f"{found['difference']:+.4f}, too few seeds"
    ends = f"{found['low']:+.4f} to {found['high']:+.4f}"
    return ends if found["is_told"] else f"{ends}: not significant"


def _tested(results: dict[str, Any]) -> list[str]:
    tested = results["tested"]
    if tested is None:
        return []
    spread = "" if tested["spread"] is None else f" ± {tested['spread']:.4f}"
    return [
        f"Test accuracy of {in_markdown(results['settings'][0]['name'])} (test images "
        f"were not used for selection): {tested['mean']:.4f}{spread}.",
        "",
    ]


def _pictures(results: dict[str, Any]) -> list[str]:
    lines = []
    for name in results["figures"]:
        lines += [f"![{name}](figures/{name}.svg)", ""]
    found = results["importance"]
    if found["why"]:
        lines += [f"No hyperparameter importance: {in_markdown(found['why'])}.", ""]
    else:
        method = in_markdown(found["method"])
        lines += [
            f"Hyperparameter importance: {method}; {caution(found['r2'])}.",
            "",
        ]
    return lines
