import errno

import pytest

from handgrad.cli.screens.sentences import of_system_error


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full. Free some disk space"),
        (errno.EDQUOT, "Delete some of your files"),
        (errno.EFBIG, "the file is too large. Raise the limit on file sizes"),
        (errno.EACCES, "permission denied. Change the permissions"),
        (errno.EROFS, "read-only. Use another folder"),
        (errno.ELOOP, "Too many levels"),
    ],
)
def test_a_system_error_names_the_file_and_the_next_step(number, words):
    error = OSError(number, "Too many levels", "/some/run")
    assert of_system_error(error).startswith("/some/run cannot be used: ")
    assert words in of_system_error(error)


def test_an_error_without_a_file_or_a_number_is_still_a_sentence():
    assert of_system_error(OSError("broken")) == "A file cannot be used: broken."
