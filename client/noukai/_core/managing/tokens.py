"""The operation that makes a browser token."""

from collections.abc import Sequence

from noukai._core.answer import read
from noukai._core.api import Api
from noukai._core.managing.bodies import content_of, flow_of
from noukai._core.operation import Operation
from noukai._errors import InvalidArgumentError
from noukai_wire.routes import Route
from noukai_wire.tokens import BrowserToken, NewToken


def create(
    api: Api, origin: str, flow: str | None, job: str | None, scopes: Sequence[str], *, seconds: int
) -> Operation[BrowserToken]:
    """Make a token for one flow or one job."""
    if (flow is None) == (job is None):
        raise InvalidArgumentError("give either a flow or a job: a token is for one of them")
    if isinstance(scopes, str):
        raise InvalidArgumentError(f"scopes must be a list, such as [{scopes!r}]")
    fields = {
        "flow": None if flow is None else flow_of(api, flow),
        "job": job,
        "scopes": list(scopes),
        "origin": origin,
        "seconds": seconds,
    }
    return read(BrowserToken, (yield from api.ask(Route.MAKE_TOKEN, content=content_of(NewToken, fields))))
