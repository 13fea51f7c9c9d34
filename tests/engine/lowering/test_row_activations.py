from ..by_rows import BY_ROWS
from ..networks import cpu_engine


def test_bias_and_activation_are_one_operation():
    shown = repr(cpu_engine(BY_ROWS["deep and wide"]).training.program)
    for name in ("tanh_1", "leaky_relu_1", "sigmoid_1"):
        assert f"{name} forward" in shown
        assert f"{name} d_inputs" in shown
    assert "linear_4 bias forward" in shown
    assert "linear_4 bias d_inputs" not in shown


def test_only_logits_are_turned_for_the_loss():
    shown = repr(cpu_engine(BY_ROWS["one hidden"]).training.program)
    assert shown.count("logits, batch last") == 1
    assert shown.count("d_logits, an example a row") == 1
