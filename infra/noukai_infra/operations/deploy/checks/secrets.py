"""The check before a deploy that the secrets of flows can be read."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from noukai_infra.operations.account import OperatorError
from noukai_wire.limits import LEAST_SECRET
from noukai_wire.secret_sources import (
    PARAMETER,
    SECRET,
    Source,
    UnreadableError,
    Values,
    parsed_sources,
    read_sources,
)

USD_PER_SECRET = 0.40
USD_PER_TEN_THOUSAND_READS = 0.05
"""https://aws.amazon.com/secrets-manager/pricing/, us-east-1. A standard parameter of SSM costs nothing, nor
do its reads at the standard throughput: https://aws.amazon.com/systems-manager/pricing/."""

_RIGHTS = {PARAMETER: "ssm:GetParameters", SECRET: "secretsmanager:GetSecretValue"}


def sources_in(assembly: Path, stack: str) -> dict[str, Source]:
    """Return the secrets that the workers of an assembly read."""
    template = json.loads((assembly / f"{stack}.template.json").read_text())
    found: dict[str, Source] = {}
    for each in template["Resources"].values():
        if each["Type"] == "AWS::Lambda::Function":
            variables = each["Properties"].get("Environment", {}).get("Variables", {})
            found |= parsed_sources(variables.get("SECRETS", "{}"))
    return found


def check_secrets(session: boto3.Session, sources: Mapping[str, Source]) -> None:
    """Read the secrets as the workers will; no value is kept or shown.

    Raises:
        OperatorError: a secret is missing, cannot be read or masked; the message names each.
    """
    client: Any = session.client
    found = read_secrets(client, sources)
    wrong = [*found.problems.values(), *_short(sources, found)]
    if wrong:
        raise OperatorError(
            "The workers could not use these secrets:\n"
            + "\n".join(f"- {each}" for each in wrong)
            + "\nMake each in this account and region, for instance with `aws ssm put-parameter --type "
            "SecureString` or `aws secretsmanager create-secret`, or change the setting `secrets`. If these "
            f"credentials may not read them, allow {' and '.join(_rights(sources))}, or deploy with "
            "--unread-secrets: then nobody knows before the first job."
        )


def read_secrets(client: Callable[[str], Any], sources: Mapping[str, Source]) -> Values:
    """Read the secrets with boto3's clients."""
    return read_sources(
        sources,
        lambda names: _read(client(PARAMETER).get_parameters, Names=names, WithDecryption=True),
        lambda name: _read(client(SECRET).get_secret_value, SecretId=name),
    )


def price_line(sources: Mapping[str, Source]) -> str | None:
    """Return a line about the price of the secrets, which the stack does not make; None without any."""
    if not sources:
        return None
    parameters = len({each.name for each in sources.values() if each.service == PARAMETER})
    secrets = len({each.name for each in sources.values() if each.service == SECRET})
    parts = [f"{_counted(parameters, 'parameter')} of SSM (free of charge)"] if parameters else []
    if secrets:
        parts.append(
            f"{_counted(secrets, 'secret')} of Secrets Manager, {USD_PER_SECRET * secrets:.2f} USD a month "
            f"and {USD_PER_TEN_THOUSAND_READS:.2f} for 10,000 reads (each worker reads them every five "
            "minutes while it has jobs)"
        )
    return f"The flows use {' and '.join(parts)}."


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _read(call: Callable[..., Any], **parameters: Any) -> Any:
    try:
        return call(**parameters)
    except ClientError as error:
        raise UnreadableError(error.response["Error"]["Code"]) from None


def _short(sources: Mapping[str, Source], found: Values) -> list[str]:
    return [
        f"{name} ({sources[name]}): its value has {len(value.strip())} characters: masking fewer than "
        f"{LEAST_SECRET} would hide ordinary words of a log, and so tell it. Give it a longer value"
        for name, value in found.values.items()
        if len(value.strip()) < LEAST_SECRET
    ]


def _rights(sources: Mapping[str, Source]) -> list[str]:
    services = {each.service for each in sources.values()}
    return [_RIGHTS[service] for service in sorted(services)]
