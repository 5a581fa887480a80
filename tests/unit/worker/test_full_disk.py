"""Attempts that fill the disk, each test in its own worker with its own small disk."""

import ctypes
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from noukai.flow.runtime import Raised, Returned
from noukai_functions.worker.exchange import Answer, Outcome, ProgressBoard
from noukai_functions.worker.inside.channel import Channel
from noukai_functions.worker.process.pool import ProcessPool
from tests.flow_process import CALL, called
from tests.unit.own_process import in_own_process

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_PRIVATE = 0x4000 | 0x40000


def mount_small_disk(folder: Path) -> bool:
    """Mount a disk of one mebibyte for this process alone; return whether the system allows it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS if os.geteuid() == 0 else _NEW_MOUNTS | _NEW_USER):
        return False
    libc.mount(b"none", b"/", None, _PRIVATE, None)
    return not libc.mount(b"none", bytes(folder), b"tmpfs", 0, b"size=1m")


def fill(folder: str) -> Outcome:
    """Write until the disk is full."""
    try:
        with (Path(folder) / "file").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 2**16)
    except OSError as error:
        return Raised(f"OSError: {error.strerror}")


def body(channel: Channel, _: ProgressBoard, token: str) -> None:
    """Fill the disk in each call."""
    channel.say(Answer(), token)
    while received := channel.next_call():
        call, token = received
        is_empty = os.statvfs(call.folder).f_bfree == os.statvfs(call.folder).f_blocks
        channel.say(Answer(fill(call.folder) if is_empty else Returned("null"), is_clean=True), token)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux mounts a disk for one process")
def test_attempt_that_fills_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own job fails; the next attempt, in the same process, has the whole disk."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    mark = tmp_path.with_name("mounted")

    def worker() -> None:
        if not mount_small_disk(tmp_path):
            return
        mark.touch()
        processes = ProcessPool(lambda _: body, memory=1 << 30)
        pids = []
        for _ in range(3):
            process = processes.take("trial", fresh=False)
            pids.append(process.pid)
            outcome = called(process, replace(CALL, folder=process.folder))
            assert outcome == Raised("OSError: No space left on device")
            processes.give_back(process)
        assert len(set(pids)) == 1
        processes.close()
        assert not [*tmp_path.iterdir()]

    in_own_process(worker)
    if not mark.exists():
        pytest.skip("the system lets nobody mount here")
