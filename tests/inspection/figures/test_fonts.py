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


def test_letters_that_matplotlib_has_stay():
    for text in ("cat", "çédille", "e\u0301", "Собака", "Ελληνικά", "a\nb"):
        assert drawable(text) == text
        assert families_of(text) == []


def test_a_letter_that_no_font_has_is_its_code_point_which_is_said_once():
    with pytest.warns(HandgradWarning, match="No font here has all letters of"):
        assert drawable(f"a{NOWHERE}b") == r"a\U0010fffdb"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert drawable(NOWHERE) == r"\U0010fffd"
        assert numbered([NOWHERE]) == ["class 0"]


def test_marks_without_a_picture_are_left_out_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert drawable("\ufe0fa").endswith("a")
        assert numbered(["a\ufe0f"]) == ["a\ufe0f"]


def test_classes_that_cannot_be_drawn_go_by_their_numbers():
    with pytest.warns(HandgradWarning, match="by their numbers"):
        assert numbered(["a", NOWHERE, "c"]) == ["a", "class 1", "c"]


def test_another_font_of_the_system_is_used_after_its_own():
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


def test_a_font_that_cannot_be_read_has_no_letters(tmp_path):
    (tmp_path / "a.ttf").write_bytes(b"no font")
    assert fonts._letters(str(tmp_path / "a.ttf")) == frozenset()


def test_long_names_are_cut_and_leave_room_for_the_figure():
    assert style.class_labels(["a" * 30, "b"]) == ["a" * 23 + "…", "b"]
