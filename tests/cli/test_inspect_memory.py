import json


def test_bytes_are_those_of_the_report(handgrad):
    found = json.loads(handgrad("inspect memory mlp --json").out)
    assert found["training"]["parameters"] == 814_120
    assert found["measured"]["gradients"] == 814_120
    assert found["training"]["optimizer"] == 0


def test_a_table_a_sentence_and_a_picture(handgrad, tmp_path):
    line = "inspect memory softmax_regression --optimizer adam --batch-size 8"
    code, out, err = handgrad(f"{line} --figure memory.svg")
    assert (code, err) == (0, "")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    assert rows["parameters"] == ["31,400"] * 3
    assert rows["optimizer"] == ["62,800", "62,800", "0"]
    assert "At batch size 8, training takes" in out
    assert "<svg" in (tmp_path / "memory.svg").read_text()


def test_momentum_is_one_copy(handgrad):
    line = "inspect memory softmax_regression --momentum 0.9 --json"
    assert json.loads(handgrad(line).out)["measured"]["optimizer"] == 31_400


def test_mistakes_are_sentences(refused):
    assert "Did you mean 'lenet'" in refused("inspect memory lenett")
    assert "batch_size" in refused("inspect memory mlp --batch-size 0")
