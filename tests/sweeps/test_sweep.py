from dataclasses import replace
from time import process_time

import pytest

from handgrad.errors import ConfigError
from handgrad.studies.ledger import Ledger
from handgrad.sweeps.random_search import drawn
from handgrad.sweeps.run_sweep import all_cells, cells_ahead, check
from handgrad.sweeps.sweep import read_sweep

from .small import RATE, WIDTH, sweep_of, write


def test_a_file_is_a_sweep(tmp_path):
    sweep = sweep_of(tmp_path, 'metric = "lowest_validation_loss"\ntrials = 4')
    assert (sweep.name, sweep.method, sweep.trials) == ("rates", "random", 4)
    assert (sweep.direction, sweep.sign, sweep.curve) == (
        "minimize",
        -1,
        "validation_loss",
    )
    assert sweep.seeds == (0, 1, 2)
    assert [p.name for p in sweep.space] == [
        "optimizer.learning_rate",
        "model.hidden_sizes",
    ]


def test_a_setting_is_one_trial_for_each_seed(tmp_path):
    sweep = sweep_of(tmp_path, "seeds = [3, 5]")
    values = {"optimizer.learning_rate": 0.2, "model.hidden_sizes": [16]}
    cells = sweep.cells(sweep.setting(values))
    assert [cell.trial.seed for cell in cells] == [3, 5]
    config = cells[0].trial.spec["config"]
    assert config["optimizer"]["learning_rate"] == 0.2
    assert config["model"] == {"name": "mlp", "hidden_sizes": [16]}
    assert str(cells[0]) == "rates learning_rate=0.2, hidden_sizes=16, seed 3"


def test_values_may_have_parentheses(tmp_path):
    weights = '"loss.class_weight" = [{ "7 (seven)" = 2.0 }]'
    sweep = sweep_of(tmp_path, parameters=(weights,))
    (setting,) = drawn(sweep)
    assert sweep.cells(setting)[0].variant == "class_weight=7 (seven)=2"


def test_words_go_over_the_file(tmp_path):
    path = write(tmp_path, "trials = 4\nseeds = [7]")
    sweep = read_sweep(path, trials=9, seeds=(0, 1))
    assert (sweep.trials, sweep.seeds) == (9, (0, 1))


def test_no_seeds_are_too_few(tmp_path):
    with pytest.raises(ConfigError, match=r"each once, got \(\)"):
        read_sweep(write(tmp_path, "trials = 4"), seeds=())


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"seeds": (1, 1)}, r"A sweep takes seeds as .* each once, got \(1, 1\). Give"),
        ({"seeds": (-1,)}, "A sweep takes seeds as an integer from 0 .* got -1"),
        ({"seeds": (0, 2**63)}, "A sweep takes seeds as an integer from 0"),
        ({"trials": 0}, "A sweep takes trials as an integer of at least 1, got 0"),
    ],
)
def test_arguments_are_not_blamed_on_the_file(tmp_path, over, said):
    with pytest.raises(ConfigError, match=f"^{said}"):
        read_sweep(write(tmp_path), **over)


def test_the_length_of_a_search_is_no_part_of_its_name(tmp_path):
    one = sweep_of(tmp_path, "trials = 4").identity
    assert sweep_of(tmp_path, "trials = 9").identity == one
    assert sweep_of(tmp_path, "trials = 4\nseed = 1").identity != one
    assert sweep_of(tmp_path, parameters=(RATE,)).identity != one
    assert sweep_of(tmp_path, epochs=3).identity != one


def test_directions_follow_names_or_are_given(tmp_path):
    assert sweep_of(tmp_path).direction == "maximize"
    assert sweep_of(tmp_path, 'metric = "seconds"').direction == "minimize"
    given = sweep_of(tmp_path, 'metric = "parameters"\ndirection = "minimize"')
    assert given.direction == "minimize"
    assert given.curve == ""


@pytest.mark.parametrize(
    ("metric", "direction", "best"),
    [
        ("validation_accuracy", "minimize", "highest"),
        ("lowest_validation_loss", "maximize", "lowest"),
        ("seconds", "maximize", "lowest"),
    ],
)
def test_a_direction_against_the_metric_is_refused(tmp_path, metric, direction, best):
    said = f"the best {metric} is the {best} one, got direction = '{direction}'"
    with pytest.raises(ConfigError, match=said):
        sweep_of(tmp_path, f'metric = "{metric}"\ndirection = "{direction}"')


def test_the_direction_of_the_metric_may_be_given(tmp_path):
    assert sweep_of(tmp_path, 'direction = "maximize"').direction == "maximize"


