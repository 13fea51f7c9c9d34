import os
from pathlib import Path

import pytest

from handgrad.errors import ConfigError
from handgrad.parsing import DEEPEST, LARGEST, parse_json, parse_toml, read_toml

DEEP = "[" * 2000 + "]" * 2000
LONG = "9" * 5000


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", DEEP, LONG, b"[1]]"])
def test_what_is_no_json_is_one_kind_of_error(content):
    with pytest.raises(ValueError):  # noqa: PT011 - its words are those of json
        parse_json(content)


@pytest.mark.parametrize("text", ["", "# epochs = 3\n", "[training]\n[model]\n"])
def test_a_file_that_sets_nothing_is_refused(tmp_path, text):
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"a\.toml sets nothing\. Write at least one"):
        read_toml(tmp_path / "a.toml")


def test_json_comes_back_to_the_bit():
    assert parse_json(b'{"a": [0.30000000000000004, null, true]}') == {
        "a": [0.1 + 0.2, None, True]
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = = 1", "Invalid value"),
        (f"a = {DEEP}", "nested"),
        (f"a = {LONG}", "digits"),
        (f"a = [0x{'f' * 4000}]", "more than 64 bits"),
        (f"a = {2**63}", "more than 64 bits"),
        (".".join("a" * 3000) + " = 1", f"nested more than {DEEPEST} levels deep"),
        ("a = " + "[" * DEEPEST + "]" * DEEPEST, f"more than {DEEPEST} levels deep"),
    ],
)
def test_what_is_no_toml_is_one_kind_of_error(text, words):
    with pytest.raises(ValueError, match=words):
        parse_toml(text)


def test_toml_has_numbers_of_64_bits_and_some_depth():
    assert parse_toml(f"a = [{2**63 - 1}, {-(2**63)}]") == {"a": [2**63 - 1, -(2**63)]}
    brackets = "[" * (DEEPEST - 2) + "1" + "]" * (DEEPEST - 2)
    assert str(parse_toml(f"a = {brackets}")["a"]) == brackets


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml cannot be read: No such file"):
        read_toml(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    for content in (b"a = = b", f"a = {DEEP}".encode()):
        bad.write_bytes(content)
        with pytest.raises(ConfigError, match=r"bad\.toml is not valid TOML: .* Fix"):
            read_toml(bad)


def test_a_byte_order_mark_is_read_over(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    assert read_toml(path) == {"a": 1}


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding_is_named_as_such(tmp_path, encoding):
    path = tmp_path / "windows.toml"
    path.write_bytes("a = 'Kühe'\n".encode(encoding))
    with pytest.raises(
        ConfigError, match=r"not encoded in UTF-8.* Save it as UTF-8\.$"
    ):
        read_toml(path)


def test_line_ends_of_windows_are_read(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(b"a = 1\r\n[b]\r\nc = 2\r\n")
    assert read_toml(path) == {"a": 1, "b": {"c": 2}}


def test_a_device_or_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    for path in (tmp_path / "pipe.toml", Path("/dev/zero")):
        with pytest.raises(ConfigError, match="is a device or a pipe"):
            read_toml(path)


def test_a_pipe_of_the_shell_is_read(tmp_path):
    reader, writer = os.pipe()
    os.write(writer, b"a = 1")
    os.close(writer)
    assert read_toml(Path(f"/dev/fd/{reader}")) == {"a": 1}
    os.close(reader)


def test_a_huge_file_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "huge.toml"
    path.touch()
    os.truncate(path, LARGEST + 1)
    with pytest.raises(ConfigError, match="is not valid TOML: it has more than 67"):
        read_toml(path)
