from ..by_rows import BY_ROWS
from ..networks import cpu_engine


def test_bias_and_activation_are_one_operation():
    shown = repr(cpu_engine(BY_ROWS["deep and wide"]).training.program)
    for name in ("tanh_1", "leaky_relu_1", "sigmoid_1"):
        assert f"{name} forward" in shown
        assert f"{name} d_inputs" in shown
    assert "linear_4 bias forward" in shown
    assert "linear_4 bias d_inputs" not in shown
