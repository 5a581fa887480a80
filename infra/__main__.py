"""The operator's commands: `python -m infra deploy|destroy|keys|verify-aws`."""

import os
import sys
import time
from dataclasses import dataclass
from typing import Annotated

import httpx
import typer
from botocore.exceptions import BotoCoreError, ClientError

from infra.account import Account, OperatorError
from infra.cdk import Cdk
from infra.deploy import deploy, destroy
from infra.keys import Keys
from infra.redrive import redrive
from infra.settings import Settings, SettingsError, file_context
from infra.verify import behaviour, configuration
from infra.verify.check import Outcome, verify
from infra.verify.deployed import Deployed
from noukai_wire.scopes import Scope
from noukai_wire.slug import SLUG_RULE, is_slug

_VERIFY_ORG = "verify"
_HOUR = 60 * 60
_GATEWAY_SECONDS = 30


commands = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
keys_commands = typer.Typer(no_args_is_help=True)
commands.add_typer(keys_commands, name="keys", help="The keys of the deployment's callers.")


def _slug(text: str) -> str:
    if not is_slug(text):
        raise typer.BadParameter(f"use {SLUG_RULE}")
    return text


def _pairs(texts: list[str]) -> list[str]:
    if any("=" not in text for text in texts):
        raise typer.BadParameter("use NAME=VALUE")
    return texts


Org = Annotated[str, typer.Option(callback=_slug, help="The org that the key belongs to.")]
Context = Annotated[
    list[str],
    typer.Option(
        "--context",
        "-c",
        metavar="NAME=VALUE",
        help="Overrides cdk.json.",
        default_factory=list,
        show_default=False,
        callback=_pairs,
    ),
]
Scopes = Annotated[
    list[Scope],
    typer.Option(
        "--scope", help="What the key allows; all, by default.", default_factory=lambda: list(Scope), show_default=False
    ),
]


@dataclass(frozen=True)
class _Operator:
    """Where the operator works: the account, the stack's name and the overrides of its settings."""

    account: Account
    stack: str
    cdk: Cdk
    context: list[str]

    @classmethod
    def of(cls, context: list[str]) -> "_Operator":
        overrides = dict(pair.split("=", 1) for pair in context)
        settings = Settings.from_context({**file_context(), **overrides}.get)
        account = Account.configured(os.environ)
        return cls(account, settings.stack, Cdk({**os.environ, "AWS_REGION": account.region}), context)

    def cdk_options(self, further: list[str]) -> list[str]:
        return [*further, *(part for pair in self.context for part in ("--context", pair))]

    def keys(self) -> Keys:
        return Keys(self.account.session.client("dynamodb"), self.account.deployed(self.stack)["KeysTable"])


_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@commands.command("deploy", context_settings=_PASS_ON)
def deploy_command(further: typer.Context, context: Context, org: Org = "default") -> None:
    """Deploy the stack, and show its endpoint and a first key; further options go to `cdk deploy`."""
    operator = _Operator.of(context)
    deploy(operator.account, operator.cdk, operator.stack, operator.cdk_options(further.args))
    typer.echo(f"\nEndpoint: {operator.account.deployed(operator.stack)['Endpoint']}")
    keys = operator.keys()
    if keys.is_empty():
        key = keys.create(org, "first", created=int(time.time()))
        typer.echo(f"Key:      {key}   (of the org {org}; shown only now)")


@commands.command("destroy", context_settings=_PASS_ON)
def destroy_command(further: typer.Context, context: Context) -> None:
    """Take the stack away; further options go to `cdk destroy`."""
    operator = _Operator.of(context)
    kept = destroy(operator.account, operator.cdk, operator.stack, operator.cdk_options(further.args))
    if kept:
        typer.echo(
            f"The tables {' and '.join(kept)} are kept with what is in them. A stack deployed with the setting "
            '"tables": "destroy" of cdk.json takes them with it.'
        )


@keys_commands.command("create")
def create_command(name: str, org: Org, scope: Scopes, context: Context) -> None:
    """Make a key and show it, this once."""
    keys = _Operator.of(context).keys()
    typer.echo(keys.create(org, name, scopes=scope, created=int(time.time())))


@commands.command("redrive")
def redrive_command(context: Context) -> None:
    """Send the dead letters that their reader could not process to it again."""
    operator = _Operator.of(context)
    outputs = operator.account.deployed(operator.stack)
    queues = {"unprocessed": outputs["UnprocessedQueueUrl"], "dead_letters": outputs["DeadLetterQueueUrl"]}
    typer.echo(f"{redrive(operator.account.session.client('sqs'), **queues)} letters sent to their reader again")


@commands.command("verify-aws")
def verify_command(
    context: Context,
    endpoint: Annotated[str | None, typer.Option(help="The base URL, if not the one that the stack names.")] = None,
) -> None:
    """Check the deployed stack, jobs included, with a key that expires within the hour."""
    operator = _Operator.of(context)
    outputs = operator.account.deployed(operator.stack)
    now = int(time.time())
    key = operator.keys().create(_VERIFY_ORG, "verify", created=now, expires=now + _HOUR)
    base_url, headers = endpoint or outputs["Endpoint"], {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=_GATEWAY_SECONDS) as api:
        deployed = Deployed(
            operator.stack, outputs, operator.account.session, api, _VERIFY_ORG, clock=time.monotonic, sleep=time.sleep
        )
        findings = []
        for finding in verify(deployed, [*behaviour.CHECKS, *configuration.CHECKS]):
            typer.echo(f"{finding.outcome:<14}  {finding.check.name}: {finding.seen}")
            findings.append(finding)
    if any(finding.outcome is Outcome.FAILED for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """Run a command; what the operator has to mend is said without a trace."""
    try:
        commands()
    except (OperatorError, SettingsError, BotoCoreError, ClientError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
