"""The objections of checkers of stacks: nothing that is not acknowledged, with the reason."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import Stack, Validations
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks

from noukai_infra.app import composed
from noukai_infra.settings import ROOT, file_context
from tests.infra.stack.template import NO_BUNDLING

CHECKOV = ROOT / ".build" / "checkov" / "bin" / "checkov"


def complaints(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr if done.returncode else "").strip()


def test_cdk_nag_finds_nothing(tmp_path: Path) -> None:
    """All it finds in our stack is acknowledged where it stands; it does find a queue that takes plain HTTP.

    The stack has a second kind of worker, and X-Ray.
    """
    settings = {"draining": "m2048-b10", "xray": True}
    with composed(tmp_path, {**file_context(), **NO_BUNDLING, **settings}) as app:
        sqs.Queue(Stack(app, "open"), "Queue")
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        with pytest.raises(RuntimeError) as found:
            app.synth()
    assert set(re.findall(r"^ +(\S+) aws-cdk-lib", str(found.value), re.MULTILINE)) == {"open/Queue/Resource"}


@pytest.mark.parametrize("kind", ["assembly", "assembly_with_kinds"])
def test_cfn_lint_finds_nothing(request: pytest.FixtureRequest, kind: str) -> None:
    """The template is what CloudFormation takes, down to the values of properties."""
    template = request.getfixturevalue(kind) / "noukai.template.json"
    assert complaints(Path(sys.executable).with_name("cfn-lint"), template) == ""


@pytest.mark.parametrize("kind", ["assembly", "assembly_with_kinds"])
def test_checkov_finds_nothing(request: pytest.FixtureRequest, kind: str) -> None:
    """Every rule passes that `.checkov.yaml` does not give a reason against."""
    template = request.getfixturevalue(kind) / "noukai.template.json"
    assert (
        complaints(CHECKOV, "--config-file", ROOT / ".checkov.yaml", "--quiet", "--compact", "-f", template)
        == ""
    )
