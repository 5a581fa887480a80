"""The account's concurrency, shared by all functions except for what is reserved for `wait`."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class LambdaPool:
    """The concurrent invocations; one too many is refused. Unless some are reserved, `wait` shares all."""

    limit: int = 1_000_000
    reserved_for_wait: int | None = None
    running: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def take(self, function: str) -> bool:
        """Begin an invocation, or refuse it."""
        if function == "wait" and self.reserved_for_wait is not None:
            is_free = self.running["wait"] < self.reserved_for_wait
        else:
            apart = self.reserved_for_wait is not None
            shared = self.running.total() - (self.running["wait"] if apart else 0)
            is_free = shared < self.limit - (self.reserved_for_wait or 0)
        if not is_free:
            self.refused[function] += 1
            return False
        self.running[function] += 1
        self.most[function] = max(self.most[function], self.running[function])
        return True

    def give_back(self, function: str) -> None:
        """End an invocation."""
        self.running[function] -= 1
