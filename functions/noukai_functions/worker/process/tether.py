"""The tether between flow processes and their worker, by which they die with it."""

import fcntl
import os
import select
import signal
import sys

from noukai_functions.worker.inside.descriptors import moved_up


class Tether:
    """A pipe whose write end only the worker holds: when it closes, the kernel kills the tied group.

    This also works when the worker is killed; otherwise its flow would run on beside the next attempt.
    `PR_SET_PDEATHSIG` would miss the flow's own children, and a watching process would cost another fork.
    Only Linux can send a signal other than `SIGIO`: elsewhere a flow can outlive a killed worker.
    """

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()

    def close_child_side(self) -> None:
        """Close the flow's end in the worker."""
        os.close(self._read_end)

    def tie(self) -> int:
        """Tie this process's group to the pipe; return the descriptor."""
        os.close(self._write_end)
        self._read_end = moved_up(self._read_end)
        if sys.platform == "linux":
            fcntl.fcntl(self._read_end, fcntl.F_SETOWN, -os.getpgrp())
            fcntl.fcntl(self._read_end, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(self._read_end, fcntl.F_SETFL, os.O_ASYNC)
        if select.select([self._read_end], [], [], 0)[0]:
            os._exit(1)  # the worker ended before the kernel could report it
        return self._read_end

    def cut(self) -> None:
        """Release the tether, which kills the rest of the group."""
        os.close(self._write_end)

    def drop(self) -> None:
        """Close both ends of an unused tether."""
        os.close(self._read_end)
        os.close(self._write_end)
