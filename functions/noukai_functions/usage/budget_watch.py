"""The watch over monthly budgets, which seldom reads the totals."""

from dataclasses import dataclass, field

from noukai_functions.clock import month_of
from noukai_functions.usage.budgets import Budget, Budgets
from noukai_functions.usage.records import Prices, Usage
from noukai_functions.usage.totals import COUNTERS, UsageTotals


@dataclass(slots=True)
class _Look:
    """A month's usage at the last read, and this process's counts since."""

    budget: Budget
    month: str
    share: float
    since: Usage = field(default_factory=Usage)


@dataclass(slots=True)
class BudgetWatch:
    """The usage of orgs with a monthly budget.

    For other orgs only the budget is read.
    """

    totals: UsageTotals
    budgets: Budgets
    prices: Prices
    counters: int = COUNTERS
    _looks: dict[str, _Look] = field(default_factory=dict)

    def note(self, org: str, usage: Usage, now: int) -> None:
        """Record usage, and mark the org's budget once it is used up.

        Reads the month's total again only when the remaining budget could be used up; the more remains, the
        later that is.
        """
        budget, month = self.budgets.of(org), month_of(now)
        if not budget.is_monthly or budget.spent == month:
            self._looks.pop(org, None)
            return
        look = self._looks.get(org)
        if look is not None and (look.budget, look.month) == (budget, month):
            look.since += usage
            if look.share + self.counters * budget.share(look.since, self.prices) < 1:
                return
        used = sum((each for _, _, each in self.totals.between(org, f"{month}-01", f"{month}-31")), Usage())
        share = budget.share(used, self.prices)
        self._looks[org] = _Look(budget, month, share)
        if share >= 1:
            self.budgets.note_spent(org, budget, month)
