"""The children that a flow forks."""

import os
import signal
import time

from noukai_functions.worker.exchange import INTERRUPT
from noukai_functions.worker.inside.child import Guard
from tests.unit.own_process import in_own_process


def test_signal_ends_a_child_from_its_first_moment() -> None:
    """Otherwise a pool that ends a child as it starts would wait for it forever."""

    def fork_and_end() -> None:
        Guard().arm()
        for _ in range(100):
            if (pid := os.fork()) == 0:
                time.sleep(10)
                os._exit(0)
            os.kill(pid, INTERRUPT)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -INTERRUPT

    in_own_process(fork_and_end)


def test_fork_leaves_the_mask_and_a_handler_of_the_flow() -> None:
    """Only the guard's own handler is replaced in a child, and a signal that was blocked stays so."""

    def fork() -> None:
        Guard().arm()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        signal.signal(INTERRUPT, signal.SIG_IGN)
        if (pid := os.fork()) == 0:
            kept = signal.getsignal(INTERRUPT) == signal.SIG_IGN
            os._exit(kept and _mask() == {*mask, signal.SIGUSR1})
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
        assert _mask() == {*mask, signal.SIGUSR1}

    in_own_process(fork)


def _mask() -> set[int]:
    return signal.pthread_sigmask(signal.SIG_BLOCK, ())
