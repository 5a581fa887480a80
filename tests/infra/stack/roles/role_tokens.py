"""The purpose of the function of keys and browser tokens, played so that it makes every call that it can."""

from contextlib import suppress
from secrets import token_hex

from noukai_functions.aws import AwsError
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.infra.stack.roles.role_jobs import overdue

ORIGIN = "https://app.example.com"


def keys(role: System, root: System) -> None:
    """Make, list and revoke a key; make the first token, with the signing keys, and one for a job."""
    name = f"key-{token_hex(4)}"
    assert role.send(Route.CREATE_KEY, body={"name": name, "scopes": ["read"]}).status == 201
    assert role.send(Route.LIST_KEYS).status == 200
    assert role.send(Route.REVOKE_KEY, name=name).status == 204
    signing = root.deployment.browser_tokens.keys
    with suppress(AwsError):
        signing.client.delete_parameter(Name=signing.name)
    for target in ({"flow": "trial/add"}, {"job": overdue(root)}):
        assert role.send(Route.MAKE_TOKEN, body={"origin": ORIGIN, **target}).status == 201
