from handgrad.augmentation.presets import PRESETS
from handgrad.training.config import config_from


def test_a_list_of_presets_becomes_a_tuple_of_their_rows():
    rows = [{"name": "objects"}, {"name": "cutout", "size": 3}]
    found = config_from({"dataset": {"augmentation": rows}}).dataset.augmentation
    assert isinstance(found, tuple)
    expected = [*PRESETS["objects"], rows[1]]
    assert [row.model_dump() for row in found] == [dict(row) for row in expected]
