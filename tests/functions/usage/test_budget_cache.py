"""The cache of budgets: reading one costs the same with many orgs; a throttled read keeps the last answer."""

from typing import Any

import pytest

from noukai_functions.aws import AwsError
from noukai_functions.usage.budgets import CACHE_MS, Budgets
from tests.functions.time import ManualClock


class Rows:
    """Budgets of one job a month for each org; `refusal` is the code with which a read is refused."""

    refusal = ""
    reads = 0

    def get_item(self, **_asked: Any) -> dict[str, Any]:
        self.reads += 1
        if self.refusal:
            raise AwsError("GetItem", self.refusal)
        return {"Item": {"jobs": {"N": "1"}}}


def budgets() -> tuple[Any, ManualClock, Budgets]:
    rows: Any = Rows()
    clock: Any = ManualClock()
    return rows, clock, Budgets(rows, "usage", clock)


def test_throttled_read_keeps_the_last_budget() -> None:
    """For as long as another answer would be cached; then it is asked again."""
    rows, clock, found = budgets()
    assert found.of("acme").jobs == 1
    rows.refusal = "ThrottlingException"
    clock.time += CACHE_MS
    assert (found.of("acme").jobs, rows.reads) == (1, 2)
    assert (found.of("acme").jobs, rows.reads) == (1, 2)
    clock.time += CACHE_MS
    rows.refusal = ""
    assert (found.of("acme").jobs, rows.reads) == (1, 3)


@pytest.mark.parametrize(("org", "code"), [("globex", "ThrottlingException"), ("acme", "AccessDenied")])
def test_other_failures_are_not_hidden(org: str, code: str) -> None:
    """Neither of an org whose budget is not known, nor of another kind."""
    rows, clock, found = budgets()
    found.of("acme")
    rows.refusal = code
    clock.time += CACHE_MS
    with pytest.raises(AwsError):
        found.of(org)


def test_old_budgets_are_dropped_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """With thousands of orgs, each budget is looked at a few times, and not once for each read."""
    _, clock, found = budgets()
    looked_at = 0
    fresh = Budgets._fresh

    def counted(self: Budgets, now: int) -> Any:
        nonlocal looked_at
        looked_at += len(self._known)
        return fresh(self, now)

    monkeypatch.setattr(Budgets, "_fresh", counted)
    orgs = 4_000
    for _ in range(3):
        for org in range(orgs):
            clock.time += 1
            found.of(str(org))
        clock.time += CACHE_MS
    assert looked_at <= 3 * 4 * orgs
    assert len(found._known) <= 2 * orgs
