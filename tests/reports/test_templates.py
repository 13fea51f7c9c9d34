import re
from urllib.parse import unquote

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from handgrad.reports.templates import data_link, environment, link_to, render

from .pages import Page

SHEETS = ["colours.css", "chart.css", "page.css"]


def css(name):
    return environment().get_template(name).render()


def filled(template, **values):
    return environment().from_string(template).render(values)


def test_text_is_escaped_and_markup_is_not():
    assert filled("<b>{{ x }}</b>", x="a < b & {{ y }}") == (
        "<b>a &lt; b &amp; {{ y }}</b>"
    )
    assert filled("{{ x }}", x=Markup("<br>")) == "<br>"
    assert filled('<a href="{{ x }}">', x='"><script>') == (
        '<a href="&#34;&gt;&lt;script&gt;">'
    )


def test_what_no_page_can_hold_is_written_out():
    made = filled(
        '<b title="{{ x }}">{{ y }}{{ z }}</b>', x="\udcff", y="\ud800\x1b", z=None
    )
    assert made == '<b title="\\xff">\\ud800\\x1b</b>'
    assert made.encode()


def test_a_value_that_is_missing_is_an_error():
    with pytest.raises(UndefinedError, match="title"):
        render("index.html")


def test_a_page_asks_nothing_of_the_network():
    found = Page(render("index.html", title="A <title>", verdicts=[], studies=[]))
    policy = next(a for a in found.all("meta") if "http-equiv" in a)
    assert policy["content"].startswith("default-src 'none'")
    assert found.links == []
    assert found.all("script") == found.all("link") == []
    assert found.text == "A <title> A <title> none"
    assert found.all("html") == [{"lang": "en"}]


def test_a_file_is_carried_in_an_address():
    link = data_link('a,"b"\n# 100 %', "text/csv")
    kind, _, content = link.partition(",")
    assert kind == "data:text/csv;charset=utf-8"
    assert unquote(content) == 'a,"b"\n# 100 %'
    assert not set('"#\n ') & set(link)


def test_a_file_is_linked_whatever_its_name():
    assert link_to("a/b.html") == "a/b.html"
    assert link_to("javascript:x/b.html") == "javascript%3Ax/b.html"
    assert link_to("100 %#?\udcff") == "100%20%25%23%3F%FF"


def test_every_colour_is_there_in_light_and_in_dark():
    light, _, dark = css("colours.css").partition("@media")
    names = re.compile(r"(--[\w-]+):")
    assert names.findall(light)
    assert set(names.findall(light)) == set(names.findall(dark))


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_asks_nothing_of_the_network(name):
    assert not re.search(r"url\(|@import|//", css(name))
    assert css(name).count("{") == css(name).count("}")


def test_every_colour_that_is_used_is_there():
    sheets = "".join(map(css, SHEETS))
    known = set(re.findall(r"(--[\w-]+):", sheets))
    assert set(re.findall(r"var\((--[\w-]+)\)", sheets)) <= known
