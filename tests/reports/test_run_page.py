"""The page of one run: its numbers and pictures in one file; names are text."""

import numpy as np

from handgrad import Classifier
from handgrad.network import flatten, linear, max_pool2d
from handgrad.randomness import Key, normal
from handgrad.reports.run_page import run_page
from handgrad.training import RunFolder

IMAGES = (normal(Key(1), (30, 1, 4, 4)) * 60 + 128).clip(0, 255).astype(np.uint8)
LABELS = ["<script>alert('&{{ 1 }}')</script>" if k % 2 else "cat" for k in range(30)]


def test_the_page_holds_all_that_can_be_shown_and_names_are_text(tmp_path):
    layers, path = [max_pool2d(2), flatten(), linear()], tmp_path / "<b>"
    Classifier(layers, epochs=2, engine="plain", run=path, validation=0.3).fit(
        IMAGES, LABELS
    )
    page = run_page(path)
    assert f"{RunFolder.open(path).result['train_accuracy']:.2%}" in page
    assert page.count('src="data:image/png;base64,') == 3
    assert "does not take such images" in page  # the weights come after the pooling
    assert "batch_size = " in page
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert "&lt;script&gt;" in page
    assert 'src="http' not in page
