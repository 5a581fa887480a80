"""Streams are polled beside the queues on the local system."""

import threading

from noukai_infra.local.emulator.process import Beside

PATIENCE = 30


def test_who_polls_a_stream_keeps_nobody_waiting() -> None:
    """One poller at a time goes on while there is something, however often it is called."""
    found, asked, done = iter([True, True, False, False]), threading.Semaphore(0), threading.Semaphore(0)
    polls: list[str] = []

    def poll() -> bool:
        asked.release()
        assert done.acquire(timeout=PATIENCE)
        polls.append(threading.current_thread().name)
        return next(found)

    beside = Beside(poll)
    for _ in range(3):
        assert beside() is False
    for number in range(1, 4):
        assert asked.acquire(timeout=PATIENCE)
        assert len(polls) == number - 1
        done.release()
    while not asked.acquire(timeout=0.01):  # until the first is over, another call is in vain
        beside()
    done.release()
    assert len(set(polls[:3])) == 1
