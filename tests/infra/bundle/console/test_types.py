"""The types of the console: generated from the API's document, and checked by the compiler."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from noukai_functions.build.openapi.document import openapi
from noukai_infra.console.files import PAGE
from noukai_infra.nodejs import NODE, NPM, node_environment
from noukai_infra.settings import ROOT

LOCKED = Path(__file__).parent / "types"
FOLDER = ROOT / ".build" / "console-types"
CONSOLE = PAGE.parent
TYPES = Path("types") / "api.d.ts"


@pytest.fixture(scope="module")
def node_modules() -> Path:
    """Install the locked compiler and generator, unless they are there; return their folder."""
    complete, locked = FOLDER / "package-lock.json", LOCKED / "package-lock.json"
    if not complete.exists() or complete.read_bytes() != locked.read_bytes():
        FOLDER.mkdir(parents=True, exist_ok=True)
        shutil.copy(LOCKED / "package.json", FOLDER)
        shutil.copy(locked, FOLDER)
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        try:
            subprocess.run([*NPM, "ci", *quiet], check=True, cwd=FOLDER, env=node_environment(os.environ))
        except subprocess.CalledProcessError:
            complete.unlink()
            raise
    return FOLDER / "node_modules"


def compiled(node_modules: Path, folder: Path) -> str:
    """Return what the compiler says about the modules in a folder; empty if all is well."""
    compiler = node_modules / "typescript" / "bin" / "tsc"
    command = [str(NODE), str(compiler), "-p", str(folder / "jsconfig.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return done.stdout + done.stderr


def test_types_are_those_of_the_document(node_modules: Path, tmp_path: Path) -> None:
    """Otherwise `CONSOLE_TYPES=write` with this test writes them anew."""
    (tmp_path / "openapi.json").write_text(json.dumps(openapi({}, 900, {})))
    generator = node_modules / "openapi-typescript" / "bin" / "cli.js"
    command = [str(NODE), str(generator), "openapi.json", "-o", "api.d.ts"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True, timeout=120)
    made = (tmp_path / "api.d.ts").read_text()
    if os.environ.get("CONSOLE_TYPES") == "write":
        (CONSOLE / TYPES).write_text(made)
    assert (CONSOLE / TYPES).read_text() == made


def test_modules_fit_the_types(node_modules: Path) -> None:
    """A field that the API does not have is an error, as is any other mistake that a compiler sees."""
    assert compiled(node_modules, CONSOLE) == ""


def test_unknown_field_is_found(node_modules: Path, tmp_path: Path) -> None:
    shutil.copytree(CONSOLE, tmp_path / "console", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    module = tmp_path / "console" / "page" / "views" / "jobs" / "row.js"
    text = module.read_text()
    assert "job.startedAt" in text
    module.write_text(text.replace("job.startedAt", "job.beganAt"))
    assert "Property 'beganAt' does not exist" in compiled(node_modules, tmp_path / "console")
