from handgrad import layer_rows, network


def test_network_offers_every_row():
    rows = {name for name, each in vars(layer_rows).items() if callable(each)}
    rows -= {"row", "Any", "Row"}
    assert rows <= set(network.__all__)
    for name in rows:
        assert getattr(network, name) is getattr(layer_rows, name)


def test_a_row_leaves_out_what_is_not_given():
    assert layer_rows.row("elu", alpha=None) == {"name": "elu"}
    assert layer_rows.hardsigmoid(0.2) == {"name": "hardsigmoid", "slope": 0.2}
    assert layer_rows.group_norm(4) == {"name": "group_norm", "groups": 4}
