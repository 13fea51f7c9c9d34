from handgrad.reports.machines import details, different, machine_words

from .cells import ENVIRONMENT


def test_a_machine_is_named_once_with_the_sources_it_ran():
    assert machine_words(ENVIRONMENT) == (
        "A processor, 2 cores; Handgrad 0.1.0, Python 3.11.7, NumPy 2.4.6"
    )
    newer = {**ENVIRONMENT, "code_sha256": "cd" * 32}
    other = {**ENVIRONMENT, "processor": "", "cores": 1, "libraries": {}}
    assert different([ENVIRONMENT, newer, ENVIRONMENT, other]) == [
        f"{machine_words(ENVIRONMENT)}; source abababab, cdcdcdcd",
        "unknown processor, 1 core; Handgrad 0.1.0, Python 3.11.7; source abababab",
    ]


def test_all_versions_are_there():
    blas = [{"internal_api": "openblas", "version": "0.3", "architecture": "Haswell"}]
    text = details({**ENVIRONMENT, "blas": blas * 2})
    assert "matrix library: openblas 0.3 Haswell\n" in text
    assert "libraries: numpy 2.4.6" in text
    assert "ab" * 32 in text
    other = {**blas[0], "version": "0.2"}
    text = details({**ENVIRONMENT, "blas": [*blas, other]})
    assert text == details({**ENVIRONMENT, "blas": [other, *blas, other]})
    assert "none seen" in details(ENVIRONMENT)
