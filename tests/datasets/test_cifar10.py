import pytest

from handgrad.datasets import cifar10_binary, cifar10_python
from handgrad.datasets.cifar10 import CIFAR10, CIFAR10_PYTHON, read_either


def test_sizes_follow_from_the_format():
    assert {file.size for file in CIFAR10.files} == {10_000 * 3_073}
    assert len(CIFAR10.files) == len(CIFAR10_PYTHON.files) == 6


def test_the_python_version_is_never_downloaded():
    assert CIFAR10_PYTHON.mirrors == ()
    assert CIFAR10.other is CIFAR10_PYTHON


@pytest.mark.parametrize("is_python", [False, True], ids=["binary", "python"])
def test_the_version_of_the_folder_is_read(is_python, tmp_path, monkeypatch):
    asked = []
    for form in (cifar10_binary, cifar10_python):
        monkeypatch.setattr(
            form, "read_batches", lambda *where, form=form: asked.append((form, *where))
        )
    form = cifar10_python if is_python else cifar10_binary
    (tmp_path / form.TRAIN_FILES[0]).touch()
    assert read_either(tmp_path) == (None, None)
    assert asked == [
        (form, tmp_path, form.TRAIN_FILES),
        (form, tmp_path, form.TEST_FILES),
    ]
