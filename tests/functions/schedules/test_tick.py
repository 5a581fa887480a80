"""The tick runs each of its parts, whatever becomes of the others."""

import json
from pathlib import Path

import pytest

from noukai_functions.deployment import Deployment
from noukai_functions.handlers.tick import HasTime, Part, run
from noukai_functions.telemetry.logger import InvocationFailedError, renew_logger


def test_a_failed_part_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The failure is logged with the part, and the invocation fails at its end, so that it is counted."""
    renew_logger()
    ran = []

    def working(name: str) -> Part:
        return lambda _deployment, has_time: ran.append((name, has_time()))

    def failing(_deployment: Deployment, _has_time: HasTime) -> None:
        raise ValueError("text of an input")

    parts = {"first": working("first"), "second": failing, "third": working("third")}
    with pytest.raises(InvocationFailedError, match="second"):
        run(Deployment({}, tmp_path), lambda: True, parts)
    assert ran == [("first", True), ("third", True)]
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["message"], line["part"]) == ("a part of the tick failed", "second")
    assert "text of an input" not in json.dumps(line)


def test_the_tick_succeeds_with_its_parts(tmp_path: Path) -> None:
    """Each part gets the deployment."""
    deployment, got = Deployment({}, tmp_path), []
    run(deployment, lambda: False, {"only": lambda given, _: got.append(given)})
    assert got == [deployment]
