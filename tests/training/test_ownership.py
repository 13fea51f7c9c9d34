import json
import os
import subprocess
import sys

import pytest

from handgrad.errors import RunError
from handgrad.training import ownership
from handgrad.training.ownership import (
    disown,
    is_gone,
    is_owned_elsewhere,
    take,
    this_process,
)

from .small import CHILDREN, killed


def owner_of(folder):
    (path,) = folder.glob("owner-*.json")
    return json.loads(path.read_text())


def test_only_one_can_own_a_folder(tmp_path):
    mine = take(tmp_path)
    with pytest.raises(RunError, match=f"in use by process {os.getpid()} on"):
        take(tmp_path)
    mine.release()
    take(tmp_path).release()


def test_the_second_process_leaves_the_claim_of_the_first(tmp_path, monkeypatch):
    first = {**this_process(), "host": "elsewhere", "token": "x"}
    claim = ownership.claim_file

    def claim_after_another(path, content):
        path.write_text(json.dumps(first))
        return claim(path, content)

    monkeypatch.setattr(ownership, "claim_file", claim_after_another)
    with pytest.raises(RunError, match="in use by process"):
        take(tmp_path)
    assert owner_of(tmp_path) == first


def test_a_claim_made_from_an_outdated_listing_is_withdrawn(tmp_path, monkeypatch):
    claim = ownership.claim_file

    def claim_in_a_folder_that_has_gone_on(path, content):
        (tmp_path / "owner-0009.json").write_text(json.dumps({"released": True}))
        return claim(path, content)

    monkeypatch.setattr(ownership, "claim_file", claim_in_a_folder_that_has_gone_on)
    with pytest.raises(RunError, match="in use by another process"):
        take(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["owner-0009.json"]


def test_numbers_only_grow_and_one_file_stays(tmp_path):
    for _ in range(3):
        take(tmp_path).release()
    assert [path.name for path in tmp_path.iterdir()] == ["owner-0003.json"]


def test_an_unreferenced_claim_is_released(tmp_path):
    mine = take(tmp_path)
    del mine
    assert owner_of(tmp_path) == {"released": True}
    take(tmp_path)


def test_a_folder_that_is_gone_needs_no_release(tmp_path):
    mine = take(tmp_path)
    mine.path.unlink()
    mine.release()
    assert list(tmp_path.iterdir()) == []


def test_a_claim_left_in_this_process_is_gone(tmp_path):
    assert is_gone({**this_process(), "token": "nobody holds it"})


def take_and_end(report, folder):
    held_until_the_end.append(take(folder))
    report(1)


held_until_the_end = []


def test_a_claim_is_released_when_its_process_ends(tmp_path):
    assert killed(take_and_end, (tmp_path,), lambda random: (2, 0)) == 1
    take(tmp_path)


def hold(report, folder):
    mine = take(folder)
    report(1)
    while mine:
        pass


def test_a_killed_owner_is_gone(tmp_path):
    assert killed(hold, (tmp_path,), lambda random: (1, 0)) == 1
    assert owner_of(tmp_path)["process"] != os.getpid()
    take(tmp_path)


def test_a_living_owner_is_not(tmp_path):
    receiver, sender = CHILDREN.Pipe(duplex=False)
    child = CHILDREN.Process(target=hold, args=(sender.send, tmp_path))
    child.start()
    try:
        assert receiver.recv() == 1
        with pytest.raises(RunError, match=f"in use by process {child.pid} on"):
            take(tmp_path)
    finally:
        child.kill()
        child.join()
    take(tmp_path)


def test_a_process_on_another_machine_is_assumed_running(tmp_path):
    elsewhere = {**this_process(), "host": "elsewhere", "token": "x"}
    assert not is_gone(elsewhere)
    (tmp_path / "owner-0007.json").write_text(json.dumps(elsewhere))
    with pytest.raises(RunError, match=r"on elsewhere.*remove owner-0007\.json"):
        take(tmp_path)


def claim_of(process):
    started = ownership._started(process)
    return {**this_process(), "process": process, "started": started, "token": "x"}


def test_a_reused_pid_or_one_from_before_a_reboot_is_gone():
    living = claim_of(os.getppid())
    assert not is_gone(living)
    assert is_gone({**living, "started": "1"})
    for another in ("", "~"):  # sorts before and after any real start time
        assert is_gone({**living, "boot": another})
    assert is_gone({**living, "process": 2**22 + 1})


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_zombie_is_gone():
    child = subprocess.Popen(["sleep", "60"])
    claim = claim_of(child.pid)
    assert int(claim["started"]) > 0
    assert not is_gone(claim)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # leave it a zombie
    assert is_gone(claim)
    child.wait()


def test_without_proc_the_process_is_probed(monkeypatch):
    monkeypatch.setattr(ownership, "_first_line", lambda path: "")
    now = {**this_process(), "token": "x"}
    assert is_gone({**now, "process": 2**22 + 1})
    assert not is_gone({**now, "process": os.getppid()})


def test_a_claim_without_a_process_is_assumed_running():
    assert not is_gone({**this_process(), "process": "7", "token": "x"})


@pytest.mark.slow
@pytest.mark.parametrize("left_by_a_dead_process", [False, True])
def test_of_several_at_once_exactly_one_proceeds(tmp_path, left_by_a_dead_process):
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        if left_by_a_dead_process:
            gone = {**this_process(), "boot": "another"}
            (folder / "owner-0003.json").write_text(json.dumps(gone))
        assert sum(results_of_race(folder, 4)) == 1


def results_of_race(folder, count):
    start = CHILDREN.Barrier(count)
    pipes = [CHILDREN.Pipe(duplex=False) for _ in range(count)]
    children = [
        CHILDREN.Process(target=race, args=(sender, folder, start))
        for _, sender in pipes
    ]
    for child in children:
        child.start()
    results = [receiver.recv() for receiver, _ in pipes]
    for child in children:
        child.join()
    return results


def race(sender, folder, start):
    start.wait()
    try:
        mine = take(folder)
        sender.send(1)
    except RunError:
        mine = None
        sender.send(0)
    start.wait()  # the owner keeps it until all have tried
    del mine


@pytest.mark.nightly
def test_of_two_to_eight_at_once_exactly_one_proceeds_a_hundred_times(tmp_path):
    for number in range(100):
        folder = tmp_path / str(number)
        folder.mkdir()
        if number % 2:
            gone = {**this_process(), "boot": "another"}
            (folder / "owner-0003.json").write_text(json.dumps(gone))
        assert sum(results_of_race(folder, 2 + number % 7)) == 1


def test_a_claim_of_another_machine_is_seen_and_can_be_released(tmp_path):
    assert not is_owned_elsewhere(tmp_path)
    disown(tmp_path)  # nobody's
    assert list(tmp_path.iterdir()) == []
    claim = {**this_process(), "host": "elsewhere", "token": "x"}
    (tmp_path / "owner-0007.json").write_text(json.dumps(claim))
    assert is_owned_elsewhere(tmp_path)
    with pytest.raises(RunError, match="on elsewhere"):
        take(tmp_path)
    disown(tmp_path)
    assert not is_owned_elsewhere(tmp_path)
    take(tmp_path).release()
