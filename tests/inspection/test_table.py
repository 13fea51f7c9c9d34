from handgrad.inspection.table import Table, sizes

TABLE = Table(
    ("class", "images"),
    (("cat", "7"), ("<b>&", "1,000")),
    right=("images",),
    above=("All of them.",),
    below=("a\nb", "c"),
)


def test_columns_are_padded_and_numbers_right_aligned():
    assert str(TABLE) == (
        "All of them.\n\nclass  images\ncat         7\n<b>&    1,000\n\na\nb\n\nc"
    )


def test_html_escapes_the_text():
    html = TABLE.to_html()
    assert "&lt;b&gt;&amp;" in html
    assert "<b>" not in html
    assert html.count("<tr>") == 3
    assert '<td style="text-align: right">1,000</td>' in html
    assert '<p style="white-space: pre-wrap">a\nb</p>' in html


def test_a_table_may_consist_of_paragraphs():
    table = Table(above=("one",), below=("two",))
    assert str(table) == "one\n\ntwo"
    assert "<table>" not in table.to_html()
    assert str(Table(("a", "b"))) == "a  b"


def test_a_shape_is_written_as_a_product():
    assert sizes((3, 4)) == "3 x 4"
    assert sizes((7,)) == "7"
