"""Flows that a deploy removes: it counts their waiting jobs, and the stack remembers them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from noukai_functions.jobs.lifecycle import State
from noukai_functions.jobs.row import encode
from noukai_infra.local.assembly.emulated_stack import LOCAL_KEYS
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy import former_flows
from noukai_infra.operations.deploy.deploy import Plan, deploy
from noukai_infra.operations.deploy.former_flows import DeployedFlows, FlowNames
from tests.infra.operations.recording_cdk import RecordingCdk
from tests.infra.stack.template import Template
from tests.job_rows import pending

NOW = 1_700_000_000_000
PLAIN, WEIGH, LITTLE = FLOWS = ("scales/plain", "scales/weigh", "scales/weigh-a-little")


@pytest.fixture
def flows(account_with_kinds: Account) -> Iterator[DeployedFlows]:
    """Yield the flows of a deployed stack: some orgs have waiting jobs of two of them."""
    flows = DeployedFlows.of(account_with_kinds, "noukai")
    assert flows is not None
    jobs = [
        *(
            pending(NOW, id=f"job_{org}_{number}", org=org, flow=PLAIN)
            for org in LOCAL_KEYS
            for number in range(150)
        ),
        pending(NOW, id="job_weigh", flow=WEIGH),
        replace(pending(NOW, id="job_ended", flow=WEIGH), state=State.COMPLETED),
        # The names of flows and orgs are no prefixes.
        pending(NOW, id="job_other", flow=f"{LITTLE}-more"),
    ]
    for job in jobs:
        flows.client.put_item(TableName=flows.table, Item=encode(job))
    yield flows
    for job in jobs:
        flows.client.delete_item(TableName=flows.table, Key={"id": {"S": job.id}})


def said_of(account: Account, following: Sequence[str] = ()) -> list[str]:
    """Return what a deploy says of flows that go before it asks, which is refused."""
    said: list[str] = []

    def refuse() -> bool:
        said.append("asked")
        return False

    cdk = RecordingCdk({}, metadata=FlowNames(tuple(following)).metadata)
    with pytest.raises(OperatorError, match="Nothing was deployed"):
        deploy(account, cdk, "noukai", Plan(confirm=refuse, show=said.append))
    assert said.pop() == "asked"
    return [line for line in said if line.startswith("The flow ")]


def test_template_names_its_flows(account_with_kinds: Account, template: Template) -> None:
    """Also to those who read that of a deployed stack; one without assets has none."""
    assert FlowNames.of(account_with_kinds.template("noukai")) == FlowNames(FLOWS)
    assert FlowNames.of(template.body) == FlowNames()


@pytest.mark.usefixtures("flows")
def test_deployment_names_the_jobs_that_wait(account_with_kinds: Account) -> None:
    """Of each flow that goes, of all orgs, before it asks."""
    fail = "; what still waits when its turn comes fails, and stays in lists."
    assert said_of(account_with_kinds) == [
        f"The flow {PLAIN} goes: 300 jobs wait for it{fail}",
        f"The flow {WEIGH} goes: 1 job waits for it{fail}",
        f"The flow {LITTLE} goes: 0 jobs wait for it.",
    ]
    assert said_of(account_with_kinds, [PLAIN, LITTLE]) == [
        f"The flow {WEIGH} goes: 1 job waits for it{fail}"
    ]
    assert said_of(account_with_kinds, FLOWS) == []


@pytest.mark.usefixtures("flows")
def test_count_is_bounded(account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a million jobs keep no deploy waiting."""
    monkeypatch.setattr(former_flows, "_MOST_LOOKED_AT", 120)
    (said,) = said_of(account_with_kinds, [WEIGH, LITTLE])
    assert said.startswith(f"The flow {PLAIN} goes: 120 jobs wait for it among the 120 that were checked; ")


def test_stack_remembers_flows_that_have_jobs(flows: DeployedFlows, account_with_kinds: Account) -> None:
    """What is deployed until now, since jobs may still come, and of the flows before those that have any."""
    former = replace(flows, names=FlowNames((LITTLE,), (WEIGH, PLAIN, "scales/gone", "scales/weig")))
    assert former.to_remember() == [LITTLE, WEIGH, PLAIN]
    cdk = RecordingCdk({})
    deploy(account_with_kinds, cdk, "noukai", Plan())
    synth = next(asked for asked in cdk.asked if asked[0] == "synth")
    assert f"former={','.join(FLOWS)}" in synth


def test_stack_that_is_not_there_has_no_flows(account_with_kinds: Account) -> None:
    assert DeployedFlows.of(account_with_kinds, "another") is None
