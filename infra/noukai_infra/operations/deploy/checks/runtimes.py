"""Lambda's Python runtimes, and the end of their support."""

from datetime import date

from noukai_infra.folders import REPOSITORY, SOURCES
from noukai_infra.operations.account import OperatorError

_NEWEST = (3, 14)
_OLDEST = (3, 11)
_ENDS = {(3, 11): date(2027, 6, 30)}
"""The end of AWS's support for the runtimes that end next.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html has 2027-06-30 for python3.11: functions
cannot be created from 2027-07-31 on, nor updated from 2027-08-31 on. For python3.12 it has 2028-10-31."""

_OTHERWISE = (
    "remove .venv and set up again with another: make PYTHON=python3.13 setup."
    if REPOSITORY == SOURCES
    else "make the virtual environment again with another, such as python3.13."
)


def check_runtime(version: tuple[int, int]) -> str | None:
    """Return a warning if AWS soon ends the runtime of a Python version.

    Raises:
        OperatorError: Lambda does not have this runtime.
    """
    name = ".".join(map(str, version))
    if not _OLDEST <= version <= _NEWEST:
        raise OperatorError(
            f"Lambda has no runtime for Python {name}, with which this was set up: {_OTHERWISE}"
        )
    if end := _ENDS.get(version):
        return f"AWS ends Lambda's runtime for Python {name} on {end}: by then, {_OTHERWISE}"
    return None
