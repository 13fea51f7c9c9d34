import pytest


@pytest.fixture
def folder(tmp_path):
    """Where checkpoints go."""
    return tmp_path / "checkpoints"
