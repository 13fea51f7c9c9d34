from handgrad.reports.settings_section import all_settings, settings_list
from handgrad.studies.experiment import SIZES
from handgrad.studies.inspections import INSPECTIONS
from handgrad.studies.library import find
from handgrad.studies.trials import cells_of


def cells(study, row):
    experiment = find(study).experiments[row]
    return experiment, {size: cells_of(row, experiment, size, study) for size in SIZES}


def items(study, row):
    """What the list says, by the name of the setting."""
    listed = settings_list(*cells(study, row))
    return {
        one["name"]: f"{one['full']} quick: {one['quick']}".removesuffix(" quick: ")
        for one in listed
    }


def test_what_matters_is_said_and_where_the_quick_size_differs():
    said = items("csci581-a", "a3")
    assert said == {
        "data": "fashion_mnist",
        "data: validation": "test",
        "network": "softmax_regression",
        "network: initializer": "normal:0.01",
        "optimizer": "sgd",
        "learning rate": "0.001, 0.01, 0.05, 0.1 and 0.5",
        "epochs": "10 quick: 3",
        "batch size": "256",
        "seeds": "0, 1, 2 quick: 0",
        "tested": "network of the last epoch",
    }


def test_named_variants_say_what_they_set():
    said = items("cs776", "c7")["network: initializer"]
    assert said == "He: he_normal; random: normal:0.05; Glorot: glorot_normal"


def test_what_is_not_limited_is_all():
    assert items("cmsc426", "b3")["data: train count"] == ("2,000: 2000; 50,000: all")


def test_an_inspection_has_settings_too():
    said = items("csci581-a", "a8")
    assert any(name in said["inspection"] for name in INSPECTIONS)
    assert "tested" not in said


def test_rows_of_numbers_keep_their_brackets():
    assert items("blg506e", "d1")["linear outputs"].startswith(
        "[[1.49834984, 1.7066015,"
    )


def test_every_setting_is_there_as_text():
    _, sizes = cells("cs776", "c7")
    text = all_settings(sizes["full"])
    assert "training.early_stopping = none" in text
    assert "# Glorot\nmodel.initializer = glorot_normal" in text
    assert all_settings([]) == ""
