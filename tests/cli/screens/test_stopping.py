import os
import signal
import subprocess
import sys
import threading

import pytest

from handgrad.cli.screens.stopping import SIGNALS, Interrupted, stopping

pytestmark = pytest.mark.usefixtures("heard")


def test_the_first_signal_asks_and_the_second_stops_at_once():
    with stopping() as stop:
        assert stop.number is None
        stop.waits = lambda: True
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.number == signal.SIGTERM
        with pytest.raises(Interrupted) as error:
            signal.raise_signal(signal.SIGHUP)
        assert error.value.number == signal.SIGHUP


@pytest.mark.parametrize("name", SIGNALS)
def test_where_nothing_waits_the_first_stops_at_once(name):
    number = getattr(signal, name)
    with pytest.raises(Interrupted) as error, stopping():
        signal.raise_signal(number)
    assert error.value.number == number
    assert not isinstance(error.value, Exception), "nobody takes it for an error"


def test_the_handlers_of_before_are_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stopping():
        assert signal.getsignal(signal.SIGTERM) not in before
    after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert after == before


def test_what_was_ignored_before_stays_so_as_under_nohup():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert stop.number is None
            assert signal.getsignal(signal.SIGTERM) == stop.ask
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_the_main_thread_nothing_is_caught_and_nothing_breaks():
    seen = []

    def work():
        with stopping() as stop:
            seen.append(stop.number)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [None]


def test_a_signal_that_reaches_nobody_ends_the_program_all_the_same():
    """What is raised while an object is tidied up is only told, never caught."""
    script = """
import signal
import subprocess
import sys
from handgrad.cli.screens.stopping import stopping

class Last:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)

with stopping():
    Last()
    print("went on")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True)
    assert done.returncode == 128 + signal.SIGTERM
    assert (done.stdout, done.stderr) == (b"", b"Stopped.\n")


def test_other_things_that_reach_nobody_are_told_as_before():
    class Failing:
        def __del__(self):
            raise ValueError("of another kind")

    found, before = [], sys.unraisablehook
    sys.unraisablehook = lambda told: found.append(str(told.exc_value))
    try:
        with stopping():
            Failing()
        assert sys.unraisablehook.__name__ == "<lambda>"
    finally:
        sys.unraisablehook = before
    assert found == ["of another kind"]
