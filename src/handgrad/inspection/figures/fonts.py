"""Names in any script: fonts of this system that have their letters, or code points.

Matplotlib draws with one font, and puts a box where that has no letter. Here another
font of the system is looked for. Where there is none, a class goes by its number, and
any other letter is written as its code point, `\\u732b`, which is said once.
"""

import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from functools import cache

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from handgrad.errors import HandgradWarning

SELECTORS = range(0xFE00, 0xFE10)  # which of its pictures a letter is
NO_LETTERS = ("Last Resort", "Color")  # boxes; pictures that no outline draws
REGULAR = (400, "normal", "regular")
_said: set[bool] = set()


def drawable(text: str) -> str:
    """The text with each letter that no font has as its code point.

    Marks without a picture of their own are left out then. The first time that a letter
    is missing, a HandgradWarning says so.
    """
    lost = {letter for letter in text if _is_lost(letter)}
    if any(map(_has_picture, lost)):
        _say_once(text)
    return "".join(_points(letter) if letter in lost else letter for letter in text)


def numbered(names: Sequence[str]) -> list[str]:
    """The names of all classes; for one that no font can draw, `class 3`."""
    found = []
    for number, name in enumerate(names):
        can_draw = not any(_is_lost(x) and _has_picture(x) for x in name)
        found.append(name if can_draw else f"class {number}")
        if not can_draw:
            _say_once(name)
    return found


def use_fonts(figure: Figure) -> None:
    """Give each text of a figure the fonts that its letters need, after its own."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        more = families_of(text.get_text())
        own = text.get_fontfamily()
        if new := [name for name in more if name not in own]:
            text.set_fontfamily([*own, *new])


def families_of(text: str) -> list[str]:
    """The fonts besides matplotlib's own that the letters of a text need."""
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
        warnings.warn(
            f"No font here has all letters of {name}: figures call such classes by "
            "their numbers, and write other letters as code points. Install a font "
            "that has them, such as one of Noto Sans.",
            HandgradWarning,
            stacklevel=3,
        )


@cache
def _family_with(code: int) -> str | None:
    """The first font with a letter; "" if matplotlib's own has it, None if none has."""
    if any(code in _letters(path) for path in _own_fonts()):
        return ""
    return next((name for name, path in _others() if code in _letters(path)), None)


def _own_fonts() -> Iterator[str]:
    for family in mpl.rcParams["font.family"]:
        yield str(font_manager.findfont(FontProperties(family=[family])))


@cache
def _others() -> tuple[tuple[str, str], ...]:
    """The other upright families of usual weight with a file of each; Noto Sans first.

    A font is read only when a letter is looked for.
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
    """The code points that a font has; none of one that cannot be read or scaled."""
    try:
        font = FT2Font(path)
        return frozenset(font.get_charmap()) if font.scalable else frozenset()
    except (OSError, RuntimeError):
        return frozenset()
