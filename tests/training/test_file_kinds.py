import pytest

from handgrad.errors import ConfigError
from handgrad.studies.experiment import read_experiment
from handgrad.sweeps.sweep import read_sweep
from handgrad.training.config import read_config
from handgrad.training.file_kinds import check_command

RUN = "[dataset]\nname = 'digits'\n"
ASKED = f"question = 'Why?'\n{RUN}"
SWEEP = "[sweep]\ntrials = 2\n[sweep.parameters]\n'optimizer.learning_rate' = [0.1]\n"
VARIED = "[sweep]\n'optimizer.learning_rate' = [0.1]\n"


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (read_config, RUN + SWEEP, "a sweep, not of a run. Run: handgrad sweep "),
        (read_config, ASKED + SWEEP, "a sweep, not of a run. Run: handgrad sweep "),
        (read_config, ASKED, "an experiment, not of a run. Run: handgrad study run "),
        (read_config, ASKED + VARIED, "an experiment, not of a run. Run: handgrad"),
        (read_sweep, ASKED + VARIED, "an experiment, not of a sweep. Run: handgrad"),
        (
            read_experiment,
            ASKED + SWEEP,
            "a sweep, not of an experiment. Run: handgrad",
        ),
    ],
)
def test_a_file_for_another_command_names_that_command(tmp_path, read, text, said):
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as error:
        read(path)
    assert str(error.value).startswith(f"{path} is the file of")
    assert str(error.value).endswith(str(path))


@pytest.mark.parametrize(
    ("command", "tables"),
    [
        ("train", {"dataset": {}}),
        ("sweep", {"question": "Why?", "sweep": {"parametres": {}}}),
        ("sweep", {"sweep": 3}),
        ("study run", {"question": "Why?", "sweep": {"a.b": [1]}}),
        ("study run", {"dataset": {}}),
    ],
)
def test_a_file_for_the_command_passes(command, tables):
    check_command(command, tables, "a.toml")
