"""Output of `handgrad data inspect`: counts, sizes, and problems."""

from handgrad.cli.screens.console import say, show, table
from handgrad.datasets.formats.survey import Survey
from handgrad.text import number_of

MOST_CLASSES = 30  # rows of the table
MOST_SIZES = 4


def show_survey(path: str, found: Survey) -> None:
    """Print a table of counts, then sizes, notes and problems, a line each."""
    say(f"{path}: {found.kind}")
    for note in found.notes:
        say(f"  {note}")
    say()
    splits = tuple(found.counts)
    shown = table("class", *splits, right=splits)
    names = list(next(iter(found.counts.values()), {}))
    for name in names[:MOST_CLASSES]:
        shown.add_row(name, *(f"{found.counts[split][name]:,}" for split in splits))
    if len(names) > MOST_CLASSES:
        shown.add_row(f"... {len(names) - MOST_CLASSES} more")
    shown.add_row("all", *(f"{sum(found.counts[s].values()):,}" for s in splits))
    show(shown)
    say()
    colour = {0: "nothing", 1: "grey"}.get(found.channels, "colour")
    sizes = [f"{size} ({count:,})" for size, count in found.sizes.items()]
    others = number_of(len(sizes) - MOST_SIZES, "other size")
    more = f", {others}" if len(sizes) > MOST_SIZES else ""
    say(f"Sizes, height x width: {', '.join(sizes[:MOST_SIZES])}{more}; {colour}")
    for sentence in found.odd:
        say(f"Problem: {sentence}")
    for fault in found.unreadable:
        say(f"  {fault}")
    if not found.odd:
        say("No problems found.")
