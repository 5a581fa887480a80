"""A flow as a Python object."""

import copy
import pickle

from noukai.flow import flow


@flow
def double(number: int) -> int:
    """Double a number."""
    return 2 * number


class Box:
    """A class with a flow in it."""

    @staticmethod
    @flow
    def halve(number: int) -> int:
        """Halve a number."""
        return number // 2


def test_flow_can_be_pickled() -> None:
    """A pool of processes takes a flow like a function: by its name."""
    assert pickle.loads(pickle.dumps(double)) is double
    assert pickle.loads(pickle.dumps(Box.halve)) is Box.halve
    assert copy.deepcopy(double) is double
