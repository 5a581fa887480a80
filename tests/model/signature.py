"""The signature of a schedule: equal for schedules that differ only in the order of independent events."""

from hashlib import blake2b

from tests.model.event import Event


def signature(schedule: list[Event]) -> int:
    """Return 64 bits, the same in every process.

    Each event counts with its depth: one more than the deepest earlier event that it depends on.
    """
    written: dict[str, int] = {}
    touched: dict[str, int] = {}
    levels = []
    for event in schedule:
        depth = 0
        for name in (event.actor, *event.writes):
            depth = max(depth, touched.get(name, 0))
        for name in event.reads:
            depth = max(depth, written.get(name, 0))
        depth += 1
        for name in (event.actor, *event.writes):
            written[name] = touched[name] = depth
        for name in event.reads:
            touched[name] = max(touched.get(name, 0), depth)
        levels.append(f"{depth} {event}")
    return int.from_bytes(blake2b("\n".join(sorted(levels)).encode(), digest_size=8).digest())
