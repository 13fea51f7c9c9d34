from ..networks import NETWORKS, cpu_engine


def test_pictures_are_put_in_a_matrix_where_no_layer_has_done_so():
    shown = repr(cpu_engine(NETWORKS["bare convolution to linear"]).training.program)
    assert "flatten_1 copied" in shown
    assert "flatten_1 d_inputs" not in shown
    shown = repr(cpu_engine(NETWORKS["convolution to linear"]).training.program)
    assert "flatten_1 copied" not in shown
