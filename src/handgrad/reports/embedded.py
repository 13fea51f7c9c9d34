"""Figures drawn by trials, embedded in the page.

trials/KEY/figures/NAME.svg or NAME.png    the figure
trials/KEY/figures/NAME.csv                its data
"""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from handgrad.reports.dark_figures import with_dark_mode
from handgrad.reports.figures import CSV
from handgrad.reports.row_views import View
from handgrad.reports.templates import data_link, link_to
from handgrad.reports.text_formatting import capital, variant_words
from handgrad.text import decoded

KINDS = {".svg": "image/svg+xml", ".png": "image/png"}
LARGEST = 300_000  # maximum bytes of an embedded image; a larger one is linked
PORTION = 1_000_000  # maximum bytes of embedded images per row


def trial_figures(view: View, seen: set[Path]) -> list[dict[str, Any]]:
    """The figures of each variant, from its first seed that has any.

    Folders in `seen` are on the page already and skipped; new ones are added to it.
    """
    room, drawn = PORTION, []
    for variant, folder in _folders(view):
        for path in pictures(folder) if folder not in seen else []:
            size = path.stat().st_size
            is_carried = size <= min(room, LARGEST)
            room -= size if is_carried else 0
            drawn.append(_figure(path, variant, view, is_carried=is_carried))
        seen.add(folder)
    return drawn


def pictures(folder: Path) -> list[Path]:
    """One file per figure of a folder: the SVG, unless only the PNG is small enough."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*")):
        if path.suffix not in KINDS or path.name.startswith(".") or not path.is_file():
            continue
        other = found.get(path.stem)
        if other is None or _weight(path) < _weight(other):
            found[path.stem] = path
    return list(found.values())


def _weight(path: Path) -> tuple[bool, bool]:
    return path.stat().st_size > LARGEST, path.suffix != ".svg"


def _folders(view: View) -> Iterator[tuple[str, Path]]:
    seen = set()
    for cell in view.ended:
        folder = view.ledger.trial_folder(cell.trial.key) / "figures"
        if cell.variant not in seen and folder.is_dir():
            seen.add(cell.variant)
            yield cell.variant, folder


def _figure(
    path: Path, variant: str, view: View, *, is_carried: bool
) -> dict[str, Any]:
    name = capital(path.stem.replace("_", " ").replace("-", " "))
    of = variant_words(variant)
    source, on_paper = _carried(path) if is_carried else ("", False)
    return {
        "name": decoded(path.name),
        "stem": decoded(path.stem),
        "words": f"{name}, {of}" if of else name,
        "source": source,
        "on_paper": on_paper,
        "link": link_to(path.relative_to(view.ledger.folder)),
        "data": _data(path.with_suffix(".csv")),
    }


def _carried(path: Path) -> tuple[str, bool]:
    """The image as a data URL, and whether it needs white paper in dark mode."""
    content = path.read_bytes()
    both = with_dark_mode(content) if path.suffix == ".svg" else None
    shown = b64encode(both or content).decode()
    return f"data:{KINDS[path.suffix]};base64,{shown}", both is None


def _data(path: Path) -> str:
    """The numbers of a figure as a data URL, if they are there."""
    if not path.is_file():
        return ""
    return data_link(path.read_text(encoding="utf-8", errors="replace"), CSV)
