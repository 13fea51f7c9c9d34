import random
import subprocess
import sys

import pytest

from handgrad.imports import random_state_kept


def test_the_state_goes_on_as_before():
    before = random.getstate()
    with random_state_kept():
        random.random()
    assert random.getstate() == before
    with pytest.raises(ImportError), random_state_kept():
        fail_to_import()
    assert random.getstate() == before


def fail_to_import():
    random.random()
    raise ImportError


FIRST_CALLS = {
    "score": "clf.score(X, y)",
    "evaluate": "clf.evaluate(X, y)",
    "digits": "hg.datasets.load('digits')",
    "confusion": "hg.inspection.confusion(clf, X, y)",
}


@pytest.mark.parametrize("name", FIRST_CALLS)
def test_a_first_call_in_a_new_process_draws_nothing(name):
    """Importing scikit-learn's metrics draws from Python's random numbers."""
    code = (
        "import random\n"
        "import numpy as np\n"
        "import handgrad as hg\n"
        "clf = hg.Classifier('softmax_regression', epochs=1, engine='plain')\n"
        "X, y = np.eye(8, dtype=np.uint8), np.arange(8) % 2\n"
        "before = random.getstate()\n"
        "clf.fit(X, y)\n"
        f"{FIRST_CALLS[name]}\n"
        "print(random.getstate() == before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
