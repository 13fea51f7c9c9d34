"""The page of suspects: every finding with its image; names are text."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from handgrad.inspection.label_errors import Suspect
from handgrad.inspection.labels import LabelReport
from handgrad.inspection.near_duplicates import Duplicate
from handgrad.reports import suspects_page as module
from handgrad.reports.suspects_page import png_link, suspects_page

HOSTILE = "<script>alert('&\"{{ 1 }}')</script>"


@pytest.fixture
def report():
    images = np.arange(5 * 12, dtype=np.uint8).reshape(5, 1, 3, 4)
    return LabelReport(
        rows=(Suspect(0, 0, 1, -0.9, 0.95, True), Suspect(3, 1, 0, -0.1, 0.5, False)),
        duplicates=(Duplicate(1, 4, 1.0, True), Duplicate(1, 2, 0.995, False)),
        flat=(2,),
        images=images,
        targets=np.array([0, 1, 0, 1, 0]),
        splits={"train": 4, "test": 1},
        files=tuple(f"{HOSTILE}/{k}.png" for k in range(5)),
        class_names=("cat", HOSTILE),
    )


def test_every_finding_is_on_the_page(report):
    page = suspects_page(report)
    assert page.count("<img ") == 2 + 4 + 1
    assert "2 suspects, 2 near-duplicates and 1 uniform image among 5 images" in page
    assert page.count("across splits") == 1
    assert "identical" in page
    assert "95%" in page


def test_images_that_were_not_judged_are_counted(report):
    assert "not judged" not in suspects_page(report)
    page = suspects_page(replace(report, not_judged=(1, 2)))
    assert "among 5 images. 2 images not judged: no network was trained" in page


def test_names_are_text(report):
    page = suspects_page(report)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 5
    assert "http" not in page.replace("http-equiv", "")


def test_many_are_cut_and_the_page_says_so(report, monkeypatch):
    monkeypatch.setattr(module, "MOST", 1)
    page = suspects_page(report)
    assert page.count("<img ") == 1 + 2 + 1
    assert page.count("The first 1 of 2; the CSV file has all.") == 2


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_are_shown_as_they_are(channels, dtype):
    image = np.arange(channels * 12).reshape(channels, 3, 4).astype(dtype)
    start, content = png_link(image).split(",")
    assert start == "data:image/png;base64"
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    if dtype == np.uint8 and channels != 2:
        wanted = image[0] if channels == 1 else image.transpose(1, 2, 0)
        np.testing.assert_array_equal(shown, wanted)
    else:
        assert shown.shape[:2] == (3, 4)
        assert shown.max() > shown.min()
