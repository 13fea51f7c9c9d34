from ..networks import NETWORKS, cpu_engine


def test_dropout_of_nothing_costs_nothing():
    shown = repr(cpu_engine(NETWORKS["dropout of nothing"]).training.program)
    assert "dropout_1 forward" not in shown
    assert "dropout_1 d_inputs" not in shown
