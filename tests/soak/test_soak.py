"""A short soak; `make soak` is the long one."""

from tests.soak.plan import Plan
from tests.soak.soak import Soak
from tests.soak.verdict import table, violations


def test_no_job_is_lost_nor_settled_twice() -> None:
    """Under kills, faults and cancellations every job ends once and correctly, and nothing is left."""
    with Soak.prepared(Plan.draw(30, kills=2, seed=1)) as soak:
        soak.run(limit_seconds=60)
    assert not violations(soak), "\n".join(table(soak))
