"""Deploying the stack and taking it away again."""

from collections.abc import Sequence

from infra.account import Account, OperatorError
from infra.cdk import Cdk
from infra.draining import profiles_to_keep


def deploy(account: Account, cdk: Cdk, stack: str, options: Sequence[str]) -> None:
    """Deploy the stack to the account, which is bootstrapped first if it never was.

    Workers that no flow asks for any more go on until they have nothing to do; then they go with the next deployment.
    `options` are further options of `cdk deploy`.

    Raises:
        OperatorError: the CDK command has failed, and has said why.
    """
    if not account.is_bootstrapped():
        _run(cdk, "bootstrap", f"aws://{account.number}/{account.region}")
    kept = profiles_to_keep(account, stack)
    draining = ("--context", f"draining={','.join(kept)}") if kept else ()
    _run(cdk, "deploy", stack, "--require-approval", "never", *draining, *options)


def destroy(account: Account, cdk: Cdk, stack: str, options: Sequence[str]) -> list[str]:
    """Take the stack away; gives the names of the tables that are kept, since the stack was told to retain them.

    `options` are further options of `cdk destroy`.

    Raises:
        OperatorError: there is no such stack, or the CDK command has failed, and has said why.
    """
    outputs = account.deployed(stack)
    _run(cdk, "destroy", stack, "--force", *options)
    tables = account.session.client("dynamodb").get_paginator("list_tables").paginate()
    left = {name for page in tables for name in page["TableNames"]}
    return sorted(left & {outputs[name] for name in ("JobsTable", "KeysTable", "UsageTable")})


def _run(cdk: Cdk, *arguments: str) -> None:
    if cdk.run(*arguments):
        raise OperatorError(f"`cdk {arguments[0]}` has failed: see above.")
