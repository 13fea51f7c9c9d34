import json


def test_the_table_ends_with_the_totals(handgrad):
    code, out, err = handgrad("summary softmax_regression")
    assert (code, err) == (0, "")
    assert "7,850 parameters; 7,840 multiply-adds" in out.splitlines()[-1]


def test_options_change_the_network(handgrad):
    out = handgrad(
        "summary lenet --set pooling=max --image-size 32 --channels 3 --classes 5"
    ).out
    assert "MaxPool2d" in out
    assert "3 x 32 x 32" in out
    assert "5" in out.splitlines()[-3].split()


def test_json_holds_every_layer(handgrad):
    found = json.loads(handgrad("summary lenet --json").out)
    assert found["parameters"] == sum(row["parameters"] for row in found["layers"])
    assert found["input_shape"] == [1, 28, 28]
    assert found["layers"][0]["receptive_field"] == [5, 5]


def test_mistakes_are_sentences(refused):
    assert "Did you mean 'perceptron'" in refused("summary percepton")
    assert "Did you mean 'activation'" in refused("summary lenet --set activaton=relu")
    assert "images of at least 5x5" in refused("summary lenet --image-size 3")
    assert "an integer" in refused("summary perceptron --set hidden=many")
    assert "--classes of at least 2" in refused("summary lenet --classes 1")
    assert "--channels of at least 1" in refused("summary lenet --channels 0")
    assert "model only" in refused("summary lenet --set optimizer.beta1=0.9")
