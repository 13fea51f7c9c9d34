import numpy as np

from handgrad.inspection.label_errors import Suspect
from handgrad.inspection.labels import LabelReport


def report_of(count):
    rows = tuple(Suspect(k, 0, 1, -0.9, 0.95, True) for k in range(count))
    return LabelReport(
        rows=rows,
        duplicates=(),
        flat=(),
        images=np.zeros((max(count, 1), 1, 4, 4), dtype=np.uint8),
        targets=np.zeros(max(count, 1), dtype=np.int64),
        splits={"train": max(count, 1)},
        files=(),
        class_names=("cat", "<b>$dog$"),
    )


def test_label_and_suggestion_stand_below():
    axes = report_of(2).figure().axes[0]
    words = [text.get_text() for text in axes.texts]
    assert words.count("label cat") == 2
    assert r"<b>\$dog\$ 95%" in words


def test_many_are_cut_and_the_note_says_so():
    axes = report_of(30).figure().axes[0]
    assert len(axes.images) == 24
    words = " ".join(text.get_text() for text in axes.texts)
    assert "30 suspects among 30 images; the 24 least plausible" in words


def test_none_is_said():
    axes = report_of(0).figure().axes[0]
    assert "0 suspects among 1 images" in " ".join(t.get_text() for t in axes.texts)
