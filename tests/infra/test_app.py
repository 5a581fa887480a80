"""The CDK app as a program."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from infra.app import synthesize
from infra.settings import ROOT, file_context
from tests.infra.template import Template


def run_app(outdir: Path, **context: object) -> subprocess.CompletedProcess[str]:
    """Run the app as the CDK command does, on a system that has no Node."""
    return subprocess.run(
        [sys.executable, "-m", "infra.app"],
        cwd=ROOT,
        env={
            "HOME": os.environ.get("HOME", ""),
            "PATH": str(outdir),
            "CDK_OUTDIR": str(outdir),
            "CDK_CONTEXT_JSON": json.dumps(context),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_context_of_the_command_wins_over_the_file(tmp_path: Path) -> None:
    """And neither an account nor a system's Node is needed."""
    outdir = tmp_path / "out"
    result = run_app(outdir, stack="elsewhere", **{"aws:cdk:bundling-stacks": []})
    assert result.returncode == 0, result.stderr
    assert Template.read(outdir / "elsewhere.template.json").functions()


def test_flow_that_makes_no_sense_ends_the_app_with_its_file_and_line(tmp_path: Path) -> None:
    """And with no trace of ours."""
    (tmp_path / "texts.py").write_text("import nowhere_to_be_found\n")
    result = run_app(tmp_path / "out", flows=str(tmp_path))
    assert result.returncode == 1
    assert re.search(r"texts\.py:1: .*nowhere_to_be_found", result.stderr)
    assert "Traceback" not in result.stderr


def test_wrong_setting_ends_the_app_with_its_name(tmp_path: Path) -> None:
    """And with no trace of ours."""
    result = run_app(tmp_path / "out", worker={"timeout": 901})
    assert result.returncode == 1
    assert "worker.timeout" in result.stderr
    assert "Traceback" not in result.stderr


def test_platform_changes_nothing_but_the_code(tmp_path: Path) -> None:
    """What runs locally is what is deployed."""
    texts = {}
    for platform in ("host", "manylinux"):
        synthesize(tmp_path / platform, {**file_context(), "platform": platform})
        texts[platform] = Template.read(tmp_path / platform / "noukai.template.json").text
    assert texts["host"] != texts["manylinux"]
    assert without_hashes(texts["host"]) == without_hashes(texts["manylinux"])


def without_hashes(text: str) -> str:
    return re.sub(r"[0-9a-f]{64}", "", text)
