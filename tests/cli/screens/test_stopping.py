import os
import signal
import threading

import pytest

from handgrad.cli.screens.stopping import SIGNALS, Interrupted, stopping


def test_the_first_signal_asks_and_the_second_stops_at_once():
    with stopping() as stop:
        assert stop.number is None
        stop.waits = True
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


def test_outside_the_main_thread_nothing_is_caught_and_nothing_breaks():
    seen = []

    def work():
        with stopping() as stop:
            seen.append(stop.number)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [None]
