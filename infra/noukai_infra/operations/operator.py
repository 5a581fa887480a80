"""The operator: the target of commands, and their shared options."""

import os
from dataclasses import dataclass, field
from typing import Annotated

import typer

from noukai_infra.operations.account import Account
from noukai_infra.operations.audit_trail import record
from noukai_infra.operations.deploy.cdk import Cdk
from noukai_infra.operations.orgs.budgets import Budgets
from noukai_infra.operations.orgs.keys import Keys
from noukai_infra.operations.orgs.token_keys import TokenKeys
from noukai_infra.settings import STAGE, Settings, file_context
from noukai_wire.slug import SLUG_RULE, is_slug


def _slug(text: str) -> str:
    if not is_slug(text):
        raise typer.BadParameter(f"use {SLUG_RULE}")
    return text


def _pairs(texts: list[str]) -> list[str]:
    if any("=" not in text for text in texts):
        raise typer.BadParameter("use NAME=VALUE")
    return texts


Org = Annotated[str, typer.Option(callback=_slug, help="The org that this is for.")]
Context = Annotated[
    list[str],
    typer.Option(
        "--context",
        "-c",
        metavar="NAME=VALUE",
        help="Overrides a setting.",
        default_factory=list,
        show_default=False,
        callback=_pairs,
    ),
]
Stage = Annotated[
    str | None,
    typer.Option("--stage", help="The stage of noukai.toml, instead of NOUKAI_STAGE.", show_default=False),
]


@dataclass(frozen=True)
class Operator:
    """The target of an operator: the account, the stack's name and the settings."""

    account: Account
    stack: str
    cdk: Cdk
    context: list[str]
    settings: Settings = field(default_factory=Settings)

    @classmethod
    def of(cls, context: list[str], stage: str | None = None) -> "Operator":
        """Resolve the target from the overrides, the repository's settings and the environment.

        Raises:
            OperatorError: there are no credentials, or they are for another place than the settings.
        """
        if stage is not None:
            # For the CDK app too, which is another process.
            os.environ[STAGE] = stage
        overrides = dict(pair.split("=", 1) for pair in context)
        settings = Settings.from_context({**file_context(), **overrides})
        account = Account.configured(os.environ, settings.region)
        account.check_place(settings.account, settings.region)
        cdk = Cdk({**os.environ, "AWS_REGION": account.region})
        return cls(account, settings.stack, cdk, context, settings)

    def cdk_options(self, further: list[str]) -> list[str]:
        """Return the options for the CDK command."""
        return [*further, *(part for pair in self.context for part in ("--context", pair))]

    def record(self, action: str, **about: object) -> None:
        """Write to the audit log what this operator has done."""
        record(self.account, self.stack, action, **about)

    def keys(self) -> Keys:
        """Return the keys table of the stack."""
        return Keys(self.account.session.client("dynamodb"), self.account.deployed(self.stack)["KeysTable"])

    def token_keys(self) -> TokenKeys:
        """Return the keys that sign the browser tokens of the stack."""
        return TokenKeys(
            self.account.session.client("ssm"), self.account.deployed(self.stack)["TokensSecret"]
        )

    def budgets(self) -> Budgets:
        """Return the budgets in the usage table of the stack."""
        return Budgets(
            self.account.session.client("dynamodb"), self.account.deployed(self.stack)["UsageTable"]
        )
