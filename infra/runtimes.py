"""Lambda's runtimes for Python, and until when AWS lets functions be made with them."""

from datetime import date

from infra.account import OperatorError

_NEWEST = (3, 14)
_OLDEST = (3, 11)
_ENDS = {(3, 11): date(2027, 6, 30)}
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html: of those that end before this project would."""

_OTHERWISE = "remove .venv and set up again with another: make PYTHON=python3.13 setup."


def check_runtime(version: tuple[int, int]) -> str | None:
    """Say when AWS ends the runtime of a version of Python, if that is soon.

    Raises:
        OperatorError: there is no such runtime.
    """
    name = ".".join(map(str, version))
    if not _OLDEST <= version <= _NEWEST:
        raise OperatorError(f"Lambda has no runtime for Python {name}, with which this was set up: {_OTHERWISE}")
    if end := _ENDS.get(version):
        return f"AWS ends Lambda's runtime for Python {name} on {end}: by then, {_OTHERWISE}"
    return None
