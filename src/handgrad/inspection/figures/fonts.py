"""Text in any script: fall back to other fonts of this system, or to code points.

Matplotlib draws a box for a character that its font lacks. This module finds another
installed font with the character. If there is none, a class is labelled by its number,
any other character is written as its code point, `\\u732b`, and a warning is issued
once.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from handgrad.errors import warn

SELECTORS = range(0xFE00, 0xFE10)  # variation selectors
NO_LETTERS = ("Last Resort", "Color")  # fonts of boxes; bitmap fonts
REGULAR = (400, "normal", "regular")
_said: set[bool] = set()


def drawable(text: str) -> str:
    """The text, with characters that no font has replaced by their code points.

    Such characters without a glyph of their own are omitted. The first missing
    character issues a HandgradWarning.
    """
    lost = {letter for letter in text if _is_lost(letter)}
    if any(map(_has_picture, lost)):
        _say_once(text)
    return "".join(_points(letter) if letter in lost else letter for letter in text)


def numbered(names: Sequence[str]) -> list[str]:
    """The names of all classes; names that no font can draw become `class 3`."""
    found = []
    for number, name in enumerate(names):
        can_draw = not any(_is_lost(x) and _has_picture(x) for x in name)
        found.append(name if can_draw else f"class {number}")
        if not can_draw:
            _say_once(name)
    return found


def use_fonts(figure: Figure) -> None:
    """Add to each text of a figure the fallback fonts that its characters need."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        more = families_of(text.get_text())
        own = text.get_fontfamily()
        if new := [name for name in more if name not in own]:
            text.set_fontfamily([*own, *new])


def families_of(text: str) -> list[str]:
    """The fonts, other than matplotlib's default, that a text needs."""
    found = (_family_with(ord(letter)) for letter in text if not letter.isascii())
    return list(dict.fromkeys(family for family in found if family))


def _is_lost(letter: str) -> bool:
    is_shown = not letter.isascii() and unicodedata.category(letter) != "Cc"
    return is_shown and _family_with(ord(letter)) is None


def _has_picture(letter: str) -> bool:
    return unicodedata.category(letter) != "Cf" and ord(letter) not in SELECTORS


def _points(letter: str) -> str:
    if not _has_picture(letter):
        return ""
    return letter.encode("unicode_escape").decode("ascii")


def _say_once(name: str) -> None:
    if not _said:
        _said.add(True)
        warn(
            f"No installed font has all characters of {name}: figures label such "
            "classes by number and write other characters as code points. Install a "
            "font that has them, such as Noto Sans."
        )


@cache
def _family_with(code: int) -> str | None:
    """The first font with a character; "" if matplotlib's default has it, or None."""
    if any(code in _letters(path) for path in _own_fonts()):
        return ""
    return next((name for name, path in _others() if code in _letters(path)), None)


def _own_fonts() -> Iterator[str]:
    for family in mpl.rcParams["font.family"]:
        yield str(font_manager.findfont(FontProperties(family=[family])))


@cache
def _others() -> tuple[tuple[str, str], ...]:
    """Other upright font families of regular weight, with a file each; Noto Sans first.

    A font file is read only when a character is searched for.
    """
    files = {
        entry.name: entry.fname
        for entry in font_manager.fontManager.ttflist
        if entry.style == "normal" and entry.weight in REGULAR
    }
    names = [name for name in files if not any(word in name for word in NO_LETTERS)]
    order = sorted(names, key=lambda name: ("Noto Sans" not in name, name))
    return tuple((name, files[name]) for name in order)


@cache
def _letters(path: str) -> frozenset[int]:
    """The code points of a font; none if the font cannot be read or scaled."""
    try:
        font = FT2Font(path)
        return frozenset(font.get_charmap()) if font.scalable else frozenset()
    except (OSError, RuntimeError):
        return frozenset()
