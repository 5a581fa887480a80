"""The functions' calls of DynamoDB and SQS: where they are answered, watched and made to fail."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.client import HTTPMessage
from typing import Any, NoReturn
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core import responses
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.model import StructureShape
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import method_names_from_class

from noukai_functions.aws import AwsError
from noukai_functions.aws.connection import Answer, Connection

_METHODS = cache(method_names_from_class)


@contextmanager
def answered_by_moto() -> Iterator[None]:
    """Pass the calls of direct clients to moto instead of a connection; those for an emulator go there."""
    moto, connected = BotocoreStubber(), Connection.exchange

    def exchange(self: Connection, headers: Mapping[str, str], body: bytes) -> Answer:
        if not self.host.endswith(".amazonaws.com"):
            return connected(self, headers, body)
        request = AWSPreparedRequest("POST", f"https://{self.host}{self.path}", HTTPHeaders(), body, False)
        for name, value in headers.items():
            request.headers[name] = value
        answered = moto.process_request(request)
        assert answered is not None, request.url
        status, told, content = answered
        read = HTTPMessage()
        for name, value in told.items():
            read[name] = str(value)
        return Answer(status, read, content.encode() if isinstance(content, str) else content)

    with patch.object(Connection, "exchange", exchange), quick():
        yield


@contextmanager
def quick() -> Iterator[None]:
    """Let moto do without what takes half of the time of a call.

    It looks for each of an attribute's ten types under four names, and lists its own methods anew.
    """
    write = BaseJSONSerializer._serialize_type_structure

    def written(
        self: BaseJSONSerializer, serialized: dict[str, Any], value: Any, shape: StructureShape, key: str
    ) -> None:
        if shape.name != "AttributeValue" or not isinstance(value, dict):
            write(self, serialized, value, shape, key)
            return
        attribute: dict[str, Any] = {}
        for name, content in value.items():
            self._serialize(attribute, content, shape.members[name], name)
        serialized[key] = attribute

    with (
        patch.object(BaseJSONSerializer, "_serialize_type_structure", written),
        patch.object(responses, "method_names_from_class", _METHODS),
    ):
        yield


def hook(
    client: Any,
    operation: str = "",
    *,
    before: Callable[[dict[str, Any]], object] = lambda _: None,
    after: Callable[[Any], object] = lambda _: None,
) -> Callable[[], None]:
    """Show the parameters and the answer of each call of an operation, or of all; return what ends that."""
    inner = client.call

    def call(called: str, parameters: dict[str, Any]) -> Any:
        if operation not in ("", called):
            return inner(called, parameters)
        before(parameters)
        answer = inner(called, parameters)
        after(answer)
        return answer

    def end() -> None:
        client.call = inner

    client.call = call
    return end


def unreachable(_: object = None) -> NoReturn:
    """Fail like an AWS call without an answer."""
    raise AwsError("Any", message="unreachable", is_transient=True)
