"""Terminal output of a sweep: progress of its trials, then the best settings."""

from typing import Any

from handgrad.cli.screens.console import say, show, table
from handgrad.cli.screens.studies import StudyScreen, said_before
from handgrad.studies.runner import Event
from handgrad.studies.trials import Cell
from handgrad.sweeps.comparison import FEWEST
from handgrad.sweeps.importance import caution
from handgrad.sweeps.report import against, sentences
from handgrad.text import number_of

SHOWN = 10  # settings


def follow(events: Any, to_do: list[Cell], *, before: int, quiet: bool) -> list[Event]:
    """Show the progress of the trials; return all events."""
    screen = StudyScreen(to_do, quiet=quiet)
    if before > 0:
        screen.say(said_before(before, len(to_do)))
    elif to_do:
        screen.say(f"{number_of(len(to_do), 'trial')} to do.")
    with screen.bar:
        return [_taken(screen, event) for event in events]


def _taken(screen: StudyScreen, event: Event) -> Event:
    screen.take(event)
    return event


def show_results(results: dict[str, Any]) -> None:
    """Print the best settings, whether they differ, and hyperparameter importance."""
    metric = results["metric"].replace("_", " ")
    right = (f"mean {metric}", "spread")
    shown = table("setting", *right, "best minus this (90 %)", right=right)
    rows = results["settings"]
    for row in rows[:SHOWN]:
        mean, spread = (
            "" if row[key] is None or row["why_not"] else f"{row[key]:.4f}"
            for key in ("mean", "spread")
        )
        shown.add_row(
            row["name"], mean, spread, row["status"] if row["why_not"] else against(row)
        )
    show(shown)
    if len(rows) > SHOWN:
        say(f"{number_of(len(rows) - SHOWN, 'more setting')}: see trials.csv.")
    for sentence in sentences(results):
        say(sentence)
    say()
    say(results["verdict"])
    count = len(results["as_good"])
    if count > 2 and len(results["seeds"]) >= FEWEST:
        say(f"The best {count} settings do not differ significantly.")
    tested = results["tested"]
    if tested is not None:
        spread = "" if tested["spread"] is None else f" ± {tested['spread']:.4f}"
        say(f"Test accuracy of the best setting: {tested['mean']:.4f}{spread}.")
    _show_importance(results["importance"])


def _show_importance(found: dict[str, Any]) -> None:
    if found["why"]:
        say(f"No hyperparameter importance: {found['why']}.")
        return
    parts = [f"{name} {row['mean']:.2f}" for name, row in found["parameters"].items()]
    say(
        f"Hyperparameter importance (permutation importance in a random forest: "
        f"decrease of R²; {caution(found['r2'])}): "
        f"{', '.join(parts)}."
    )
