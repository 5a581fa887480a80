"""The quota check before a deploy."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from noukai_functions.build.worker_kinds import MAX_WORKER_KINDS
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.deploy import Plan, deploy
from noukai_infra.operations.deploy.quotas import (
    MAX_ENVIRONMENT_BYTES,
    MAX_RESOURCES,
    Quotas,
    check_quotas,
    environment_bytes,
)
from tests.infra.operations.recording_cdk import RecordingCdk
from tests.infra.stack.template import Template

NEW = Quotas(concurrency=10, unreserved=10, memory=3008)
SMALL = Quotas(concurrency=50, unreserved=50, memory=3008)
USUAL = Quotas(concurrency=1000, unreserved=1000)

MOST_KINDS = ",".join(f"m{128 * number}-b10-t60" for number in range(1, MAX_WORKER_KINDS + 1))


def test_what_is_deployed_by_default_fits_into_a_new_account(assembly: Path) -> None:
    """Nothing is refused, and nothing throttled."""
    assert check_quotas(assembly, "noukai", NEW) == []


@pytest.mark.parametrize(
    ("settings", "quotas", "said"),
    [
        ({"worker": {"memory": 4096}}, NEW, "has 4096 MB; a new account allows 3008"),
        ({"wait_reserved_concurrency": 1}, NEW, "reserve 1 executions of 10, and 10 must stay unreserved"),
        ({"wait_reserved_concurrency": 1}, SMALL, "reserve 1 executions of 50, and 50 must stay unreserved"),
        ({"wait_reserved_concurrency": 901}, USUAL, "reserve 901 executions of 1000, and 100 must stay"),
        ({"environment": {"TEXT": "x" * 4080}}, USUAL, "a function may have 4096"),
    ],
)
def test_what_aws_would_refuse_is_named(
    assembly_for: Callable[..., Path], settings: dict[str, object], quotas: Quotas, said: str
) -> None:
    """With how much there may be, and what to do."""
    with pytest.raises(OperatorError, match=said):
        check_quotas(assembly_for(**settings), "noukai", quotas)


@pytest.mark.parametrize("settings", [{"worker": {"memory": 10_240}}, {"wait_reserved_concurrency": 900}])
def test_usual_account_takes_the_most(assembly_for: Callable[..., Path], settings: dict[str, object]) -> None:
    """Each limit is exact."""
    assert check_quotas(assembly_for(**settings), "noukai", USUAL) == []


def test_workers_that_leave_nothing_for_the_api_are_a_warning(assembly_for: Callable[..., Path]) -> None:
    """AWS takes them; under load their callers would be refused."""
    (warning,) = check_quotas(assembly_for(worker={"max_concurrency": 20}), "noukai", NEW)
    assert "may run 24 executions at once, of 10" in warning


def test_large_asset_is_named_by_its_largest_parts(assembly: Path, tmp_path: Path) -> None:
    """The message names the requirement."""
    (tmp_path / "noukai.template.json").write_text((assembly / "noukai.template.json").read_text())
    worker = {"source": {"path": "asset", "packaging": "zip"}}
    (tmp_path / "noukai.assets.json").write_text(json.dumps({"files": {"worker": worker}}))
    for package, size in (("torch", 3_000_000), ("numpy", 2_000_000), ("small", 1000)):
        path = tmp_path / "asset" / package / "library.so"
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(size))
    with pytest.raises(
        OperatorError, match=r"has 5 MB unzipped.*torch \(3 MB\), numpy \(2 MB\), small"
    ) as raised:
        check_quotas(tmp_path, "noukai", Quotas(1000, 1000, unzipped_bytes=4_000_000))
    assert "Lambda takes 3 MB" in str(raised.value)
    assert check_quotas(tmp_path, "noukai", Quotas(1000, 1000, unzipped_bytes=12_000_000)) == []


def test_stack_has_no_more_resources_than_may_be(tmp_path: Path, assembly: Path) -> None:
    """Whatever they are."""
    template = json.loads((assembly / "noukai.template.json").read_text())
    template["Resources"] |= {f"Queue{number}": {"Type": "AWS::SQS::Queue"} for number in range(500)}
    (tmp_path / "noukai.template.json").write_text(json.dumps(template))
    (tmp_path / "noukai.assets.json").write_text(json.dumps({"files": {}}))
    with pytest.raises(OperatorError, match="a stack may have 500"):
        check_quotas(tmp_path, "noukai", USUAL)


def test_environment_is_measured_as_json() -> None:
    """Quotes within a value are escaped, and every name and value has its own."""
    assert environment_bytes({}) == len("{}")
    variables = {"A": "é", "QUEUES": {"Fn::Join": ["", ['{"m512":"', {"Ref": "Queue"}, '"}']]}}
    measured = r'{"A":"é","QUEUES":"{\"m512\":\"' + "x" * 128 + r'\"}"}'
    assert environment_bytes({"Environment": {"Variables": variables}}) == len(measured.encode())


def test_most_kinds_of_workers_fit_into_an_environment(template_for: Callable[..., Template]) -> None:
    """A function that submits gets the queues of all."""
    functions = template_for(draining=MOST_KINDS).functions()
    assert max(map(environment_bytes, functions.values())) < MAX_ENVIRONMENT_BYTES


def test_most_kinds_of_workers_fit_into_a_stack(template_for: Callable[..., Template]) -> None:
    """Also with the authorizer of an identity provider, which has a function of its own."""
    identity = {"issuer": "https://acme.example/", "audience": "jobs"}
    made = template_for(draining=MOST_KINDS, identity=identity)
    assert "authorize" in made.functions()
    assert len(made.resources("SQS::Queue")) > MAX_WORKER_KINDS
    assert len(made.body["Resources"]) <= MAX_RESOURCES


def test_deployment_that_aws_would_refuse_changes_nothing(account_with_kinds: Account) -> None:
    """The operator is not even asked."""
    cdk = RecordingCdk({}, resources={f"Queue{number}": {"Type": "AWS::SQS::Queue"} for number in range(501)})
    with pytest.raises(OperatorError, match="The stack has 501 resources"):
        deploy(account_with_kinds, cdk, "noukai", Plan(confirm=lambda: True))
    assert not {"diff", "deploy"} & {asked[0] for asked in cdk.asked}


@dataclass
class AnAccount:
    """An account as AWS describes it: its concurrency, and what each function of the stack has reserved.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html.
    """

    concurrency: int
    reserved: dict[str, int] = field(default_factory=dict)

    @property
    def session(self) -> "AnAccount":
        return self

    def client(self, _service: str) -> "AnAccount":
        return self

    def outputs(self, _stack: str) -> dict[str, str] | None:
        return {"Endpoint": "https://api"} if self.reserved else None

    def template(self, _stack: str) -> dict[str, object]:
        return {}

    def get_paginator(self, _operation: str) -> SimpleNamespace:
        kind = "AWS::Lambda::Function"
        named = [
            {"LogicalResourceId": name, "PhysicalResourceId": name, "ResourceType": kind}
            for name in self.reserved
        ]
        return SimpleNamespace(paginate=lambda **_: [{"StackResourceSummaries": named}])

    def get_account_settings(self) -> dict[str, Any]:
        unreserved = self.concurrency - sum(self.reserved.values())
        return {
            "AccountLimit": {
                "ConcurrentExecutions": self.concurrency,
                "UnreservedConcurrentExecutions": unreserved,
                "CodeSizeUnzipped": 262_144_000,
            }
        }

    def get_function_concurrency(self, FunctionName: str) -> dict[str, int]:  # noqa: N803 - as AWS calls it
        reserved = self.reserved[FunctionName]
        return {"ReservedConcurrentExecutions": reserved} if reserved else {}


@pytest.mark.parametrize(("concurrency", "memory"), [(10, 3008), (999, 3008), (1000, 10_240)])
def test_account_with_less_than_the_usual_concurrency_is_a_new_one(concurrency: int, memory: int) -> None:
    """It has less memory, unless the operator says otherwise."""
    account: Any = AnAccount(concurrency)
    assert Quotas.of(account, "noukai") == Quotas(concurrency, concurrency, 250 * 1024 * 1024, memory)
    assert Quotas.of(account, "noukai", any_memory=True).memory == 10_240


def test_what_the_stack_has_reserved_is_its_own() -> None:
    """The next deploy reserves it again."""
    account: Any = AnAccount(1000, reserved={"wait": 300, "execute": 200, "submit": 0})
    assert Quotas.of(account, "noukai").unreserved == 1000
