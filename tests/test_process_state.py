"""After every public call, right or wrong, the process is as it was before."""

import json
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import handgrad as hg
from handgrad.engine.blas_threads import blas_libraries, single_thread
from process_state import differences, process_state
from public_calls import ROWS, WITHOUT_CALLS, all_calls

MODULES = ("initializers", "schedules")  # these have no `__all__`
HELPERS = {"weight", "check_room", "empty"}  # of initializers, for layers
RUNNER = Path(__file__).with_name("run_public_calls.py")


def public_names():
    for name in hg.__all__:
        part = getattr(hg, name)
        if name in MODULES:
            own = [n for n, v in vars(part).items() if is_public(n, v, part.__name__)]
            yield from (f"{name}.{each}" for each in own)
        elif hasattr(part, "__all__"):
            yield from (f"{name}.{each}" for each in part.__all__)
        else:
            yield name


def is_public(name, value, module):
    is_own = callable(value) and getattr(value, "__module__", "") == module
    return is_own and name[0].islower() and name not in HELPERS


def test_every_public_name_has_a_row():
    assert set(ROWS) | WITHOUT_CALLS == set(public_names())
    assert not set(ROWS) & WITHOUT_CALLS


@pytest.mark.slow
@pytest.mark.figures
def test_every_call_leaves_the_process_as_it_was():
    command = [sys.executable, "-W", "error", str(RUNNER)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    *problems, count = done.stdout.splitlines() or [done.stderr]
    assert [json.loads(line) for line in problems] == [], done.stderr
    assert count == str(len(list(all_calls()))), done.stderr


LEAKS = {
    "threads of libraries": single_thread.__enter__,
    "NumPy's errors": lambda: np.seterr(over="ignore"),
    "NumPy's random numbers": lambda: np.random.random(),  # noqa: NPY002 (the old one)
    "Python's random numbers": random.random,
    "matplotlib's settings": lambda: mpl.rcParams.update({"svg.hashsalt": "x"}),
    "warnings": lambda: warnings.simplefilter("ignore"),
    "signals": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_change_of_the_process_is_noticed(name):
    blas_libraries()
    handler = signal.getsignal(signal.SIGTERM)
    limits = threadpool_limits(2, user_api="blas")
    with limits, np.errstate(), mpl.rc_context(), warnings.catch_warnings():
        before = process_state()
        LEAKS[name]()
        found = differences(before, process_state())
        if name == "threads of libraries":
            single_thread.__exit__()
    signal.signal(signal.SIGTERM, handler)
    assert name in found


FIRST_CALLS = {
    "score": "clf.score(X, y)",
    "evaluate": "clf.evaluate(X, y)",
    "digits": "hg.datasets.load('digits')",
    "confusion": "hg.inspection.confusion(clf, X, y)",
}
AT_NIGHT = [
    pytest.param(name, marks=pytest.mark.nightly) for name in list(FIRST_CALLS)[1:]
]


@pytest.mark.parametrize("name", ["score", *AT_NIGHT])
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
