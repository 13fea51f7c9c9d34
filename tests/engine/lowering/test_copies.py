from ..by_rows import BY_ROWS
from ..networks import NETWORKS, cpu_engine


def test_only_logits_are_turned_for_the_loss():
    shown = repr(cpu_engine(BY_ROWS["one hidden"]).training.program)
    assert shown.count("logits, batch last") == 1
    assert shown.count("d_logits, an example a row") == 1


def test_a_gradient_that_comes_as_a_matrix_is_copied_for_a_convolution():
    shown = repr(cpu_engine(NETWORKS["convolution to linear"]).training.program)
    assert "d_conv2d_1 outputs copied" in shown
    shown = repr(cpu_engine(NETWORKS["lenet"]).training.program)
    assert "copied" not in shown


def test_logits_that_a_layer_has_kept_are_copied_for_the_loss():
    assert "logits copied" in repr(
        cpu_engine(NETWORKS["activation last"]).training.program
    )
    assert "logits copied" not in repr(cpu_engine(NETWORKS["deep"]).training.program)
