import os
import threading

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from handgrad.engine import blas_threads
from handgrad.engine.blas_threads import blas_libraries, single_thread
from handgrad.engine.plain import plain_logits

from .networks import NETWORKS, cpu_engine


def threads():
    """What threadpoolctl finds, not through the code under test."""
    return {
        each["filepath"]: each["num_threads"]
        for each in ThreadpoolController().select(user_api="blas").info()
    }


@pytest.fixture(autouse=True)
def three_threads():
    blas_libraries()
    with threadpool_limits(3, user_api="blas"):
        yield


def test_numpys_and_scipys_libraries_are_both_limited():
    before = threads()
    assert len(before) >= 2
    assert set(before.values()) == {3}
    with single_thread:
        assert set(threads().values()) == {1}
        with single_thread:
            assert set(threads().values()) == {1}
        assert set(threads().values()) == {1}
    assert threads() == before


def test_the_limit_is_lifted_by_an_error():
    with pytest.raises(ZeroDivisionError), single_thread:
        raise ZeroDivisionError
    assert set(threads().values()) == {3}


def test_it_holds_until_the_last_of_several_threads_is_done():
    inside, done = threading.Event(), threading.Event()

    def other():
        with single_thread:
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=other)
    with single_thread:
        thread.start()
        assert inside.wait(10)
    assert set(threads().values()) == {1}
    done.set()
    thread.join()
    assert set(threads().values()) == {3}


def test_a_number_chosen_within_is_left_alone():
    with single_thread:
        for library in blas_libraries():
            library.set(2)
    assert set(threads().values()) == {2}


def test_other_libraries_go_through_threadpoolctl():
    class Other:
        internal_api = "other"

        def get_num_threads(self):
            return 7

        def set_num_threads(self, number):
            self.number = number

    other = Other()
    library = blas_threads._functions_of(other)
    library.set(2)
    assert (library.get(), other.number) == (7, 2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_is_not_limited_by_the_parents_other_threads():
    inside, done = threading.Event(), threading.Event()

    def other():
        with single_thread:
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    child = os.fork()
    if child == 0:
        os._exit(0 if {each.get() for each in blas_libraries()} == {3} else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    done.set()
    thread.join()


@pytest.mark.parametrize("name", ["deep", "softmax regression", "softmax between"])
def test_bits_do_not_depend_on_the_process_limit(name):
    """Both engines' matrix products run on one thread whatever the limit is."""
    network = NETWORKS[name]
    states, logits = [], []
    for number in (1, 4):
        with threadpool_limits(number, user_api="blas"):
            engine = cpu_engine(network, workers=2)
            for step in (1, 2):
                engine.train_step(network.batch(70), step)
            images = network.images(300)
            plain = plain_logits(engine.model, network.normalization, images)
            states.append(engine.state())
            logits.append((engine.logits(images), plain))
    for key, value in states[0].items():
        assert value.tobytes() == states[1][key].tobytes()
    np.testing.assert_array_equal(*logits)
