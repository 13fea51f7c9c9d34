from urllib.parse import unquote
from xml.etree import ElementTree

from handgrad.reports.drawing import new_drawing
from handgrad.reports.figures import Figures

from .pages import Page, part


def added():
    figures = Figures()
    drawing = new_drawing("Loss. It falls.", 2.0, 0.5, 0.5)
    return figures, figures.add("a2-loss", drawing, "x,y\n1,2\n", "<It>")


def test_the_page_hands_out_the_numbers_itself():
    figures, shown = added()
    (link,) = part("csv", shown).all("a")
    assert link["download"] == "a2-loss.csv"
    assert unquote(link["href"].partition(",")[2]) == figures.files["a2-loss.csv"]


def test_the_figure_is_on_the_page_and_in_a_file_of_its_own():
    figures, shown = added()
    (inside,) = Page(shown["drawing"]).all("svg")
    assert inside["aria-label"] == "Loss. It falls."
    root = ElementTree.fromstring(figures.files["a2-loss.svg"])
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in figures.files["a2-loss.svg"]
