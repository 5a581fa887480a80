import pytest

from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.harness import System
from tests.functions.schedules.scheduled import Scheduled


@pytest.fixture
def scheduled(system: System) -> Scheduled:
    """Return a fresh deployment at noon, asked with a key of every scope."""
    system.add_key("nk_every", "acme", tuple(Scope))
    system.key = "nk_every"
    scheduled = Scheduled(system)
    scheduled.at("2026-05-14 12:00:10")
    scheduled.tick()  # from now on the schedules in code, of which there are none, agree
    system.send(Route.LIST_SCHEDULES)  # notes the use of the key
    return scheduled
