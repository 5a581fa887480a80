"""The rights to read secrets: the worker may read those of the settings, and nobody else may read any."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.aws import AwsError
from noukai_functions.secrets.reading import read_from_aws
from noukai_wire.secret_sources import Source
from tests.infra.stack.roles.enforced import enforced
from tests.infra.stack.roles.enforced_stack import EnforcedStack
from tests.infra.stack.template import ENTRIES

OLD, NEW = "postgres://old-password", "postgres://new-password"
SECRETS = {"DB_URL": "ssm:/shop/db", "TOKEN": "secretsmanager:shop#token"}
OTHERS = {"SALARIES": "ssm:/shop/db-of-salaries", "ROOT": "secretsmanager:shop-two#token"}
"""Secrets whose names begin as those of the settings do."""


@pytest.fixture(scope="module")
def stack(
    assembly_for: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EnforcedStack]:
    """Yield a stack with two secrets in an account that has more."""
    folders = [tmp_path_factory.mktemp(name) for name in ("asset", "emulator")]
    with enforced(assembly_for(secrets=SECRETS), *folders) as made:
        ssm, manager = made.endpoint.client("ssm"), made.endpoint.client("secretsmanager")
        for source in (SECRETS["DB_URL"], OTHERS["SALARIES"]):
            ssm.put_parameter(Name=source.partition(":")[2], Value=OLD, Type="SecureString")
        for name in ("shop", "shop-two"):
            manager.create_secret(Name=name, SecretString=json.dumps({"token": OLD}))
        yield made


def read(stack: EnforcedStack, handler: str, sources: Mapping[str, str]) -> Any:
    """Read secrets as a worker does, with the rights of a function's role."""
    clients = stack.clients(handler)
    parsed = {name: Source.parse(text) for name, text in sources.items()}
    return read_from_aws(parsed, lambda: clients["ssm"], lambda: clients["secretsmanager"])


def test_worker_reads_its_secrets(stack: EnforcedStack) -> None:
    """Also a rotated one, without a deploy."""
    found = read(stack, "worker", SECRETS)
    assert (found.values, found.problems) == (dict.fromkeys(SECRETS, OLD), {})
    ssm, manager = stack.endpoint.client("ssm"), stack.endpoint.client("secretsmanager")
    ssm.put_parameter(Name="/shop/db", Value=NEW, Type="SecureString", Overwrite=True)
    manager.put_secret_value(SecretId="shop", SecretString=json.dumps({"token": NEW}))
    assert read(stack, "worker", SECRETS).values == dict.fromkeys(SECRETS, NEW)


@pytest.mark.parametrize("name", OTHERS)
def test_worker_reads_no_other_secret(stack: EnforcedStack, name: str) -> None:
    found = read(stack, "worker", {name: OTHERS[name]})
    assert found.values == {}
    assert "AccessDenied" in found.problems[name]


def test_worker_lists_no_secrets(stack: EnforcedStack) -> None:
    clients = stack.clients("worker")
    for look in (clients["ssm"].describe_parameters, clients["secretsmanager"].list_secrets):
        with pytest.raises(AwsError) as refused:
            look()
        assert refused.value.code.startswith("AccessDenied")


@pytest.mark.parametrize("handler", [entry for entry in ENTRIES if entry != "worker"])
def test_other_functions_read_no_secret(stack: EnforcedStack, handler: str) -> None:
    for name, source in SECRETS.items():
        found = read(stack, handler, {name: source})
        assert found.values == {}
        assert "AccessDenied" in found.problems[name]
