"""The settings of an identity provider, whose tokens the API takes beside its own keys."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.dataclasses import dataclass

from noukai_infra.settings.checks import STRICT, split
from noukai_wire.scopes import Scope

_Claim = Annotated[str, Field(min_length=1, max_length=255)]


def _issuer(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_url = parts.scheme == "https" and parts.hostname and parts.port != 0
    except ValueError:  # of a host or a port
        is_url = False
    if not is_url or parts.username or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise ValueError(
            "be the HTTPS URL that the provider's tokens have as `iss`, to the letter, such as "
            "https://acme.eu.auth0.com/"
        )
    return text


@dataclass(frozen=True, config=STRICT)
class Identity:
    """The provider, and what its tokens allow.

    `issuer` and `audience` are what tokens must have as `iss` and `aud`; several audiences are possible.
    `org_claim` names the claim with the org. `scopes` are what every token allows; with `scopes_claim`, a
    token allows those of them that the claim has, each after `scopes_prefix`. `flows_claim` names the claim
    with the projects and flows that a token is limited to.
    """

    issuer: Annotated[str, AfterValidator(_issuer), Field(max_length=512)]
    audience: Annotated[tuple[_Claim, ...], BeforeValidator(split), Field(min_length=1, max_length=10)]
    org_claim: _Claim = "org"
    scopes: Annotated[tuple[Scope, ...], BeforeValidator(split), Field(min_length=1)] = (
        Scope.SUBMIT,
        Scope.READ,
    )
    scopes_claim: _Claim | None = None
    scopes_prefix: Annotated[str, Field(max_length=255)] = ""
    flows_claim: _Claim | None = None

    def __post_init__(self) -> None:
        """Refuse a prefix without a claim that has it.

        Raises:
            ValueError: `scopes_prefix` is set without `scopes_claim`.
        """
        if self.scopes_prefix and self.scopes_claim is None:
            raise ValueError("name the claim with the scopes in `scopes_claim`, or leave out `scopes_prefix`")
