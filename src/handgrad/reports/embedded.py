"""Figures drawn by trials, embedded in the page.

trials/KEY/figures/NAME.svg or NAME.png    the figure
trials/KEY/figures/NAME.csv                its data
"""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from handgrad.reports.dark_figures import supports_dark_mode, with_dark_mode
from handgrad.reports.figures import data_button
from handgrad.reports.markup import Markup, element
from handgrad.reports.views import View
from handgrad.reports.words import capital, variant_words

KINDS = {".svg": "image/svg+xml", ".png": "image/png"}
LARGEST = 300_000  # maximum bytes of an embedded image; a larger one is linked
PORTION = 1_000_000  # maximum bytes of embedded images per row


def trial_figures(view: View, seen: set[Path]) -> Markup | None:
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
    return element("div", *drawn, class_="figures pictures") if drawn else None


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


def _figure(path: Path, variant: str, view: View, *, is_carried: bool) -> Markup:
    name = capital(path.stem.replace("_", " ").replace("-", " "))
    of = variant_words(variant)
    words = f"{name}, {of}" if of else name
    if is_carried:
        shown = _carried(path, words)
    else:
        link = path.relative_to(view.ledger.folder).as_posix()
        shown = element(
            "p", element("a", f"{path.name} (too large to embed)", href=link)
        )
    return element("figure", shown, element("figcaption", words, ". ", _data(path)))


def _carried(path: Path, words: str) -> Markup:
    content = path.read_bytes()
    is_drawing = supports_dark_mode(content)
    shown = b64encode(with_dark_mode(content) if is_drawing else content).decode()
    image = element("img", src=f"data:{KINDS[path.suffix]};base64,{shown}", alt=words)
    ground = "scroll" if is_drawing else "scroll paper"
    return element("div", image, class_=ground, tabindex=0, role="group")


def _data(picture: Path) -> Markup | None:
    path = picture.with_suffix(".csv")
    if not path.is_file():
        return None
    return data_button(path.stem, path.read_text(encoding="utf-8", errors="replace"))
