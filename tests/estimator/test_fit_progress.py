from handgrad.estimator.fit_progress import follow
from handgrad.estimator.history import History

from .test_history import record


def test_each_epoch_is_kept_and_told_in_a_line(capsys):
    history = History()
    for verbose in (False, True):
        follow(history, 3, verbose)(record(2))
    assert history == [record(2), record(2)]
    (line,) = capsys.readouterr().out.splitlines()
    assert line == (
        "epoch 2 of 3: loss 0.5000, accuracy 70.00%, validation loss 0.2500, "
        "accuracy 80.00% (5 examples/s)"
    )


def test_without_validation_or_an_end_there_is_less_to_say(capsys):
    follow(History(), None, 1)(record(1, validation=False))
    assert capsys.readouterr().out.startswith("epoch 1: loss 1.0000, accuracy 70.00% (")
