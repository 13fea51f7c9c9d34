import numpy as np
import pytest

from handgrad.datasets.image_files import ImageFile
from handgrad.datasets.layout import Plan
from handgrad.datasets.unreadable_images import all_bad, warn_of, without
from handgrad.errors import DatasetError, HandgradWarning


def plan(*classes, counts):
    files = tuple(ImageFile(f"{k}.png", 1, (1,)) for k in range(len(classes)))
    return Plan(files, np.array(classes), counts, ("cat", "dog"), {})


def bad(*rows):
    return {f"{k}.png": f"{k}.png is bad. Mend it." for k in rows}


def test_the_error_counts_many_bad_files():
    said = str(all_bad(bad(*range(60)), 100))
    assert said.startswith(
        "60 of 100 images cannot be read: 0.png is bad; 1.png is bad; "
    )
    assert "; and 10 more. Replace or remove them" in said
    assert said.endswith("(skip_bad, --skip-bad).")


def test_the_error_of_one_bad_file_is_its_own():
    said = str(all_bad(bad(3), 100))
    assert said == ("3.png is bad. Mend it, or skip it (skip_bad, --skip-bad).")


def test_skipped_files_are_removed_from_their_splits():
    rest = without(plan(0, 1, 1, 0, 1, 0, 1, counts=(4, 2, 1)), bad(1, 5, 6))
    assert rest.counts == (3, 1, 0)
    assert rest.targets.tolist() == [0, 1, 0, 1]
    assert [file.name for file in rest.files] == ["0.png", "2.png", "3.png", "4.png"]
    assert list(rest.skipped) == ["1.png", "5.png", "6.png"]


def test_a_class_without_readable_files_is_refused():
    with pytest.raises(DatasetError, match="No training image of dog can be read"):
        without(plan(0, 1, 1, 0, 1, counts=(4, 1, 0)), bad(1, 2))


def test_the_warning_names_all_skipped_files():
    with pytest.warns(HandgradWarning, match="3 of 9 images skipped: 0.png is"):
        warn_of(bad(0, 1, 2), 9)
    with pytest.warns(HandgradWarning, match="1 of 9 images skipped: 5.png is"):
        warn_of(bad(5), 9)
