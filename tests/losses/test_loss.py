import pytest

from handgrad.losses.loss import Loss


def test_a_loss_without_its_equations_cannot_be_made():
    class Nothing(Loss[None]):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Nothing()
