"""The command `python -m noukai_infra verify`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer

from noukai_infra.folders import REPOSITORY
from noukai_infra.operations.operator import Context, Operator, Stage
from noukai_infra.operations.orgs.keys import USUAL_SCOPES
from noukai_infra.terminal import tell
from noukai_infra.verify.check import all_checks
from noukai_infra.verify.deployed import Deployed
from noukai_infra.verify.report import report
from noukai_infra.verify.verification import Verification
from noukai_wire.scopes import Scope

_ORG = "verify"
_HOUR = 60 * 60
_GATEWAY_SECONDS = 30


def verify_command(
    context: Context,
    stage: Stage = None,
    *,
    only: Annotated[
        list[str],
        typer.Option(
            "-k",
            metavar="TEXT",
            help="Make only the checks with this in their names; may be repeated.",
            default_factory=list,
            show_default=False,
        ),
    ],
    file: Annotated[Path, typer.Option("--report", help="The file for the report, in Markdown.")] = REPOSITORY
    / ".build"
    / "verify.md",
    endpoint: Annotated[
        str | None,
        typer.Option(help="The base URL, if not the one that the stack names.", show_default=False),
    ] = None,
) -> None:
    """Check on the deployed stack what only AWS shows, and write a report."""
    checks = [each for each in all_checks() if not only or each.has_any(only)]
    if not checks:
        names = ", ".join(each.name for each in all_checks())
        raise typer.BadParameter(f"no check has {' or '.join(only)} in its name; there are {names}")
    findings = []
    with _deployed(Operator.of(context, stage), endpoint) as stack:
        for finding in Verification(stack, checks).findings():
            why = "" if finding.outcome == "passed" else f" {finding.seen}"
            tell(f"{finding.outcome:8} {finding.check}{why}", hanging=9)
            findings.append(finding)
    text = report(f"`noukai verify` on {datetime.now(UTC).date()}", findings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n", encoding="utf-8")
    tell(f"\n{text.splitlines()[0].lstrip('# ')}; the report is in {file}.")
    raise typer.Exit(int(any(each.outcome == "failed" for each in findings)))


@contextmanager
def _deployed(operator: Operator, endpoint: str | None) -> Iterator[Deployed]:
    """Yield the stack, with a key that expires within the hour and is deleted in the end."""
    outputs = operator.account.deployed(operator.stack)
    keys, now = operator.keys(), int(time.time())
    key = keys.create(_ORG, "verify", created=now, scopes=(*USUAL_SCOPES, Scope.OPS), expires=now + _HOUR)
    headers = {"Authorization": f"Bearer {key}"}
    session = operator.account.session
    try:
        with httpx.Client(
            base_url=endpoint or outputs["Endpoint"], headers=headers, timeout=_GATEWAY_SECONDS
        ) as api:
            yield Deployed(
                operator.stack, outputs, session, api, _ORG, clock=time.monotonic, sleep=time.sleep
            )
    finally:
        keys.delete(key)
