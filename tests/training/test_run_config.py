import pytest

from handgrad.datasets.array_file import ARRAY_FILE
from handgrad.errors import RunError
from handgrad.training.build import load_dataset
from handgrad.training.run_config import (
    as_written,
    check_data,
    check_same_data,
    config_in,
    lengthen,
    shorter_configs,
)

from .small import RESOLVED, small


def written(folder, **tables):
    config = small(resolved=RESOLVED, **tables)
    (folder / "config.toml").write_text(config.to_toml())
    return config


def test_what_the_folder_holds_is_named_by_its_path(tmp_path):
    start = {"source": "elsewhere"}
    config = written(tmp_path, dataset={"name": ARRAY_FILE}, start=start)
    for name in (ARRAY_FILE, "initial.safetensors"):
        (tmp_path / name).touch()
    assert as_written(tmp_path) == config
    found = config_in(tmp_path)
    assert found.dataset.name == str(tmp_path / ARRAY_FILE)
    assert found.start.source == str(tmp_path / "initial.safetensors")


def test_an_unresolved_configuration_is_not_that_of_a_run(tmp_path):
    (tmp_path / "config.toml").write_text(small().to_toml())
    with pytest.raises(RunError, match=r"no table .resolved."):
        config_in(tmp_path)


def test_only_configurations_that_differ_in_length_count(tmp_path):
    config = written(tmp_path)
    assert shorter_configs(tmp_path) == set()
    longer = small(resolved=RESOLVED, training={"epochs": 9, "batch_size": 40})
    lengthen(tmp_path, longer)
    assert as_written(tmp_path) == longer
    assert (tmp_path / "config.old-1.toml").read_text() == config.to_toml()
    assert len(shorter_configs(tmp_path)) == 1
    lengthen(tmp_path, config)
    assert len(shorter_configs(tmp_path)) == 2
    written(tmp_path, training={"epochs": 9, "batch_size": 41})
    assert shorter_configs(tmp_path) == set()
    (tmp_path / "config.old-1.toml").write_text("mine")
    assert shorter_configs(tmp_path) == set()


def test_other_images_are_refused_before_they_are_split(tmp_path):
    dataset = load_dataset(small())
    names = {"dataset_sha256": dataset.checksum, "class_names": dataset.class_names}
    check_data(tmp_path, small(resolved={**RESOLVED, **names}), dataset)
    for change in ({"dataset_sha256": "1" * 64}, {"class_names": tuple("ab")}):
        config = small(resolved={**RESOLVED, **names, **change})
        with pytest.raises(RunError, match="not the one that the run started with"):
            check_data(tmp_path, config, dataset)


def test_other_data_are_refused(tmp_path):
    now = small(resolved={**RESOLVED, "dataset_sha256": "1" * 64})
    with pytest.raises(RunError, match="started with: its content differs"):
        check_same_data(tmp_path, small(resolved=RESOLVED), now, {})
    check_same_data(tmp_path, now, now, {})
