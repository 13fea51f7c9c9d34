import pytest

from handgrad.errors import ConfigError
from handgrad.studies.experiment import Experiment
from handgrad.studies.trials import Trial, cells_of, unique


def experiment(**tables):
    usual = {
        "question": "?",
        "seeds": [0, 1],
        "model": {"name": "mlp"},
        "training": {"epochs": 3},
    }
    return Experiment.model_validate({**usual, **tables})


def cells(size="full", **tables):
    return cells_of("r1", experiment(**tables), size, "study")


def keys(**tables):
    return [cell.trial.key for cell in cells(**tables)]


def test_a_cell_for_each_variant_and_seed():
    made = cells(sweep={"optimizer.learning_rate": [0.1, 0.2]})
    assert [str(cell) for cell in made] == [
        "r1 learning_rate=0.1, seed 0",
        "r1 learning_rate=0.1, seed 1",
        "r1 learning_rate=0.2, seed 0",
        "r1 learning_rate=0.2, seed 1",
    ]
    assert len({cell.trial.key for cell in made}) == 4
    assert str(cells()[0]) == "r1, seed 0"


def test_the_key_covers_all_that_determines_the_results():
    assert keys() == keys(question="another", notes=["so"], quick={"seeds": [5]})
    places = {"data_dir": "elsewhere"}
    assert keys() == keys(dataset=places)
    assert keys() == keys(training={"epochs": 3, "checkpoint_seconds": 1.0})
    assert keys() == keys(sweep={"training.epochs": [3]})  # with another name
    assert keys() == keys(prediction={"with_flip": False})
    [cell, _] = cells()
    assert "class_weight" not in cell.trial.spec["config"]["loss"]  # as in old ledgers
    assert "isa" not in cell.trial.spec["config"]
    different = [
        {"training": {"epochs": 4}},
        {"model": {"name": "mlp", "hidden_sizes": [3]}},
        {"seeds": [2, 3]},
        {"test": "best"},
        {"engine": "plain"},
        {"isa": "avx2"},
        {"dataset": {"train_count": 9}},
        {"prediction": {"with_flip": True}},
        {"loss": {"class_weight": "balanced"}},
    ]
    for tables in different:
        assert not set(keys()) & set(keys(**tables)), tables


def test_the_key_stays_the_same_from_one_version_to_the_next():
    assert Trial({"kind": "training", "seed": 0}).key == "9edf11d4fd55d361"


def test_later_settings_override_earlier_ones():
    variants = [
        {"name": "a", "set": {"training.epochs": 5}, "quick": {"training.epochs": 6}},
        {"name": "b"},
    ]
    quick = {"set": {"training.epochs": 4}}
    for size, epochs in (("quick", [6, 6, 4, 4]), ("full", [5, 5, 3, 3])):
        made = cells(size, variants=variants, quick=quick)
        assert [cell.trial.epochs for cell in made] == epochs


def test_equal_trials_run_once():
    made = [*cells(), *cells()]
    assert len(made) == 4
    assert len(unique(made)) == 2


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ({"model": {"name": "mpl"}}, "Did you mean 'mlp'?"),
        ({"model": {"name": "mlp", "hiden_sizes": [1]}}, "Did you mean 'hidden_sizes'"),
        ({"training": {"epoch": 3}}, "Did you mean 'epochs'?"),
        ({"sweep": {"trainig.epochs": [3]}}, "Did you mean 'training'?"),
        ({"sweep": {"training.epoch": [3]}}, "study, epoch=3: "),
        ({"sweep": {"engine.name": ["cpu"]}}, "engine is a value, not a table"),
        ({"sweep": {"training": [3]}}, "training: "),
        ({"optimizer": {"name": "sdg"}}, "Did you mean 'sgd'?"),
        ({"loss": {"name": "nothing"}}, "no loss named 'nothing'"),
        ({"kind": "inspection", "model": {}}, "no inspection named ''"),
        (
            {"kind": "inspection", "inspection": {"name": "parameters"}},
            "an inspection has one table, [inspection], got model as well",
        ),
        ({"dataset": {"augmentation": [{"name": "flip"}]}}, "'random_flip'"),
    ],
)
def test_every_name_is_looked_up(tables, sentence):
    if tables.get("model") == {}:
        tables = {**tables, "training": {}}
    with pytest.raises(ConfigError) as caught:
        cells(**tables)
    assert sentence in str(caught.value)


def test_an_inspection_is_a_trial_as_well():
    inspection = {"name": "parameters", "model": {"name": "mlp"}}
    made = cells(kind="inspection", inspection=inspection, model={}, training={})
    assert made[0].trial.spec["options"] == {"model": {"name": "mlp"}}
    assert (made[0].trial.epochs, made[0].trial.dataset) == (1, None)


@pytest.mark.parametrize("table", ["sweep", "full"])
def test_a_variant_has_no_data_folder_of_its_own(table):
    setting = {"dataset.data_dir": ["here"] if table == "sweep" else "here"}
    tables = {table: setting if table == "sweep" else {"set": setting}}
    with pytest.raises(
        ConfigError, match=r"search one folder\. Give it in \[dataset\]"
    ):
        cells(**tables)
