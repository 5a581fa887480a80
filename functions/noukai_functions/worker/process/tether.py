"""The tether of a flow's processes to their worker: they die with it."""

import fcntl
import os
import select
import signal
import sys

from noukai_functions.worker.inside.descriptors import moved_up


class Tether:
    """A pipe whose write end only the worker holds: when it closes, the kernel kills the tied group.

    It closes also when the worker is killed, and a flow that ran on would run beside its next attempt.
    `PR_SET_PDEATHSIG` would miss what the flow has started, and another process to watch over both would cost
    another fork. Only Linux can send another signal than `SIGIO`: elsewhere a flow can outlive a worker that
    is killed.
    """

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()

    def close_child_side(self) -> None:
        """Keep the worker's end only."""
        os.close(self._read_end)

    def tie(self) -> int:
        """Tie this process's group to the pipe; return its descriptor."""
        os.close(self._write_end)
        self._read_end = moved_up(self._read_end)
        if sys.platform == "linux":
            fcntl.fcntl(self._read_end, fcntl.F_SETOWN, -os.getpgrp())
            fcntl.fcntl(self._read_end, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(self._read_end, fcntl.F_SETFL, os.O_ASYNC)
        if select.select([self._read_end], [], [], 0)[0]:
            os._exit(1)  # the worker had ended before anybody could be told
        return self._read_end

    def cut(self) -> None:
        """Release the tether; the rest of the group is killed."""
        os.close(self._write_end)

    def drop(self) -> None:
        """Close both ends of an unused tether."""
        os.close(self._read_end)
        os.close(self._write_end)
