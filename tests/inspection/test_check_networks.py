import pytest

from handgrad import catalog
from handgrad.inspection.check_cases import Draw
from handgrad.inspection.check_networks import NETWORK_CASES
from handgrad.randomness import Key


def test_every_network_of_the_catalogue_has_a_case():
    names = {name.partition(",")[0] for name in NETWORK_CASES}
    assert names == catalog.MODELS.keys() - {"from_layers"}


@pytest.mark.parametrize("name", NETWORK_CASES)
def test_a_case_is_a_function_of_its_key(name):
    one, other = (NETWORK_CASES[name](Draw(Key(3))) for _ in range(2))
    assert (one.inputs == other.inputs).all()
    assert (one.targets == other.targets).all()
    assert repr(one.network) == repr(other.network)


@pytest.mark.parametrize("name", NETWORK_CASES)
def test_a_drawn_network_takes_its_batch(name):
    case = NETWORK_CASES[name](Draw(Key(3)))
    logits, _ = case.network.forward(case.inputs)
    assert logits.shape == (len(case.targets), 10)
