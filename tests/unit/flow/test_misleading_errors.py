"""Exceptions whose classes change members that every exception has."""

import os
from pathlib import Path

import pytest

from noukai.flow import PermanentError
from noukai.flow.runtime import Raised, raised_by
from noukai_functions.telemetry.logger import trace_of


class NamelessType(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError("no name to be had")


class NamelessError(PermanentError, metaclass=NamelessType):
    pass


class UnfathomableError(PermanentError):
    __cause__ = property(lambda _: 1 / 0)


def test_error_of_a_misleading_class_is_reported() -> None:
    """Whatever its class does, the job fails with it, and for good if it is permanent."""
    assert raised_by(NamelessError("x")) == Raised("NamelessError: x", permanent=True)
    told = raised_by(UnfathomableError("x"))
    assert told == Raised(
        "UnfathomableError: it cannot be described, because that raises ZeroDivisionError", True
    )
    assert trace_of(UnfathomableError("x")) == "the trace cannot be shown"


def test_source_file_that_is_a_pipe_is_not_read(tmp_path: Path) -> None:
    """Opening the pipe would wait for its writer, and so would the job."""
    source = tmp_path / "flow.py"
    os.mkfifo(source)
    with pytest.raises(ZeroDivisionError) as raised:
        exec(compile("1 / 0", source, "exec"))
    assert raised_by(raised.value).error == "ZeroDivisionError: division by zero"
    assert f'File "{source}", line 1' in trace_of(raised.value)
