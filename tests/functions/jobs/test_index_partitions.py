"""The number of a flow's index partitions is a setting, and may change while jobs are kept."""

import pytest

from noukai_functions.deployment import Deployment
from noukai_functions.names import INDEX_PARTITION
from noukai_wire.routes import Route
from tests.functions.harness import System

JOBS = 40


def spread(system: System, written: int, listed: int) -> None:
    """Let new processes write and list that many partitions."""
    numbers = {"INDEX_PARTITIONS": str(written), "LISTED_PARTITIONS": str(listed)}
    old = system.deployment
    system.deployment = Deployment({**old.environment, **numbers}, old.asset, old.clock)


def submitted(system: System) -> set[str]:
    return {system.submit(parameters={"a": each}).body["id"] for each in range(JOBS)}


def listed(system: System) -> set[str]:
    answer = system.send(Route.LIST_JOBS, query="limit=100", org="acme", project="trial", flow="add")
    return {each["id"] for each in answer.body["jobs"]}


def test_jobs_are_spread_over_all_partitions(system: System) -> None:
    """With 16 partitions, forty jobs are in more than the usual four, and the list has all."""
    spread(system, 16, 16)
    ids = submitted(system)
    table = system.deployment.table
    keys = [{"id": {"S": each}} for each in ids]
    rows = [table.client.get_item(TableName=table.table_name, Key=key)["Item"] for key in keys]
    partitions = [row[INDEX_PARTITION]["S"] for row in rows]
    # Their ids are random: fewer than six partitions would be rarer than one run in a million million.
    assert len(set(partitions)) > 5
    assert listed(system) == ids


@pytest.mark.parametrize(("before", "after"), [(4, 16), (16, 4)])
def test_number_of_partitions_changes_while_jobs_are_kept(system: System, before: int, after: int) -> None:
    """Lists read as many partitions as there ever were, so that older jobs stay in them."""
    spread(system, before, before)
    older = submitted(system)
    spread(system, after, max(before, after))
    newer = submitted(system)
    assert listed(system) == older | newer


def test_lowered_number_hides_jobs_unless_lists_know_the_former(system: System) -> None:
    """This is what the setting `former_index_partitions` is for."""
    spread(system, 16, 16)
    older = submitted(system)
    spread(system, 4, 4)
    assert listed(system) < older
