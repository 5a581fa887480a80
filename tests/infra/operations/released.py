"""The released version: its own sources, from this repository's history, and the assembly that they make."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from noukai_infra.folders import SOURCES

RELEASED = "0.2.0"
_SOURCES = (
    "infra",
    "functions",
    "client",
    "cdk.json",
    "pyproject.toml",
    "requirements.lock",
    "README.md",
    "LICENSE",
)


def released_assembly(commit: str, folder: Path, flows: Path) -> Path:
    """Synthesize the template and the assets of a commit for flows of that version."""
    sources, outdir = folder / "sources", folder / "cdk.out"
    sources.mkdir()
    archive = subprocess.run(
        ["git", "-C", SOURCES, "archive", commit, *_SOURCES], capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", sources], input=archive, check=True)
    environ = {
        **os.environ,
        "PYTHONPATH": f"{sources}:{sources / 'client'}",  # before what is installed, which is today's
        "CDK_OUTDIR": str(outdir),
        "CDK_VALIDATION": "false",
        "CDK_CONTEXT_JSON": json.dumps({"platform": "host", "flows": str(flows)}),
    }
    made = subprocess.run(
        [sys.executable, "-m", "infra.app"],
        cwd=sources,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return outdir


def released_commit() -> str:
    """Return the commit that gave the sources the released version; skip where there is no history."""
    state = _git("rev-parse", "--is-shallow-repository")
    if state != "false":
        pytest.skip("the history of this checkout does not reach back to the release: clone it whole")
    return _git(
        "log", "--format=%H", "--reverse", f'-Sversion = "{RELEASED}"', "--", "pyproject.toml"
    ).split()[0]


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", "-C", SOURCES, *arguments], capture_output=True, text=True, check=False)
    return found.stdout.strip()
