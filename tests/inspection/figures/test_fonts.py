import warnings

import numpy as np
import pytest
from matplotlib.text import Text

from handgrad.errors import HandgradWarning
from handgrad.inspection.figures import fonts, style
from handgrad.inspection.figures.confusion_matrix import confusion_matrix
from handgrad.inspection.figures.fonts import drawable, families_of, numbered

NAMES = ("cat", "çédille", "e\u0301", "Собака", "猫", "كلب", "कुत्ता", "😺", "שלום")
STIX = "\ue000"  # for private use, in STIXNonUnicode alone of matplotlib's own fonts
NOWHERE = "\U0010fffd"  # for private use: no font of letters has it


@pytest.fixture(autouse=True)
def _say_again(monkeypatch):
    monkeypatch.setattr(fonts, "_said", set())


def test_characters_of_matplotlibs_fonts_are_unchanged():
    for text in ("cat", "çédille", "e\u0301", "Собака", "Ελληνικά", "a\nb"):
        assert drawable(text) == text
        assert families_of(text) == []


def test_a_missing_character_becomes_a_code_point_with_one_warning():
    with pytest.warns(HandgradWarning, match="No installed font has all characters of"):
        assert drawable(f"a{NOWHERE}b") == r"a\U0010fffdb"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert drawable(NOWHERE) == r"\U0010fffd"
        assert numbered([NOWHERE]) == ["class 0"]


def test_marks_without_a_glyph_are_omitted_without_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert drawable("\ufe0fa").endswith("a")
        assert numbered(["a\ufe0f"]) == ["a\ufe0f"]


def test_classes_that_cannot_be_drawn_are_labelled_by_number():
    with pytest.warns(HandgradWarning, match="classes by number"):
        assert numbered(["a", NOWHERE, "c"]) == ["a", "class 1", "c"]


def test_another_installed_font_is_a_fallback():
    assert families_of(STIX) == ["STIXNonUnicode"]
    assert drawable(STIX) == STIX
    figure = style.new_figure(2, 2)
    style.title(figure.add_subplot(), STIX)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no glyph is missing
        style.png(figure)
    (text,) = [t for t in figure.findobj(Text) if t.get_text() == STIX]
    assert text.get_fontfamily()[-1] == "STIXNonUnicode"


@pytest.mark.filterwarnings("ignore::handgrad.errors.HandgradWarning")
def test_names_in_any_script_are_drawn_without_a_warning_of_matplotlib(caplog):
    counts = np.arange(len(NAMES) ** 2).reshape(len(NAMES), -1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", HandgradWarning)
        style.png(confusion_matrix(counts, NAMES))
    assert not caplog.records


def test_an_unreadable_font_has_no_characters(tmp_path):
    (tmp_path / "a.ttf").write_bytes(b"no font")
    assert fonts._letters(str(tmp_path / "a.ttf")) == frozenset()


def test_long_names_are_truncated():
    assert style.class_labels(["a" * 30, "b"]) == ["a" * 23 + "…", "b"]
