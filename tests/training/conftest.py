import pytest


@pytest.fixture
def folder(tmp_path):
    """The folder for checkpoints."""
    return tmp_path / "checkpoints"
