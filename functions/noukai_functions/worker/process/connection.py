"""The connection between a worker and a flow process: pipes, a tether and a progress board."""

import os
from collections.abc import Collection
from contextlib import ExitStack

from noukai_functions.logs.masking import Masker
from noukai_functions.worker.exchange import ProgressBoard
from noukai_functions.worker.inside.channel import Channel
from noukai_functions.worker.inside.descriptors import moved_up
from noukai_functions.worker.process.after_fork import detach
from noukai_functions.worker.process.output import Output
from noukai_functions.worker.process.tether import Tether


class Connection:
    """A connection made before the fork.

    Afterwards the worker calls `close_child_side` and the child `enter`.

    Raises:
        OSError: no file descriptors are left.
    """

    def __init__(self, masker: Masker) -> None:
        with ExitStack() as made:
            self.board = ProgressBoard()
            made.callback(self.board.close)
            self.tether = Tether()
            made.callback(self.tether.drop)
            self.output = Output(masker)
            made.callback(self.output.drop)
            self._their_calls, self.calls = os.pipe()
            made.callback(_close, self._their_calls, self.calls)
            self.answers, self._their_answers = os.pipe()
            made.callback(_close, self.answers, self._their_answers)
            os.set_blocking(self.calls, False)
            os.set_blocking(self.answers, False)
            self._made = made.pop_all()

    def drop(self) -> None:
        """Close both sides after a failed fork."""
        self._made.close()

    def close_child_side(self) -> None:
        """Close the child's ends in the worker."""
        self.tether.close_child_side()
        self.output.close_child_side()
        _close(self._their_calls, self._their_answers)

    def enter(self, modules: Collection[str] | None) -> Channel:
        """Close the worker's ends in the child and detach from the worker."""
        os.setpgid(0, 0)
        tied = self.tether.tie()
        channel = Channel(self._their_calls, self._their_answers)
        *streams, records = self.output.writing
        records = moved_up(records)
        output = list(zip(streams, self.output.memories, strict=True))
        detach({tied, records, *channel.descriptors}, output, modules, records)
        return channel

    def close(self) -> None:
        """Close the worker's ends; this kills the rest of the process group."""
        self.tether.cut()
        self.output.close()
        self.board.close()
        _close(self.calls, self.answers)

    def close_calls(self) -> None:
        """Close the pipe of calls, after the last call."""
        os.close(self.calls)
        self.calls = -1


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)
