"""Noticing that an org has used up its budget, without reading its sums again for each job."""

from dataclasses import dataclass, field

from functions.budgets import Budget, Budgets
from functions.clock import month_of
from functions.use import Prices, Use
from functions.use_store import COUNTERS, UseStore


@dataclass(slots=True)
class _Look:
    """What was seen of a month's use at the last look, and what this process has counted since."""

    budget: Budget
    month: str
    share: float
    since: Use = field(default_factory=Use)


@dataclass(slots=True)
class Spending:
    """What orgs with a budget have used of it. An org without one costs nothing but the look at its budget."""

    uses: UseStore
    budgets: Budgets
    prices: Prices
    _looks: dict[str, _Look] = field(default_factory=dict)

    def note(self, org: str, use: Use, now: int) -> None:
        """Take note of what an org has used, and mark its budget if that has used it up.

        The month is summed up again only when what was left could be gone: the more is left, the longer that takes.
        """
        budget, month = self.budgets.of(org), month_of(now)
        if not budget.is_monthly or budget.spent == month:
            self._looks.pop(org, None)
            return
        look = self._looks.get(org)
        if look is not None and (look.budget, look.month) == (budget, month):
            look.since += use
            if look.share + COUNTERS * budget.share(look.since, self.prices) < 1:
                return
        used = sum((each for _, _, each in self.uses.between(org, f"{month}-01", f"{month}-31")), Use())
        share = budget.share(used, self.prices)
        self._looks[org] = _Look(budget, month, share)
        if share >= 1:
            self.budgets.note_spent(org, budget, month)
