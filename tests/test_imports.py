import random

import pytest

from handgrad.imports import random_state_kept


def test_the_state_goes_on_as_before():
    before = random.getstate()
    with random_state_kept():
        random.random()
    assert random.getstate() == before
    with pytest.raises(ImportError), random_state_kept():
        fail_to_import()
    assert random.getstate() == before


def fail_to_import():
    random.random()
    raise ImportError
