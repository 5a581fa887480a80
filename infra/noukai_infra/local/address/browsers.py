"""The answers to web pages of other origins, as the gateway and S3 give them by the stack's template."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Self

from noukai_infra.local.address.gateway import Application, Headers, Receive, Send, target

_OURS = b"access-control-"


@dataclass(frozen=True)
class CrossOrigin:
    """The origins that a template allows, and what pages there may send and read."""

    origins: Sequence[str] = ()
    methods: Sequence[str] = ()
    headers: Sequence[str] = ()
    exposed: Sequence[str] = ()
    max_age: int = 0

    def lets(self, origin: str) -> bool:
        """Return whether pages of an origin are allowed; S3 knows wildcards."""
        return any(isinstance(each, str) and fnmatchcase(origin, each) for each in self.origins)

    def answer(self, origin: str) -> dict[str, str]:
        """Return the headers of an answer to an origin; none for others.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
        """
        if not self.lets(origin):
            return {}
        return {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": ",".join(self.exposed),
        }

    def preflight(self, origin: str) -> dict[str, str]:
        """Return the headers of an answer to a preflight: what is allowed, whatever was asked for."""
        if not self.lets(origin):
            return {}
        return {
            "access-control-allow-origin": origin,
            "access-control-allow-methods": ",".join(self.methods),
            "access-control-allow-headers": ",".join(self.headers),
            "access-control-max-age": str(self.max_age),
        }


@dataclass(frozen=True)
class CrossOrigins:
    """The rules of a stack for pages: those of its API and those of its bucket."""

    api: CrossOrigin = CrossOrigin()
    bucket: CrossOrigin = CrossOrigin()

    @classmethod
    def of(cls, template: str) -> Self:
        """Read them from a template."""
        api, bucket = CrossOrigin(), CrossOrigin()
        for each in json.loads(template)["Resources"].values():
            found = each.get("Properties", {}).get("CorsConfiguration")
            if found and each["Type"] == "AWS::ApiGatewayV2::Api":
                api = _of_api(found)
            elif found and each["Type"] == "AWS::S3::Bucket":
                bucket = _of_bucket(found["CorsRules"])
        return cls(api, bucket)


def _of_api(found: Mapping[str, Any]) -> CrossOrigin:
    return CrossOrigin(
        found["AllowOrigins"],
        found["AllowMethods"],
        found["AllowHeaders"],
        found["ExposeHeaders"],
        found["MaxAge"],
    )


def _of_bucket(rules: Sequence[Mapping[str, Any]]) -> CrossOrigin:
    """Return one rule for all: the first is the widest, since the console asks for less than other pages."""
    rule = rules[0]
    return CrossOrigin(
        [origin for each in rules for origin in each["AllowedOrigins"]],
        rule["AllowedMethods"],
        rule["AllowedHeaders"],
        rule["ExposedHeaders"],
        rule["MaxAge"],
    )


class Browsers:
    """An ASGI filter that answers preflights, and replaces what the application says about origins.

    The gateway does so itself; S3 refuses a preflight of an unknown origin:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html. The emulator would let in every page.
    """

    def __init__(self, application: Application, allowed: CrossOrigins, buckets: Sequence[str]) -> None:
        self._application = application
        self._allowed = allowed
        self._objects = tuple(f"/{bucket}{end}".encode() for bucket in buckets for end in "/?")

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        asked = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        is_object = target(scope).startswith(self._objects)
        allowed = self._allowed.bucket if is_object else self._allowed.api
        origin = asked.get(b"origin", "")
        is_preflight = scope["method"] == "OPTIONS" and b"access-control-request-method" in asked
        if is_preflight and (is_object or allowed.origins):
            headers = allowed.preflight(origin)
            status = 204 if not is_object else 200 if headers else 403
            await send({"type": "http.response.start", "status": status, "headers": _raw(headers.items())})
            await send({"type": "http.response.body", "body": b""})
            return
        stated = _raw(allowed.answer(origin).items())

        async def replaced(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*_others(message["headers"]), *stated]}
            await send(message)

        await self._application(scope, receive, replaced)


def _raw(headers: Iterable[tuple[str, str]]) -> Headers:
    return [(name.encode(), value.encode()) for name, value in headers]


def _others(headers: Headers) -> Headers:
    return [each for each in headers if not each[0].lower().startswith(_OURS)]
