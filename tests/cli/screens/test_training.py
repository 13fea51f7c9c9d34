import os
import signal
import threading

import pytest

from handgrad.cli.screens.training import stopping
from handgrad.training.run_folder import RunFolder


def test_the_first_signal_asks_and_the_second_stops_at_once():
    with stopping() as stop:
        assert stop.number is None
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.number == signal.SIGTERM
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


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


def test_pictures_that_cannot_be_written_do_not_hide_the_result(handgrad, monkeypatch):
    real = RunFolder.create

    def with_a_file_in_the_way(path, config):
        folder = real(path, config)
        folder.figures.write_text("in the way")
        return folder

    monkeypatch.setattr(RunFolder, "create", with_a_file_in_the_way)
    code, out, err = handgrad(
        "train softmax_regression --engine plain --epochs 1 -q --run here"
    )
    assert code == 0
    assert "test accuracy" in out
    assert "curves.png cannot be written" in err
