"""The README's code, run as a reader would run it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.local.running import ready
from infra.settings import ROOT

TEXT = (ROOT / "README.md").read_text()


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what follows it in the fence, and its code."""

    language: str
    info: str
    code: str


BLOCKS = [Block(*found) for found in re.findall(r"^```(\w*) *([^\n]*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)]


SCRIPTS = [block for block in BLOCKS if block.language == "python" and not block.info]
FILES = [block for block in BLOCKS if block.info]
COMMANDS = [block for block in BLOCKS if block.language == "sh" and "noukai " in block.code]
READER = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
"""The environment of a reader at a terminal, whom no `make` has started, where `make test` runs these tests."""
TARGETS = {line for block in BLOCKS if block.language == "sh" for line in block.code.splitlines() if "make" in line}


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a reader whose local system runs the README's flows beside the demo's."""
    flows = tmp_path_factory.mktemp("my_flows")
    shutil.copy(ROOT / "functions" / "flows" / "demo.py", flows)
    for block in FILES:
        (flows / block.info.removeprefix("file=")).write_text(block.code)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with ready(flows=flows) as url:
        yield {**READER, "PATH": path, "NOUKAI_BASE_URL": url}


def run(command: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_block_is_run_here() -> None:
    """No code stands in the README that the other tests do not run."""
    drawings = [block for block in BLOCKS if block.language == "text"]
    makes = [block for block in BLOCKS if block.language == "sh" and block not in COMMANDS]
    assert len(SCRIPTS) + len(FILES) + len(COMMANDS) + len(makes) + len(drawings) == len(BLOCKS)
    assert {"make demo", "make test", "make deploy"} == TARGETS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda block: block.code.splitlines()[-1])
def test_scripts(environ: dict[str, str], script: Block) -> None:
    """Every Python script of the README runs as it stands."""
    assert run([sys.executable, "-W", "error", "-c", script.code], environ)


def test_commands(environ: dict[str, str]) -> None:
    """The command lines of the README run as they stand."""
    for block in COMMANDS:
        output = run(["bash", "-euo", "pipefail", "-c", block.code], environ)
        assert "acme/demo/word-count" in output
        assert "cancelled" in output


def test_demo() -> None:
    """`make demo` runs the whole system, says how long it may take, shows its job's progress and prints the result."""
    output = run(["make", "demo"], READER)
    assert re.match(r" +0\.\d s  starting .* \(about \d+ s left\)\n", output)
    assert re.search(r"\d+ % counted \d+ of \d+ lines", output)
    assert '"words"' in output


def test_targets_exist() -> None:
    """The other commands of the README are there; the tests of the deployment run what `make deploy` runs."""
    assert "-m infra deploy" in run(["make", "-n", "deploy"], READER)
    assert "pytest" in run(["make", "-n", "test"], READER)
