"""The start of the local system, its failures, and its early end."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from noukai_infra.local import processes
from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.emulated_stack import EmulatedStack
from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.errors import LocalError
from noukai_infra.local.running import READY, started
from noukai_infra.settings import ROOT
from tests.infra.local.local_system import START_SECONDS, STOP_SECONDS, first_child, run_of, stop


def refusal(**settings: str) -> str:
    """Start it with settings that it refuses, and return what it says."""
    result = subprocess.run(
        [sys.executable, "-m", "noukai_infra.local"],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )
    assert result.returncode == 1
    assert READY not in result.stdout
    return result.stderr


def test_an_interrupted_start_leaves_nothing() -> None:
    """Ctrl-C before it is ready stops it as well."""
    with started(os.environ) as system:
        run = run_of(system)

        assert stop(system, signal.SIGINT) == 0
        assert processes.marked(run) == []
        assert READY not in system.output


def test_the_end_of_the_emulator_is_the_end() -> None:
    """Without its emulator it ends with status 1 and says so, and takes the other processes along."""
    with started(os.environ) as system:
        emulator = first_child(system)
        run = emulator.environ()[processes.MARK]
        emulator.kill()

        assert system.process.wait(STOP_SECONDS) == 1
        assert "The emulator has ended with status -9" in system.output
        assert processes.marked(run) == []


def test_a_resource_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    """A stack that fails is reported with the resource that made it fail, and why."""
    run = uuid.uuid4().hex
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 50_000}}
    template = {"Resources": {"Broken": queue}}

    async def create() -> None:
        emulator = await Emulator.start(tmp_path, {**os.environ, processes.MARK: run})
        try:
            await emulator.ready()
            await EmulatedStack.of(emulator.endpoint).create(
                Assembly("broken", json.dumps(template), ()), now=0
            )
        finally:
            processes.end_all(run)
            await emulator.process.communicate()

    with pytest.raises(LocalError, match=r"Broken \(AWS::SQS::Queue\): .*VisibilityTimeout"):
        asyncio.run(create())


def test_a_taken_port_is_one_clear_line() -> None:
    """A port that somebody else uses is refused at once, in one line that names it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal(PORT=str(port))

    assert said.startswith(f"Port {port} is taken")
    assert said.count("\n") == 1


def test_a_flow_that_cannot_be_built_is_no_start(tmp_path: Path) -> None:
    """It ends with status 1 and names the file and line of the flow."""
    (tmp_path / "broken.py").write_text("x = 1\nimport\n")

    assert "broken.py:2" in refusal(PORT="0", FLOWS=str(tmp_path))


INTERRUPTED_AT_ITS_IMPORTS = """
import os, runpy, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == "noukai_infra.local.launcher":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
runpy.run_module("noukai_infra.local", run_name="__main__")
"""


def test_an_interrupt_in_its_first_second_is_an_end_like_any_other() -> None:
    """Ctrl-C while its modules are loaded ends it without a traceback."""
    program = [sys.executable, "-c", INTERRUPTED_AT_ITS_IMPORTS]
    result = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
