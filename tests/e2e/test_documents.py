"""The documents' code, run as a reader would run it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from noukai_infra.local.running import ready
from noukai_infra.settings import ROOT
from tests.documents import BLOCKS, Block

SCRIPTS = [block for block in BLOCKS if block.language == "python" and not block.info]
FLOWS = [block for block in BLOCKS if block.language == "python" and block.info.startswith("file=")]
RECEIVERS = [block for block in BLOCKS if block.info.startswith("receiver=")]
"""Run by `tests/client/receiving`."""
APPLICATIONS = [block for block in BLOCKS if block.info.startswith("application=")]
OF_CI = [block for block in BLOCKS if block.language in ("yaml", "json") and block.info.startswith("file=")]
"""Run by `tests/infra/operations/test_ci_recipe.py`."""
OF_REPOSITORIES = [block for block in BLOCKS if block.language == "toml" or block.info == "repository"]
"""Read by `tests/infra/settings/test_noukai_toml.py`, and run by `tests/e2e/test_wheel.py`."""
OF_OPERATORS = [block for block in BLOCKS if block.document.name == "RUNBOOK.md" and block.language == "sh"]
"""Run by `tests/infra/health/test_runbook_commands.py`."""
COMMANDS = [
    block
    for block in BLOCKS
    if block.language == "sh" and "noukai " in block.code and not block.info and block not in OF_OPERATORS
]
MAKES = [
    block
    for block in BLOCKS
    if block.language == "sh" and block not in (*COMMANDS, *OF_REPOSITORIES, *OF_OPERATORS)
]
SKETCHES = [block for block in BLOCKS if block.info == "sketch"]
"""Python that needs an image or a database: only compiled."""
ELSEWHERE = [block for block in BLOCKS if block.language in ("dockerfile", "js", "console")]
"""For an image's build, a browser and AWS, none of which is at hand."""
READER = {
    name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
}
"""The environment of a reader at a terminal, without the variables of `make test`."""
TARGETS = {line.strip() for block in MAKES for line in block.code.splitlines()}
FIRST_TEST = ".venv/bin/pytest -q tests/functions/api/test_limits.py"
"""A contributor's first command; `make test` runs the test too."""
DRIVER = Path(__file__).with_name("web_application.py")


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return a reader's environment; the local system has the documents' flows and the demo's."""
    flows = tmp_path_factory.mktemp("my_flows")
    shutil.copy(ROOT / "functions" / "flows" / "demo.py", flows)
    for block in FLOWS:
        (flows / block.file).write_text(block.code)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with ready(flows=flows) as url:
        yield {**READER, "PATH": path, "NOUKAI_BASE_URL": url}


def run(command: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_block_is_run() -> None:
    """Some test runs each block of a document."""
    drawings = [block for block in BLOCKS if block.language == "text"]
    run_by_others = [*SKETCHES, *ELSEWHERE, *RECEIVERS, *OF_CI, *OF_REPOSITORIES, *OF_OPERATORS]
    run_somewhere = [*SCRIPTS, *FLOWS, *APPLICATIONS, *COMMANDS, *MAKES, *run_by_others, *drawings]
    assert [block for block in BLOCKS if block not in run_somewhere] == []
    assert {"make demo", "make test", "make setup", FIRST_TEST} == TARGETS


@pytest.mark.parametrize("sketch", SKETCHES, ids=lambda block: block.title)
def test_sketches(sketch: Block) -> None:
    """What cannot be run here is valid Python at least."""
    compile(sketch.code, str(sketch.document), "exec")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda block: block.title)
def test_scripts(environ: dict[str, str], script: Block) -> None:
    """Every Python script of the documents runs unchanged."""
    assert run([sys.executable, "-W", "error", "-c", script.code], environ)


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda block: block.title)
def test_web_application(environ: dict[str, str], application: Block, tmp_path: Path) -> None:
    """It submits, shows and cancels a job, and answers 404 for an unknown one."""
    (tmp_path / application.file).write_text(application.code)
    assert run([sys.executable, "-W", "error", str(DRIVER), str(tmp_path / application.file)], environ)


def test_commands(environ: dict[str, str]) -> None:
    """The command lines of the documents run unchanged."""
    assert COMMANDS
    for block in COMMANDS:
        output = run(["bash", "-euo", "pipefail", "-c", block.code], environ)
        assert "acme/demo/word-count" in output
        assert "cancelled" in output


def test_demo() -> None:
    """`make demo` runs the whole system and prints its duration, the job's progress and the result."""
    output = run(["make", "demo"], READER)
    assert re.match(r" +0\.\d s  starting .* \(about \d+ s left\)\n", output)
    assert re.search(r"\d+ % counted \d+ of \d+ lines", output)
    assert '"words"' in output


def test_targets_exist() -> None:
    """The README's other commands exist; the tests of the deployment run what `make deploy` runs."""
    assert "-m noukai_infra deploy" in run(["make", "-n", "deploy"], READER)
    assert "pytest" in run(["make", "-n", "test"], READER)
