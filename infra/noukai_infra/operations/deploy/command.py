"""The command `python -m noukai_infra deploy`."""

import os
import sys
import time
from collections.abc import Sequence
from typing import Annotated, TextIO
from urllib.parse import urlsplit

import typer

from noukai_infra.command_line import command
from noukai_infra.folders import SETTINGS_FILE
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.addresses.certificate import certificate_of, issued_certificate
from noukai_infra.operations.addresses.edge import EdgeDeploy
from noukai_infra.operations.deploy.checks.network.plan import plan_networks
from noukai_infra.operations.deploy.checks.runtimes import check_runtime
from noukai_infra.operations.deploy.checks.stage import check_stage
from noukai_infra.operations.deploy.deploy import Outcome, Plan, compare, deploy
from noukai_infra.operations.deploy.draining import draining_kinds
from noukai_infra.operations.deploy.releases.rollback import live_flows
from noukai_infra.operations.operator import Context, Operator, Org, Stage
from noukai_infra.settings import STAGE
from noukai_infra.terminal import tell

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Deploy without asking.")]
Diff = Annotated[bool, typer.Option("--diff", help="Show what would change before it asks.")]
NewOriginSecret = Annotated[
    bool, typer.Option("--new-origin-secret", help="Replace the secret between CloudFront and the API.")
]
AnyMemory = Annotated[bool, typer.Option("--any-memory", help="Allow more memory than a new account has.")]
UnreadSecrets = Annotated[
    bool, typer.Option("--unread-secrets", help="Do not check that the secrets can be read.")
]


def deploy_command(
    further: typer.Context,
    context: Context,
    org: Org = "default",
    stage: Stage = None,
    *,
    yes: Yes = False,
    diff: Diff = False,
    any_memory: AnyMemory = False,
    unread_secrets: UnreadSecrets = False,
    new_origin_secret: NewOriginSecret = False,
) -> None:
    """Deploy the stack, and show its endpoint and a first key; further options go to `cdk deploy`.

    It shows what it will make and what that costs at rest, and asks, except with `--yes` or in CI.
    """
    end_of_runtime = check_runtime(sys.version_info[:2])
    _check_flows()
    operator = Operator.of(context, stage)
    asks = _asks(yes=yes, diff=diff)
    check_stage(os.environ.get(STAGE), operator.settings)
    operator.cdk.check_options("deploy", further.args)
    network = plan_networks(operator.account, operator.stack, operator.settings)
    plan = Plan(
        context=[*operator.cdk_options([]), *_certificate(operator), *network.context],
        options=further.args,
        confirm=(lambda: typer.confirm("\nDeploy this?")) if asks else None,
        has_diff=diff,
        any_memory=any_memory,
        qualifier=operator.settings.company.qualifier,
        canary=operator.settings.canary,
        edge=_edge(operator, renew=new_origin_secret),
        reads_secrets=not unread_secrets,
        notes=network.lines,
    )
    outcome = deploy(operator.account, operator.cdk, operator.stack, plan)
    _show_deployed(operator, [*outcome.warnings, *filter(None, [end_of_runtime])])
    if outcome.has_canary:
        _show_canary(operator)
    _show_first_key(operator, org, outcome)


def diff_command(context: Context, stage: Stage = None) -> None:
    """Show what a deploy would change, and change nothing."""
    operator = Operator.of(context, stage)
    network = plan_networks(operator.account, operator.stack, operator.settings)
    domain = _foreign_domain(operator)
    found = None if domain is None else issued_certificate(operator.account.session, domain)
    plan = Plan(
        context=[*operator.cdk_options([]), *_domain_certificate(found), *network.context],
        canary=operator.settings.canary,
        edge=_edge(operator, renew=False),
        notes=network.lines,
    )
    compare(operator.account, operator.cdk, operator.stack, plan)


def _asks(*, yes: bool, diff: bool) -> bool:
    """Return whether the operator is asked before anything changes."""
    asks = not yes and (diff or not _is_in_ci())
    if asks and not diff and not is_terminal(sys.stdin):
        raise OperatorError(
            "Nobody can be asked whether to deploy: run this at a terminal, or add --yes. In CI (CI=true) it "
            "does not ask."
        )
    return asks


def _show_canary(operator: Operator) -> None:
    tell(
        f"Canary:   {operator.settings.canary} % of new jobs go to this version. "
        f"`{command('canary')}` shows its figures; `{command('canary', 'promote')}` gives it all, "
        f"`{command('canary', 'abort')}` none."
    )


def _check_flows() -> None:
    if flows := os.environ.get("FLOWS"):
        raise OperatorError(
            f"FLOWS={flows} is for `make local`: for a deployment, set flows in {SETTINGS_FILE.name}, or "
            f'ARGS="-c flows={flows}".'
        )


def _certificate(operator: Operator) -> tuple[str, ...]:
    """Return the options that name the certificate of a domain in foreign DNS, which is requested once."""
    if (domain := _foreign_domain(operator)) is None:
        return ()
    return _domain_certificate(certificate_of(operator.account.session, domain, command("deploy")))


def _foreign_domain(operator: Operator) -> str | None:
    """Return the name of a domain in foreign DNS whose certificate a deploy requests itself, if it is one."""
    domain = operator.settings.domain
    if domain is None or domain.existing or domain.zone or domain.certificate:
        return None
    return domain.name


def _domain_certificate(found: str | None) -> tuple[str, ...]:
    return () if found is None else ("--context", f"domain_certificate={found}")


def _edge(operator: Operator, *, renew: bool) -> EdgeDeploy | None:
    if operator.settings.edge:
        return EdgeDeploy.of(operator.account, operator.stack, renew=renew)
    if renew:
        raise OperatorError("There is no origin secret without the setting `edge`.")
    return None


def _show_deployed(operator: Operator, warnings: Sequence[str]) -> None:
    for warning in warnings:
        tell(f"\nWarning: {warning}")
    outputs = operator.account.deployed(operator.stack)
    typer.echo(f"\nFlows:    version {live_flows(operator.account, operator.stack)}")
    typer.echo(f"Endpoint: {outputs['Endpoint']}")
    if target := outputs.get("DomainTarget"):
        tell(f"Set this record at your DNS provider: {urlsplit(outputs['Endpoint']).hostname} CNAME {target}")
    if draining := draining_kinds(operator.account, operator.stack):
        tell(
            f"No flow asks for {', '.join(draining)} any more. These workers go on until their queues are "
            f"empty and no schedule sends to them: `{command('deploy')}` deletes them from then on."
        )


def _show_first_key(operator: Operator, org: str, outcome: Outcome) -> None:
    """Create a deployment's first key; show it only on a terminal, since logs are kept and read by many."""
    keys = operator.keys()
    if not keys.is_empty():
        return
    if _is_in_ci() or not is_terminal(sys.stdout):
        made_by = command("keys", f"create --org {org} first")
        tell(f"Key:      none yet, to keep it out of logs; at a terminal: {made_by}")
        return
    key = keys.create(org, "first", created=int(time.time()))
    operator.record("create_key", org=org, key="first")
    typer.echo(f"Key:      {key}\n          of the org {org}; it is shown only now")
    if outcome.first_job is not None:
        typer.echo("\nSubmit a first job:\n")
        base_url = operator.account.deployed(operator.stack)["Endpoint"]
        for line in outcome.first_job.lines(org, base_url, key):
            typer.echo(f"  {line}")


def _is_in_ci() -> bool:
    """Return whether a CI runs this; `CI=false` means that none does."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def is_terminal(stream: TextIO) -> bool:
    """Return whether a person reads or writes a stream."""
    return stream.isatty()
