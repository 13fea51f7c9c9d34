import gzip
from pathlib import Path

import pytest

from handgrad.datasets.formats.csv_table import (
    Form,
    form_of,
    is_number,
    is_table,
    rows_of,
    warn_of_encoding,
)
from handgrad.errors import DatasetError

TEXT = "id,label\n1,chat noir\n\n2,é\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TEXT.encode()),
        ("a.CSV", TEXT.encode("utf-8-sig")),
        ("a.csv", TEXT.encode("latin-1")),
        ("a.csv", TEXT.encode("utf-16")),
        ("a.csv", TEXT.replace(",", ";").encode()),
        ("a.tsv", TEXT.replace(",", "\t").encode()),
        ("a.csv", TEXT.replace("\n", "\r\n").encode()),
        (
            "a.csv",
            TEXT.replace("é", '"é"').replace(",", " , ").encode().replace(b' "', b'"'),
        ),
        ("a.csv.gz", gzip.compress(TEXT.encode(), mtime=0)),
    ],
)
def test_tables_in_every_encoding_and_delimiter(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert is_table(path)
    form = form_of(path)
    assert form.header == ("id", "label")
    assert list(rows_of(path, form)) == [["1", "chat noir"], ["2", "é"]]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("1.png,cat\n2.png,dog\n", ()),
        ("5,0,0\n", ()),
        ("0,1,label\n5,5,5\n", ("0", "1", "label")),
        ("Name, Class\n", ("name", "class")),
    ],
)
def test_a_header_holds_names(tmp_path, text, header):
    (tmp_path / "a.csv").write_text(text)
    assert form_of(tmp_path / "a.csv").header == header


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\0\1\2,3", b"one column\nonly"])
def test_files_that_are_not_tables(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert not is_table(tmp_path / "a.csv")
    (tmp_path / "a.py").write_text(TEXT)
    assert not is_table(tmp_path / "a.py")


def test_a_row_of_another_length_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\nx,y\nz\n")
    with pytest.raises(DatasetError, match="row 2 has 1 columns, expected 2"):
        list(rows_of(path, form_of(path)))


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "a.csv.gz"
    rows = "\n".join(f"{n},{n * n}" for n in range(9999))
    path.write_bytes(gzip.compress(rows.encode())[:-2000])
    with pytest.raises(DatasetError, match="cannot be read as CSV"):
        list(rows_of(path, form_of(path)))


def test_numbers():
    assert is_number("-1.5e3")
    assert not is_number("1a")


@pytest.mark.parametrize(
    ("encoding", "label", "is_said"),
    [
        ("latin-1", "caf\xe9", True),
        ("latin-1", "cat", False),
        ("utf-8-sig", "caf\xe9", False),
        ("utf-8-sig", "caf\ufffd", True),
        ("utf-16", "caf\xe9", False),
    ],
)
def test_a_label_of_an_unknown_encoding_gives_a_warning(
    encoding, label, is_said, recwarn
):
    form = Form(encoding, ",", (), ("a", "b"))
    warn_of_encoding(Path("a.csv"), form, ["ant", label])
    said = [str(one.message) for one in recwarn.list]
    assert len(said) == is_said
    assert all(label in one for one in said)
