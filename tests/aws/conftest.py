"""Checks of a deployed stack: `make verify-aws`. Without a stack they are skipped."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from noukai_infra.operations.operator import Operator
from tests.aws.deployed import Deployed
from tests.aws.report import CHECK, SEEN, Finding, Saw, report

ORG = "verify"
_HERE = Path(__file__).parent
_HOUR = 60 * 60
_GATEWAY_SECONDS = 30
_findings: list[Finding] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take where the stack is; the account and region are those of the configured credentials."""
    group = parser.getgroup("deployed stack")
    group.addoption("--deployed", action="store_true", help="Check the stack that is deployed.")
    group.addoption("--stack", help="Its name, if not that in cdk.json.")
    group.addoption(
        "--report", type=Path, default=Path(".build/verify-aws.md"), help="Where the report goes."
    )
    group.addoption("--endpoint", help="The base URL, if not the one that the stack names.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the checks where no stack is to be checked."""
    if not config.getoption("--deployed", default=False):
        for item in items:
            if item.path.parent == _HERE:
                item.add_marker(pytest.mark.skip("it checks a deployed stack: make verify-aws"))


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Deployed]:
    """The stack, with a key that expires within the hour; the key goes in the end."""
    name = request.config.getoption("--stack")
    operator = Operator.of([f"stack={name}"] if name else [])
    outputs = operator.account.deployed(operator.stack)
    now = int(time.time())
    keys = operator.keys()
    key = keys.create(ORG, "verify", created=now, expires=now + _HOUR)
    base_url = request.config.getoption("--endpoint") or outputs["Endpoint"]
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=_GATEWAY_SECONDS) as api:
        found = Deployed(
            operator.stack,
            outputs,
            operator.account.session,
            api,
            ORG,
            clock=time.monotonic,
            sleep=time.sleep,
        )
        try:
            yield found
        finally:
            keys.delete(key)


@pytest.fixture
def deployed(stack: Deployed, request: pytest.FixtureRequest) -> Deployed:
    """The stack, for a check that can be made there."""
    if request.node.get_closest_marker("on_aws") and not stack.is_on_aws:
        pytest.skip("only AWS does this")
    return stack


@pytest.fixture(scope="session")
def _unfinished(stack: Deployed) -> Iterator[None]:
    """Jobs under way are cancelled in the end, also those of checks that failed."""
    yield
    stack.cancel_all()


@pytest.fixture
def demo(deployed: Deployed, _unfinished: None) -> None:
    """The flows are those of the repository, whose jobs the check runs."""
    if not deployed.has_demo():
        pytest.skip("the flows of functions/flows are not deployed")


@pytest.fixture
def saw(record_property: Any) -> Saw:
    """Let a check note what it has seen."""
    return lambda seen: record_property(SEEN, str(seen))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Hand the check's sentence over with its result."""
    result = yield
    function: Any = getattr(item, "function", None)
    result.user_properties.append((CHECK, (function.__doc__ or item.name).strip().split("\n")[0]))
    return result


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather what the checks have shown."""
    if report.when == "call" or (report.when == "setup" and report.outcome != "passed"):
        said = dict(report.user_properties)
        why = (
            report.longrepr[2]
            if isinstance(report.longrepr, tuple)
            else report.longreprtext.split("\nE ")[-1]
        )
        seen = (
            str(said.get(SEEN, "")) if report.outcome == "passed" else f"{said.get(SEEN, '')} {why}".strip()
        )
        test = report.nodeid.rpartition("::")[2]
        _findings.append(Finding(str(said[CHECK]), test, report.outcome, seen))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the report, also into a file."""
    if not config.getoption("--deployed", default=False):
        return
    title = f"`make verify-aws` on {time.strftime('%Y-%m-%d', time.gmtime())}"
    text = report(title, _findings)
    file = config.rootpath / config.getoption("--report")
    file.parent.mkdir(exist_ok=True)
    file.write_text(text + "\n")
    terminalreporter.section("report")
    terminalreporter.line(text)
    terminalreporter.line(f"\nThe report is also in {file}.")
