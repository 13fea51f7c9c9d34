from handgrad.datasets.formats.content import Arrays, LabelledFile
from handgrad.datasets.picture_files import PictureFile


def test_nothing_is_noted_or_named_unless_it_is_said():
    assert Arrays(()).notes == ()
    assert Arrays(()).names == {}
    assert LabelledFile(PictureFile("a.png", 1, (2,)), "cat").split == ""
