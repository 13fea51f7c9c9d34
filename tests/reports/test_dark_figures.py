import re
from xml.etree import ElementTree

import numpy as np
import pytest

from handgrad.inspection.figures import Curve, confusion_matrix, curves, style
from handgrad.reports.dark_figures import DARK, supports_dark_mode, with_dark_mode


@pytest.fixture
def drawing(tmp_path):
    figure = curves(Curve([2.0, 1.0], [3.0, 2.0]), Curve([0.5, 0.6]), best_epoch=2)
    (path,) = style.save(figure, tmp_path / "curves", formats=("svg",))
    return path.read_bytes()


def test_a_drawing_keeps_all_that_it_had(drawing):
    sheet = re.compile(rb"<style>@media.*?</style>")
    assert len(sheet.findall(with_dark_mode(drawing))) == 1
    assert sheet.sub(b"", with_dark_mode(drawing)) == drawing


def test_it_is_still_sound_xml(drawing):
    ElementTree.fromstring(with_dark_mode(drawing))


def test_every_colour_of_the_figures_has_its_dark_one():
    colours = {value for value in vars(style).values() if str(value).startswith("#")}
    assert len(colours) > 5
    assert colours <= set(DARK)


def test_every_colour_that_is_drawn_is_replaced(drawing):
    drawn = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", drawing.decode()))
    assert {style.INK, style.MUTED} <= drawn
    assert drawn <= set(DARK)
    sheet = with_dark_mode(drawing).decode()
    for colour in drawn:
        assert f'[style*="fill: {colour}"]' in sheet


def test_shades_and_pixels_do_not_follow(drawing, tmp_path):
    assert supports_dark_mode(drawing)
    figure = confusion_matrix(np.array([[5, 1], [2, 4]]), ["a", "b"])
    (path,) = style.save(figure, tmp_path / "confusions", formats=("svg",))
    assert not supports_dark_mode(path.read_bytes())
    assert not supports_dark_mode(b"\x89PNG")
