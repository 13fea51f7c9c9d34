import pytest

from handgrad.cli.backends import opened
from handgrad.studies.processes import LocalProcesses


def test_this_machine_is_the_default_and_does_one_trial_at_a_time():
    made = opened("local", None, jobs=None, workers=2, data_dir=None)
    assert isinstance(made, LocalProcesses)
    assert (made.slots(), made.share) == (1, 2)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--backend dusk", "Did you mean 'dask'?"),
        ("--backend dask", "Add it, for example --address tcp://host:8786."),
        ("--address tcp://host:8786", "add --backend dask."),
        ("--backend dask --address tcp://127.0.0.1:1", "No Dask scheduler answers"),
        ("--backend dask --address tcp://host:1 --jobs -2", "of at least 1, got -2."),
    ],
)
def test_mistakes_are_one_sentence(refused, words, sentence):
    assert sentence in refused(f"study run csci581-a {words}")
