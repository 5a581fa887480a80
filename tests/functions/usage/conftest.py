import boto3
import pytest

from noukai_infra.operations.orgs.budgets import Budgets
from tests.functions.harness import System


@pytest.fixture
def budgets(system: System) -> Budgets:
    """Return the operator's interface to budgets and limits."""
    return Budgets(boto3.client("dynamodb"), system.deployment.usage_totals.table_name)
