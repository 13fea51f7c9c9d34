import json

import numpy as np


def test_confusions_are_those_of_the_matrix(handgrad, trained, tmp_path):
    found = json.loads(handgrad(f"inspect confusion {trained} --json").out)
    counts = np.array(found["confusion"])
    assert counts.sum() == 360
    np.fill_diagonal(counts, 0)
    assert found["most_confused"][0]["count"] == counts.max()
    out = handgrad(f"inspect confusion {trained} --pairs 2 --figure c.svg").out
    assert f"{counts.sum()} of 360 test images are misclassified." in out
    assert len(out.split("\n\n")[0].splitlines()) == 3
    assert "<svg" in (tmp_path / "c.svg").read_text()


def test_the_surest_mistakes_come_first(handgrad, trained, tmp_path):
    words = f"inspect mistakes {trained} --split validation"
    found = json.loads(handgrad(f"{words} --json").out)
    sure = [one["probability"] for one in found["mistakes"]]
    assert sure == sorted(sure, reverse=True)
    assert all(one["true"] != one["predicted"] for one in found["mistakes"])
    out = handgrad(f"{words} --count 1 --figure m.png").out
    assert "validation images are misclassified." in out
    assert len(out.split("\n\n")[0].splitlines()) == 1 + min(1, len(sure))
    assert (tmp_path / "m.png").exists()


def test_what_cannot_be_is_refused(refused, trained):
    assert "--pairs" in refused(f"inspect confusion {trained} --pairs 0")
    assert "--count" in refused(f"inspect mistakes {trained} --count 0")
    assert "Did you mean 'test'" in refused(f"inspect mistakes {trained} --split tset")
