import pytest

from handgrad.datasets.formats.csv_table import Form
from handgrad.datasets.formats.listed_columns import Columns, columns_of


def found(header, first, label_from=None):
    names = tuple(header.split(",")) if header else ()
    form = Form("utf-8", ",", names, tuple(first.split(",")))
    return columns_of(form, lambda cell: cell.startswith("p"), label_from)


@pytest.mark.parametrize(
    ("header", "first", "expected"),
    [
        ("id,label", "p1,cat", Columns(0, 1)),
        ("label,id", "parrot,p1", Columns(1, 0)),
        ("who,image,dx", "p2,p1,cat", Columns(1, 2)),
        ("who,picture,dx", "p2,p1,cat", Columns(1, 2)),
        ("", "p1,cat", Columns(0, 1)),
        ("where,what", "p1,cat", Columns(0, 1)),
        ("path,label,split", "p1,cat,test", Columns(0, 1, 2)),
        ("image,mel,nv,bcc", "p1,0,1,0", Columns(0, None, None, (1, 2, 3))),
        ("image,mel,nv", "p1,0.0,1.0", Columns(0, None, None, (1, 2))),
        ("image,mel,nv,bcc", "p1,0,1,1", Columns(0, None, None, (1, 2, 3))),
        ("image,mel,nv", "p1,0,0", Columns(0, None, None, (1, 2))),
        ("image,mel,nv", "p1,0,2", None),
        ("id,width,height", "p1,3,4", None),
        ("id,label", "x1,cat", None),
        ("", "p1,a,b", None),
        ("id,label", "p1,cat,more", None),
    ],
)
def test_columns_are_detected_by_names_and_cells(header, first, expected):
    assert found(header, first) == expected


def test_a_column_of_labels_can_be_chosen():
    assert found("id,label,colour", "p1,1,red", "Colour") == Columns(0, 2)
    assert found("id,label", "p1,1", "colour") is None


@pytest.mark.parametrize("name", ["split", "subset", "fold", "partition", "data_split"])
def test_columns_of_splits_are_known_by_name(name):
    form = Form("utf-8", ",", ("file", "label", name), ("1.png", "cat", "train"))
    assert columns_of(form, {"1.png"}.__contains__).split == 2
