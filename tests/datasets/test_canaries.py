"""Canaries: pickles that would create a file if unpickled, or try to."""

import os
import pickle
import pickletools
from contextlib import suppress

import numpy as np
import pytest

from handgrad.datasets.cifar10_python import parse_batch
from handgrad.errors import DatasetError

from .test_cifar10_python import as_python_2, values_of


class Call:
    """Pickles to a function call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def instructions(*lines):
    """A pickle written by hand."""
    return b"\x80\x02" + b"".join(lines) + b"."


CANARY = b"canary"
WORDS = b"U\x0ctouch canary"  # a short string of Python 2
TOUCH = b"(" + WORDS + b"tR"
UNICODE = b"X\x0c\x00\x00\x00touch canary"


def global_call(name):
    return instructions(b"c", name, b"\n", TOUCH)


def in_batch(value, protocol=2):
    return pickle.dumps({**values_of(1), b"more": value}, protocol)


def array_of(call):
    """An array whose only entry is the call."""
    values = np.empty(1, dtype=object)
    values[0] = call
    return values


SYSTEM = Call(os.system, "touch canary")
FIRES = {  # pickle.loads would create the canary file
    **{f"call in protocol {n}": pickle.dumps(SYSTEM, n) for n in range(6)},
    "call in a batch": in_batch(SYSTEM),
    "call as the pixels": pickle.dumps({**values_of(1), b"data": SYSTEM}, 4),
    "call as a label": pickle.dumps({**values_of(1), b"labels": [SYSTEM]}, 4),
    "call as a key": pickle.dumps({**values_of(1), SYSTEM: 1}, 4),
    "call in an array": in_batch(array_of(SYSTEM)),
    "call in a tuple": in_batch((1, (SYSTEM,)), 4),
    "call before the batch": instructions(b"cposix\nsystem\n", TOUCH, b"0")[:-1]
    + as_python_2(values_of(1))[2:],
    "open": pickle.dumps(Call(open, "canary", "w"), 2),
    "eval": pickle.dumps(Call(eval, "open('canary', 'w')"), 2),
    "exec": pickle.dumps(Call(exec, "open('canary', 'w').close()"), 4),
    "makedirs": pickle.dumps(Call(os.mkdir, "canary"), 3),
    "INST": instructions(b"(", WORDS, b"iposix\nsystem\n"),
    "OBJ": instructions(b"(cposix\nsystem\n", WORDS, b"o"),
    "STACK_GLOBAL": instructions(
        b"X\x05\0\0\0posix", b"X\x06\0\0\0system", b"\x93", TOUCH
    ),
    "from memory": instructions(b"cposix\nsystem\nq\x000h\0", TOUCH),
    "os": global_call(b"os\nsystem"),
    "subprocess": instructions(b"csubprocess\ncheck_call\n(](U\x05touchU\x06canaryetR"),
    "dotted name": b"\x80\x04X\x02\0\0\0osX\x06\0\0\0system\x93"
    + b"("
    + UNICODE
    + b"tR.",
    "shutil": pickle.dumps(Call(os.makedirs, "canary/deep"), 4),
    "numpy": pickle.dumps(Call(np.save, "canary", 0), 4).replace(b"canary", b"canary"),
}
TRIES = {  # misused names of the allowlist, and other opcodes
    "array of objects": in_batch(np.array([1, "a"], dtype=object)),
    "array that is another class": instructions(
        b"cnumpy.core.multiarray\n_reconstruct\ncposix\nsystem\nK\0\x85U\x01b\x87R"
    ),
    "array kind from text": instructions(
        b"cnumpy.core.multiarray\n_reconstruct\nU\x07ndarrayK\0\x85U\x01b\x87R"
    ),
    "codec": instructions(b"c_codecs\nencode\nX\x01\0\0\0aX\x03\0\0\0hex\x86R"),
    "decode": global_call(b"_codecs\ndecode"),
    "dtype with a name": instructions(b"cnumpy\ndtype\nU\x02O8\x85R"),
    "state for a name": instructions(b"cnumpy\nndarray\n}U\x01aK\x01sb"),
    "state for a list": instructions(b"]}U\x01aK\x01sb"),
    "two fillings": instructions(
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R",
        b"(tb",
    ),
    "call of a number": instructions(b"K\x01)R"),
    "persistent id": instructions(b"U\x01aQ"),
    "extension": instructions(b"\x82\x01"),
    "NEWOBJ": instructions(b"cnumpy\nndarray\n)\x81"),
    "float": pickle.dumps(1.5, 2),
    "set": pickle.dumps({1, 2}, 4),
    "buffer": b"\x80\x05\x97.",
    "list without a mark": instructions(b"K\x01e"),
    "memory that is empty": instructions(b"h\x05"),
    "number of 4 GB": instructions(b"\x8b\xff\xff\xff\x7f"),
    "bytes of 2^63": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f" + b".",
}


@pytest.mark.parametrize("name", FIRES)
def test_a_canary_is_not_executed(place, name):
    with pytest.raises(DatasetError):
        parse_batch(FIRES[name], "batch")
    assert os.listdir(place) == []


@pytest.mark.parametrize("name", TRIES)
def test_other_attacks_are_refused(place, name):
    with pytest.raises(DatasetError, match=r"batch holds .* Extract its archive"):
        parse_batch(TRIES[name], "batch")
    assert os.listdir(place) == []


BYTE = b"cnumpy\ndtype\nU\x02u1\x85R"
UNWANTED = {
    "the opcode EMPTY_SET": TRIES["set"],
    "the name 'os.system'": FIRES["os"],
    "a BUILD of another object": instructions(b"cnumpy\nndarray\n)b"),
    "a call of array with other arguments": instructions(
        b"cnumpy.core.multiarray\n_reconstruct\n", BYTE, b"K\0\x85U\x01b\x87R"
    ),
}


@pytest.mark.parametrize("what", UNWANTED)
def test_the_forbidden_opcode_is_named(what):
    with pytest.raises(DatasetError, match=f"batch holds {what}, which CIFAR"):
        parse_batch(UNWANTED[what], "batch")


@pytest.mark.parametrize("name", FIRES)
def test_an_unpickled_canary_is_executed(place, name):
    """Otherwise the tests above would prove nothing."""
    opened = None
    with suppress(Exception):  # some are not a complete batch after execution
        opened = pickle.loads(FIRES[name], encoding="bytes")
    if hasattr(opened, "close"):
        opened.close()
    assert any(entry.startswith("canary") for entry in os.listdir(place))


def test_there_are_enough_canaries():
    assert len(FIRES) + len(TRIES) >= 30
    assert all(list(pickletools.genops(content)) for content in FIRES.values())
