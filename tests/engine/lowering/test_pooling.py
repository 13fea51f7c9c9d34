from ..networks import FLATTEN, NETWORKS, conv, cpu_engine, linear, network, pool


def shown(net):
    return repr(cpu_engine(net).training.program)


def test_pooling_with_and_without_its_relu():
    assert "relu + max_pool2d_1 d_inputs" in shown(NETWORKS["lenet"])
    text = shown(NETWORKS["pooling after pooling"])
    assert "max_pool2d_2 forward" in text
    assert "relu +" not in text


def test_the_gradient_takes_the_inputs_own_place_where_nobody_needs_them():
    def names(net):
        return {line.name for line in cpu_engine(net).training.program.memory.table}

    assert "d_max_pool2d_1" not in names(NETWORKS["lenet"])
    assert "d_max_pool2d_1" in names(NETWORKS["overlapping pooling"])


def test_winners_take_one_byte_each():
    net = network(conv(2, 1), pool("max", (3, 5)), FLATTEN, linear(4))
    memory = cpu_engine(net).training.program.memory
    (line,) = [row for row in memory.table if row.name == "max_pool2d_1 winners"]
    assert line.bytes == 2 * 2 * 32 + 64
