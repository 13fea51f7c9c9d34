from handgrad.datasets.formats.content import Arrays, LabelledFile
from handgrad.datasets.image_files import ImageFile


def test_notes_and_names_are_empty_by_default():
    assert Arrays(()).notes == ()
    assert Arrays(()).names == {}
    assert LabelledFile(ImageFile("a.png", 1, (2,)), "cat").split == ""
