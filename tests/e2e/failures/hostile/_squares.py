"""Functions that processes run."""

from multiprocessing.connection import Connection


def say_square(number: int, pipe: Connection) -> None:
    """Write the square of a number into a pipe."""
    pipe.send(number * number)
