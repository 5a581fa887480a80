"""The CDK app as a program."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from noukai_infra.app import bundler_of, synthesize
from noukai_infra.operations.deploy.cdk import app_command
from noukai_infra.settings import ROOT, Settings, file_context
from tests.infra.stack.template import Template


def run_app(outdir: Path, **context: object) -> subprocess.CompletedProcess[str]:
    """Run the app as the CDK command does, on a system that has no Node."""
    return subprocess.run(
        [sys.executable, "-m", "noukai_infra.app"],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": str(outdir),
            "CDK_OUTDIR": str(outdir),
            "CDK_CONTEXT_JSON": json.dumps(context),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("folder", ["plain", "with a space", "it's $HOME"])
def test_app_is_found_wherever_the_repository_lies(tmp_path: Path, folder: str) -> None:
    """A shell reads the command with the interpreter's path as one word, whatever is in it."""
    interpreter = tmp_path / folder / "python"
    interpreter.parent.mkdir()
    interpreter.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    interpreter.chmod(0o755)
    said = subprocess.run(
        ["/bin/sh", "-c", app_command(str(interpreter))], capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == ["-m", "noukai_infra.app"]


def test_context_of_the_command_wins_over_the_file(tmp_path: Path) -> None:
    """And neither an account nor a system's Node is needed."""
    outdir = tmp_path / "out"
    result = run_app(outdir, stack="elsewhere", **{"aws:cdk:bundling-stacks": []})
    assert result.returncode == 0, result.stderr
    assert Template((outdir / "elsewhere.template.json").read_text()).functions()


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


def test_worker_that_would_cut_a_flow_short_ends_the_app(tmp_path: Path) -> None:
    """If no other worker could have the time; with the name of the flow, and with no trace of ours."""
    (tmp_path / "long.py").write_text(
        "from noukai.flow import flow\n@flow(timeout=840)\ndef run() -> None: ...\n"
    )
    result = run_app(tmp_path / "out", flows=str(tmp_path), worker={"grace_seconds": 60})
    assert result.returncode == 1
    assert re.search(r"long\.py:2: flow 'run': no worker has 840 seconds", result.stderr)
    assert "Traceback" not in result.stderr


def test_flow_that_takes_longer_than_the_worker_has_time_gets_another(tmp_path: Path) -> None:
    """A function of Lambda and a queue of its own."""
    result = run_app(tmp_path / "out", worker={"timeout": 619})
    assert result.returncode == 0, result.stderr
    template = Template.of(tmp_path / "out")
    _, queue = template.named_resource("SQS::Queue", "QueuesJobsT900")
    _, worker = template.named_resource("Lambda::Function", "WorkerT900")
    assert (queue["Properties"]["VisibilityTimeout"], worker["Properties"]["Timeout"]) == (900, 900)


def test_platform_changes_nothing_but_the_code(tmp_path: Path) -> None:
    """What runs locally is what is deployed."""
    texts = {}
    for platform in ("host", "manylinux"):
        synthesize(tmp_path / platform, {**file_context(), "platform": platform})
        texts[platform] = Template.of(tmp_path / platform).text
    assert texts["host"] != texts["manylinux"]
    assert without_hashes(texts["host"]) == without_hashes(texts["manylinux"])


@pytest.mark.parametrize(
    ("platform", "architecture", "built_for"),
    [
        ("manylinux", "arm64", "manylinux"),
        ("manylinux", "x86_64", "manylinux-x86_64"),
        ("host", "arm64", "host"),
        ("host", "x86_64", "host"),
    ],
)
def test_assets_are_built_for_the_architecture(
    tmp_path: Path, platform: str, architecture: str, built_for: str
) -> None:
    """Those of this machine's emulator are this machine's, whatever is deployed."""
    settings = Settings.from_context({"platform": platform, "architecture": architecture})
    assert bundler_of(settings, tmp_path).platform == built_for


def without_hashes(text: str) -> str:
    """Leave out the hashes of assets, and those of code and configuration in the names of versions."""
    return re.sub(r"[0-9a-f]{64}|(?<=Version[0-9A-F]{8})[0-9a-f]{32}", "", text)
