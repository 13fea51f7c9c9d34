import csv

from handgrad.inspection.figures.style import new_figure
from handgrad.studies.inspections.output_folder import Place, as_csv

ROWS = [{"name": "a, b", "value": 0.1}, {"name": "c", "value": 1e-30}]


def test_a_figure_is_saved_with_its_numbers(tmp_path):
    Place(tmp_path).draw("bars", lambda: new_figure(1, 1), ROWS)
    Place(tmp_path).draw("grid", lambda: new_figure(1, 1), ROWS, kind="png")
    found = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert found == ["bars.csv", "bars.svg", "grid.csv", "grid.png"]
    with (tmp_path / "figures" / "bars.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert [(row["name"], float(row["value"])) for row in read] == [
        ("a, b", 0.1),
        ("c", 1e-30),
    ]


def test_without_a_folder_nothing_is_drawn():
    Place().draw("bars", lambda: 1 / 0, ROWS)


def test_no_rows_are_an_empty_table():
    assert as_csv([]) == b"\n"


def test_the_checksum_of_the_data_is_recorded():
    place = Place()
    found = place.load("digits")
    assert found.image_shape == (1, 28, 28)
    assert place.dataset_sha256 == found.checksum


def test_a_run_is_kept_with_a_folder_and_deleted_without(tmp_path):
    for place, is_kept in ((Place(tmp_path), True), (Place(), False)):
        with place.run_folder() as folder:
            folder.mkdir()
        assert folder.exists() is is_kept
