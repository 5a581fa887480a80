"""A flow as an object of Python's."""

import copy
import pickle

from noukai.flow import flow


@flow
def double(number: int) -> int:
    """Double a number."""
    return 2 * number


class Box:
    """Has a flow within."""

    @staticmethod
    @flow
    def halve(number: int) -> int:
        """Halve a number."""
        return number // 2


def test_flow_is_itself_in_other_processes() -> None:
    """A flow is given to a pool of processes like a function: by its name."""
    assert pickle.loads(pickle.dumps(double)) is double
    assert pickle.loads(pickle.dumps(Box.halve)) is Box.halve
    assert copy.deepcopy(double) is double
