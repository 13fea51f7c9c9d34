import os
import signal
import socket
import subprocess
import sys

import httpx
import psutil
import pytest

from handgrad.errors import ConfigError
from handgrad.web import serve as module
from handgrad.web.serve import HOST, serve


@pytest.fixture
def started(tmp_path):
    """The page as a process of its own, and its address."""
    words = [sys.executable, "-m", "handgrad", "ui", "--no-open", "--runs", "runs"]
    process = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield process, process.stdout.readline().strip()
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_it_answers_on_loopback_alone_and_ends_with_ctrl_c(started):
    process, address = started
    with httpx.Client(follow_redirects=True, timeout=60) as browser:
        found = browser.get(address)  # it may come before the server, and waits
        assert found.status_code == 200
        assert "server" not in found.headers
        assert browser.get(f"{found.url}api/runs").json() == []
    listening = psutil.Process(process.pid).net_connections("inet")
    assert {one.laddr.ip for one in listening if one.status == "LISTEN"} == {HOST}
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")


def test_a_port_in_use_is_a_sentence(tmp_path):
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match="Give another --port"):
            serve(tmp_path, port, is_opened=False, say=print)
    with pytest.raises(ConfigError, match="Give another --port"):
        serve(tmp_path, 99999, is_opened=False, say=print)
    with pytest.raises(ConfigError, match=r"[^.]\. Give another --port"):
        serve(tmp_path, 99_999_999, is_opened=False, say=print)


def test_runs_that_are_no_folder_are_refused_before_the_address(tmp_path):
    (tmp_path / "file").write_text("")
    said = []
    with pytest.raises(ConfigError, match="Runs cannot be kept in"):
        serve(tmp_path / "file", None, is_opened=False, say=said.append)
    assert said == []


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ConfigError, match=r"pip install 'handgrad\[web\]'"):
        serve(tmp_path, None, is_opened=False, say=print)


def test_the_browser_is_opened_with_the_token(tmp_path, monkeypatch):
    opened, said = [], []
    monkeypatch.setattr(module.webbrowser, "open", opened.append)
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    serve(tmp_path, None, is_opened=True, say=said.append)
    serve(tmp_path, None, is_opened=False, say=said.append)
    assert opened == said[:1]
    tokens = {address.partition("?token=")[2] for address in said}
    assert len(tokens) == 2
    assert all(len(token) == 32 for token in tokens)
