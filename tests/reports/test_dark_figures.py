import re
from xml.etree import ElementTree

import numpy as np
import pytest

from handgrad.inspection.figures import Curve, confusion_matrix, curves, style
from handgrad.reports.dark_figures import DARK, SERIES, SVG, with_dark_mode
from handgrad.reports.templates import environment


@pytest.fixture
def drawing(tmp_path):
    figure = curves(Curve([2.0, 1.0], [3.0, 2.0]), Curve([0.5, 0.6]), best_epoch=2)
    (path,) = style.save(figure, tmp_path / "curves", formats=("svg",))
    return path.read_bytes()


def test_a_drawing_keeps_all_that_it_had(drawing):
    sheet, *rest = ElementTree.fromstring(with_dark_mode(drawing))
    assert sheet.tag == f"{SVG}style"
    before = list(ElementTree.fromstring(drawing))
    assert list(map(ElementTree.tostring, rest)) == list(
        map(ElementTree.tostring, before)
    )


def test_every_colour_of_the_figures_has_its_dark_one():
    colours = {value for value in vars(style).values() if str(value).startswith("#")}
    assert len(colours) > 5
    assert colours <= set(DARK)


def test_figures_and_pages_have_the_same_dark_colours():
    sheet = environment().get_template("colours.css").render()
    dark = sheet.partition("@media")[2]
    assert DARK["#ffffff"] in dark
    assert DARK[style.INK] in dark


def test_every_colour_that_is_drawn_is_replaced(drawing):
    drawn = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", drawing.decode()))
    assert {style.INK, style.MUTED} <= drawn
    sheet = ElementTree.fromstring(with_dark_mode(drawing))[0].text
    for colour in drawn:
        assert f'[style*="fill: {colour}"]{{fill:{DARK[colour]}' in sheet


def test_the_variants_have_eight_colours_each():
    assert len(set(SERIES)) == len(set(SERIES.values())) == 8


def test_shades_pixels_and_damaged_files_do_not_follow(tmp_path):
    figure = confusion_matrix(np.array([[5, 1], [2, 4]]), ["a", "b"])
    (path,) = style.save(figure, tmp_path / "confusions", formats=("svg",))
    assert with_dark_mode(path.read_bytes()) is None
    svg = b'<svg xmlns="http://www.w3.org/2000/svg">%s</svg>'
    assert with_dark_mode(svg % b"<g><image/></g>") is None
    assert with_dark_mode(svg % b"<g>") is None
    assert with_dark_mode(b"<html></html>") is None
    assert with_dark_mode(b"\x89PNG") is None
    assert with_dark_mode(svg % b"<g/>") is not None
