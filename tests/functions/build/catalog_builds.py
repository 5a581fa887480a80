"""Builds of a catalog, as the bundler makes them."""

import os
import subprocess
import sys
from pathlib import Path

HEAD = "from typing import Any\nfrom noukai.flow import Context, flow\n\n"


def build(
    folder: Path, flow_seconds: int = 840, grace_seconds: int = 10, further: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the build step as the bundler does, in a process of its own."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "noukai_functions.build.catalog_build",
            str(folder),
            str(folder / "out"),
            str(flow_seconds),
            str(grace_seconds),
            "cdk.json",
            *further,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def assert_refused(folder: Path, source: str, line: int | None, said: str) -> None:
    """Assert that the build fails because of a module, and says so at a line of it."""
    (folder / "project.py").write_text(HEAD + source)
    built = build(folder)
    assert built.returncode == 1
    assert said in built.stderr
    assert "Traceback" not in built.stderr
    if line is not None:
        assert f"{folder / 'project.py'}:{line}: " in built.stderr
    assert not (folder / "out").exists()
