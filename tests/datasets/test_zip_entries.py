import zipfile
from pathlib import Path

import pytest

from handgrad.datasets.zip_entries import (
    ENCRYPTED_FLAG,
    UTF8_FLAG,
    check_no_password,
    is_guessed,
    is_plain,
    name_of_entry,
)
from handgrad.errors import DatasetError


def entry(name, flags=0, kind=0):
    about = zipfile.ZipInfo(name)
    about.flag_bits, about.external_attr = flags, kind << 16
    return about


def test_an_entry_with_a_password_is_refused():
    check_no_password(Path("a.zip"), [entry("a"), entry("b", UTF8_FLAG)])
    with pytest.raises(DatasetError, match=r"a\.zip is encrypted"):
        check_no_password(Path("a.zip"), [entry("a"), entry("b", ENCRYPTED_FLAG)])


@pytest.mark.parametrize(
    ("name", "flags", "expected", "guessed"),
    [
        ("café", UTF8_FLAG, "café", False),
        ("café".encode().decode("cp437"), 0, "café", False),
        ("café", 0, "café", True),
        ("cat\\1.png", 0, "cat/1.png", False),
    ],
)
def test_encodings_of_names(name, flags, expected, guessed):
    about = entry(name, flags)
    assert (name_of_entry(about), is_guessed(about)) == (expected, guessed)


def test_folders_and_links_are_not_regular_files():
    kinds = [
        entry("a"),
        entry("a", kind=0o100644),
        entry("a/"),
        entry("a", kind=0o120777),
    ]
    assert list(map(is_plain, kinds)) == [True, True, False, False]
