from urllib.parse import unquote
from xml.etree import ElementTree

from handgrad.reports.axes import figure
from handgrad.reports.figures import Figures

from .pages import Page


def added(variants=("a", "b")):
    figures = Figures()
    drawing = figure("Loss", "It falls.")
    text = figures.add(
        "a2-loss", drawing, "x,y\n1,2\n", variants=variants, caption="<It>", height=262
    )
    return figures, text


def test_the_page_hands_out_the_numbers_itself():
    figures, text = added()
    (link,) = Page(text).all("a")
    assert link["download"] == "a2-loss.csv"
    assert unquote(link["href"].partition(",")[2]) == figures.files["a2-loss.csv"]
    assert "&lt;It&gt;" in text


def test_a_file_of_its_own_has_colours_and_a_legend():
    figures, _ = added()
    drawing = figures.files["a2-loss.svg"]
    root = ElementTree.fromstring(drawing)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in drawing
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert words == ["Loss", "a", "b"]


def test_one_variant_needs_no_legend():
    figures, _ = added(variants=("main",))
    assert "main" not in figures.files["a2-loss.svg"]
