import os
import signal
import subprocess
import sys

import psutil
import pytest

from handgrad.errors import RunError
from handgrad.training.ownership import take
from handgrad.training.run_state import process_of, state_of


def test_the_state_follows_the_files(tmp_path):
    assert state_of(tmp_path) == "stopped"
    (tmp_path / "non_finite.json").write_text("{}")
    assert state_of(tmp_path) == "failed"
    claim = take(tmp_path)
    assert state_of(tmp_path) == "running"
    claim.release()
    assert state_of(tmp_path) == "failed"
    (tmp_path / "result.json").write_text("{}")
    assert state_of(tmp_path) == "finished"


TAKES = """
import sys, time
from pathlib import Path
from handgrad.training.ownership import take
claim = take(Path(sys.argv[1]))
print("taken", flush=True)
time.sleep(600)
"""


def test_a_suspended_process_is_paused(tmp_path):
    command = [sys.executable, "-c", TAKES, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert process_of(tmp_path).pid == process.pid
        process_of(tmp_path).suspend()
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        assert state_of(tmp_path) == "paused"
        process.send_signal(signal.SIGKILL)
    assert state_of(tmp_path) == "stopped"


def test_the_process_is_the_owner_or_the_one_that_was_begun(tmp_path):
    with pytest.raises(RunError, match="is not training now"):
        process_of(tmp_path)
    assert process_of(tmp_path, os.getpid()) == psutil.Process()
    claim = take(tmp_path)
    assert process_of(tmp_path) == psutil.Process()
    claim.release()
