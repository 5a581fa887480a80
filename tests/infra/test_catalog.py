"""Whether the worker has time for the flows of a catalog."""

import json
from pathlib import Path

import pytest

from infra.bundle.catalog import check_timeouts
from infra.bundle.error import BundleError


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog of flows that may take 60 and 600 seconds."""
    flows = {"demo/short": {"timeout_seconds": 60}, "demo/long": {"timeout_seconds": 600}}
    (tmp_path / "flows.json").write_text(json.dumps(flows))
    return tmp_path


def test_flow_that_the_worker_would_cut_short_is_refused_by_its_name(catalog: Path) -> None:
    """And so is the setting that has to be raised; flows that fit are not named."""
    with pytest.raises(BundleError, match=r"demo/long \(600 s\).*worker\.timeout in cdk\.json") as refused:
        check_timeouts(catalog, 599)
    assert "demo/short" not in str(refused.value)


def test_flow_may_take_all_the_time_that_there_is(catalog: Path) -> None:
    """A timeout that the worker's time just covers is not refused."""
    check_timeouts(catalog, 600)
