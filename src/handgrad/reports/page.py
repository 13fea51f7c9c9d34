"""A page: one self-contained HTML file, without network requests."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from handgrad.reports.essence import VERDICTS
from handgrad.reports.markup import Inside, Markup, element
from handgrad.reports.row import chip, shown_size
from handgrad.reports.styles import style
from handgrad.reports.tables import table, td, th

# No external resources and no scripts, whatever a page contains.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title: str, *inside: Inside) -> str:
    """A complete HTML document."""
    sheets = "".join(map(style, ("colours", "chart", "page")))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", title),
        element("style", Markup(sheets)),
    )
    body = element("body", element("main", *inside, id="top"))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def overview(results: Mapping[str, Any], *, link: str | None) -> Markup:
    """The overview table: the question of every row and its results.

    `link` is the file whose rows are linked: "" for this page, None for no links.
    """
    heads = ["Row", "Question", "Published numbers", "Findings", "Trials"]
    rows = []
    for row in results["rows"]:
        name: Inside = row["row"]
        if link is not None:
            name = element("a", name, href=f"{link}#{name}")
        short = element("small", row["essence"]) if "essence" in row else None
        size = shown_size(row)
        holds = [finding["holds"] for finding in row["sizes"][size]["findings"]]
        rows.append(
            [
                th(name),
                td(element("span", row["question"], short), "Question"),
                td(verdict_chips([row]), "Published numbers"),
                td(finding_chips(holds, is_run=has_run(row, size)), "Findings"),
                td(trials_words(row), "Trials"),
            ]
        )
    return table(heads, rows, class_="overview")


def has_run(row: Mapping[str, Any], size: str) -> bool:
    """Whether any trial of that size has ended."""
    return bool(row["sizes"][size]["ended"])


def verdict_chips(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """The number of each verdict, as coloured chips."""
    counts = Counter(p["verdict"] for row in rows for p in row["published"])
    chips = [chip_counted(counts[name], name) for name in VERDICTS if counts[name]]
    return element("span", *chips, None if chips else "none", class_="chips")


def finding_chips(holds: Sequence[bool | None], *, is_run: bool) -> Markup:
    """The number of findings that hold, as coloured chips."""
    if not holds:
        return element("span", "none", class_="chips")
    if not is_run:
        return element("span", chip("not run"), class_="chips")
    words = {True: "holds", False: "does not hold", None: "not known"}
    counts = [(holds.count(value), word) for value, word in words.items()]
    chips = [chip_counted(count, word) for count, word in counts if count]
    return element("span", *chips, class_="chips")


def chip_counted(count: int, word: str) -> Markup:
    """A coloured chip with a count, such as "3 reproduced"; 1 is not written."""
    kind = word.replace(" ", "-")
    text = f"{count} {'hold' if word == 'holds' and count > 1 else word}"
    return chip(word) if count == 1 else element("span", text, class_=f"chip {kind}")


def trials_words(row: Mapping[str, Any]) -> str:
    """The number of ended trials and of all trials, by size."""
    return ", ".join(
        f"{name} {size['ended']}/{size['trials']}"
        for name, size in row["sizes"].items()
    )
