"""The rules by which the claims of a verified token become an org and what its caller may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from noukai_wire.slug import is_slug

_MAX_NAME_LENGTH = 255
"""The most characters of a subject by OpenID Connect."""


class InvalidTokenError(Exception):
    """A token that is refused; the message is for the log, and quotes nothing of the token."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The operator's settings of an identity provider."""

    issuer: str
    audience: tuple[str, ...]
    org_claim: str
    scopes: tuple[str, ...]
    """The most that a token may allow; without `scopes_claim`, what every token allows."""
    scopes_claim: str | None = None
    scopes_prefix: str = ""
    """What the provider puts before the name of each scope."""
    flows_claim: str | None = None

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Rules":
        """Return the rules of a JSON object, whose lists become tuples."""
        read: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
        }
        return cls(**read)

    def context(self, claims: Mapping[str, Any]) -> dict[str, str]:
        """Return what a token says, as the texts that the gateway passes on.

        Raises:
            InvalidTokenError: the audience is another, or a claim that must be there is missing.
        """
        self._require_audience(claims)
        org, name = claims.get(self.org_claim), claims.get("sub")
        if not isinstance(org, str) or not is_slug(org):
            raise InvalidTokenError("the claim of the org is not the name of an org")
        if not isinstance(name, str) or not name.isascii() or not 0 < len(name) <= _MAX_NAME_LENGTH:
            raise InvalidTokenError("the claim 'sub' is not a text of up to 255 ASCII characters")
        context = {"org": org, "name": name, "scopes": " ".join(sorted(self._scopes(claims)))}
        if self.flows_claim is None:
            return context
        # Without its flows a token would be for all of the org's.
        if not (flows := _listed(claims.get(self.flows_claim))):
            raise InvalidTokenError("the claim of the flows is missing or empty")
        return {**context, "flows": " ".join(sorted(flows))}

    def _require_audience(self, claims: Mapping[str, Any]) -> None:
        """Refuse another audience; Cognito's access tokens have the claim `client_id` instead."""
        stated = claims.get("aud", claims.get("client_id"))
        if not set(self.audience) & set(stated if isinstance(stated, list) else [stated]):
            raise InvalidTokenError("the audience is another")

    def _scopes(self, claims: Mapping[str, Any]) -> set[str]:
        if self.scopes_claim is None:
            return set(self.scopes)
        prefix = self.scopes_prefix
        named = [scope for scope in _listed(claims.get(self.scopes_claim)) if scope.startswith(prefix)]
        return {scope.removeprefix(prefix) for scope in named} & set(self.scopes)


def _listed(claim: object) -> list[str]:
    """Return the texts of a claim: a list, or words in one text."""
    if isinstance(claim, str):
        return claim.split()
    return [each for each in claim if isinstance(each, str)] if isinstance(claim, list) else []
