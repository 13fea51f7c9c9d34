from urllib.parse import unquote

from handgrad.reports.markup import Markup, data_link, element, joined, safe


def test_text_is_escaped_and_markup_is_not():
    inner = element("b", "a < b & c")
    assert inner == "<b>a &lt; b &amp; c</b>"
    assert element("p", inner, None, " <i>") == f"<p>{inner} &lt;i&gt;</p>"
    assert safe("<script>") == "&lt;script&gt;"
    assert joined(["<", Markup("<br>")], ", ") == "&lt;, <br>"


def test_what_no_page_can_hold_is_written_out():
    made = element("b", "\ud800\x1b", title="\udcff")
    assert made == '<b title="\\xff">\\ud800\\x1b</b>'
    assert made.encode()


def test_attributes_are_escaped_too():
    assert element("a", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;"></a>'
    assert element("p", class_="x", aria_label="y", hidden=True, id=None) == (
        '<p class="x" aria-label="y" hidden></p>'
    )
    assert element("meta", name="a", content="b") == '<meta name="a" content="b">'
    assert element("circle", cx=1 / 3) == '<circle cx="0.333333"></circle>'


def test_a_file_is_carried_in_an_address():
    link = data_link('a,"b"\n# 100 %', "text/csv")
    kind, _, content = link.partition(",")
    assert kind == "data:text/csv;charset=utf-8"
    assert unquote(content) == 'a,"b"\n# 100 %'
    assert not set('"#\n ') & set(link)
