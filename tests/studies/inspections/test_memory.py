from handgrad.studies.inspections import inspect


def test_parameters_of_the_perceptron_of_the_report():
    model = {"name": "mlp", "hidden_sizes": [256]}
    found = inspect("parameters", {"model": model}, seed=0)
    assert found == {"parameters": 203_530, "parameter_bytes": 814_120}