@pytest.mark.parametrize("given", ["accuracy", "Accuracy", "loss"])
def test_a_metric_without_its_images_is_that_of_the_validation(tmp_path, given):
    said = f"Did you mean 'validation_{given.lower()}'"
    with pytest.raises(ConfigError, match=said):
        sweep_of(tmp_path, f'metric = "{given}"')


@pytest.mark.parametrize(
    ("sweep", "sentence"),
    [
        ('metod = "grid"', "Did you mean 'method'?"),
        ('method = "gird"', "sweep.method"),
        ("trials = -3", "sweep.trials"),
        ("seeds = []", r"sweep.seeds takes at least 1 value, got \[\]. Give one"),
        ("seeds = [1, 1]", "has a seed twice"),
        ('metric = "validation_acuracy"', "Did you mean 'validation_accuracy'?"),
        ('metric = "test_accuracy"', "would select by the test images"),
        ('metric = "parameters"', "does not imply a direction"),
        ('method = "grid"\ntrials = 3', "takes no number of trials"),
        ('pruning = "median"', 'needs method = "tpe"'),
        (
            'method = "tpe"\npruning = "median"\nmetric = "seconds"',
            "pruning needs a metric",
        ),
    ],
)
def test_what_cannot_be_is_said(tmp_path, sweep, sentence):
    with pytest.raises(ConfigError, match=sentence):
        sweep_of(tmp_path, sweep, parameters=(RATE, WIDTH))


MANY = [f'"model.a{i}" = {{ low = 0, high = 1, count = 1000 }}' for i in range(9)]
RATES = '"optimizer.learning_rate" = {}'


@pytest.mark.parametrize(
    ("sweep", "parameters", "sentence"),
    [
        ('method = "grid"', MANY, f"the grid search has {1000**9:,} settings; at most"),
        ("trials = 1_000_000_000", (RATE,), "random search has 1,000,000,000 settings"),
        ('method = "tpe"\ntrials = 10_001', (RATE,), "tpe search has 10,001 settings"),
        (
            f"trials = 1\nseeds = {list(range(100_001))}",
            (RATE,),
            "1 settings with 100,001 seeds each are 100,001 trials; the maximum",
        ),
        (
            "trials = 10_000\nseeds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]",
            (RATE,),
            "10,000 settings with 11 seeds each are 110,000 trials",
        ),
        ("", (RATES.format(list(range(1, 100_001))),), "has 100,000 values; at most"),
        (f"seeds = {[*range(100_001), 7]}", (RATE,), r"has a seed twice: 7\. Keep"),
    ],
)
def test_what_would_never_end_is_refused_at_once(tmp_path, sweep, parameters, sentence):
    begun = process_time()
    with pytest.raises(ConfigError, match=sentence) as error:
        sweep_of(tmp_path, sweep, parameters=parameters)
    assert len(str(error.value)) < 400
    assert process_time() - begun < 2


@pytest.mark.nightly
def test_the_largest_sweep_begins_within_seconds(tmp_path):
    begun = process_time()
    sweep = sweep_of(tmp_path, "trials = 10_000")
    check(sweep)
    ledger = Ledger(tmp_path / "trials")
    assert len(cells_ahead(sweep, ledger)) == len(all_cells(sweep, ledger)) == 30_000
    assert process_time() - begun < 60  # it took many minutes


def test_cells_are_those_of_the_setting_in_a_changed_sweep_too(tmp_path):
    sweep = sweep_of(tmp_path)
    (setting,) = drawn(replace(sweep, trials=1))
    first = sweep.cells(setting)
    other = replace(sweep, seeds=(7,))
    assert [cell.trial.seed for cell in other.cells(setting)] == [7]
    first.clear()  # what is handed out is the caller's
    assert [cell.trial.seed for cell in sweep.cells(setting)] == [0, 1, 2]
    assert sweep == sweep_of(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[model]", "[modell]", "Did you mean 'model'?"),
        ('name = "digits"', 'name = "digits"\nvalidation = "none"', "needs validation"),
        ("[sweep.parameters]", "[sweep.parametres]", "Did you mean 'parameters'"),
    ],
)
def test_mistakes_in_the_tables_are_said(tmp_path, old, new, sentence):
    path = write(tmp_path, parameters=(RATE,))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=sentence):
        read_sweep(path)


def test_a_file_without_a_sweep_is_no_sweep(tmp_path):
    path = write(tmp_path)
    path.write_text(path.read_text().split("[sweep]")[0])
    with pytest.raises(ConfigError, match=r"no table \[sweep\]. Add .* docs/guides/"):
        read_sweep(path, trials=3)
