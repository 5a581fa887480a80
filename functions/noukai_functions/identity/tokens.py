"""The verification of a token by its provider's keys."""

import hashlib
import logging
import re
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.exceptions import PyJWTError

from noukai_functions.identity.provider import ProviderKeys, ProviderUnavailableError
from noukai_functions.identity.rules import InvalidTokenError, Rules

LEEWAY_SECONDS = 30
"""How far the clocks of the provider and Lambda may differ."""

MAX_LENGTH = 8192

_SHAPE = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_LEAST_RSA_BITS = 2048
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: a later time has no timestamp."""

_OPTIONS: Any = {"require": ["exp", "iss", "sub"], "verify_aud": False, "verify_iat": False}
"""The rules check the audience, since Cognito names it otherwise."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TokenVerifier:
    """The verifier of the tokens of one provider."""

    keys: ProviderKeys
    rules: Rules

    def context(self, token: str) -> dict[str, str]:
        """Return what a token says for the gateway to pass on, or an `error`: `invalid`, `unavailable`.

        It names the token by its SHA-256, so that the functions believe it about this one alone.
        """
        try:
            claims = self._claims(token)
            # Also the functions refuse the token from then on: the gateway may have cached this answer.
            ends = str(int(claims["exp"]) + LEEWAY_SECONDS)
            digest = hashlib.sha256(token.encode()).hexdigest()
            return {**self.rules.context(claims), "expires": ends, "token": digest}
        except InvalidTokenError as error:
            _refused(str(error))
        # Of a hostile token's parts, the libraries do not foresee every kind.
        except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            _refused(type(error).__name__)
        except ProviderUnavailableError as error:
            said = {"reason": str(error)}
            _logger.error("the keys of the identity provider could not be read", extra=said)  # noqa: TRY400
            return {"error": "unavailable"}
        return {"error": "invalid"}

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_LENGTH or not _SHAPE.fullmatch(token):
            raise InvalidTokenError("it has not the form of a signed token")
        header = jwt.get_unverified_header(token)
        # An unknown key causes a read, so everything else is checked before.
        if header.get("alg") not in ("RS256", "ES256") or "crit" in header:
            raise InvalidTokenError("its algorithm is neither RS256 nor ES256, or it has critical headers")
        key = self.keys.find(header.get("kid"))
        if key is None:
            raise InvalidTokenError("its key is not one of the provider's")
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[_algorithm_of(key)],
            issuer=self.rules.issuer,
            leeway=LEEWAY_SECONDS,
            options=_OPTIONS,
        )
        if int(claims["exp"]) > _LAST_SECOND - LEEWAY_SECONDS:
            raise InvalidTokenError("its end is after the year 9999")
        return claims


def _refused(reason: str) -> None:
    _logger.info("a token of the identity provider was refused", extra={"reason": reason})


def _algorithm_of(key: jwt.PyJWK) -> str:
    """Return the only algorithm that a key is for: the token's own word for it is not believed."""
    if key.public_key_use in (None, "sig"):
        if isinstance(key.key, RSAPublicKey) and key.key.key_size >= _LEAST_RSA_BITS:
            return "RS256"
        if isinstance(key.key, EllipticCurvePublicKey) and isinstance(key.key.curve, SECP256R1):
            return "ES256"
    raise InvalidTokenError("its key is not an RSA key of 2,048 bits or more, nor one of the curve P-256")
