"""The keys that sign browser tokens, in an encrypted parameter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.clock import Clock
from noukai_functions.telemetry.logger import logger
from noukai_wire.signing_keys import CACHE_MS, SigningKey, new_key, read_keys, write_keys

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_PAUSE_MS = 10_000
"""The least time between two reads by one process: an unknown key's id may be made up."""

_ABSENT = "ParameterNotFound"


@dataclass(slots=True)
class TokenKeys:
    """The signing keys of a deployment, at most two; made when the first token is, never overwritten here.

    A function that sees no token reads nothing. The parameter's name is the audience of the tokens, so that
    another deployment's are invalid even if it has the same keys.
    """

    client: "SSMClient"
    name: str
    clock: Clock
    made_with: Mapping[str, Any] = field(default_factory=dict)
    """What the parameter is made with beside its value: a key of the company's own, and tags."""
    _known: list[SigningKey] = field(default_factory=list, repr=False)
    _read_at: int | None = None

    def find(self, key_id: str) -> SigningKey | None:
        """Return the key of this id; read the keys again if it is unknown."""
        self._refresh(CACHE_MS)
        if (found := self._named(key_id)) is None:
            self._refresh(_PAUSE_MS)
            found = self._named(key_id)
        return found

    def signing(self) -> SigningKey:
        """Return the newest key that signs; make the first one."""
        self._refresh(CACHE_MS)
        now = self.clock.now()
        if not self._known:
            self._create(new_key(now))
            self._read_at = None
            self._refresh(CACHE_MS)
        # The keys are newest first; the last one signs even if the clocks of two processes differ.
        return next((key for key in self._known if key.since <= now), self._known[-1])

    def _named(self, key_id: str) -> SigningKey | None:
        return next((key for key in self._known if key.id == key_id), None)

    def _refresh(self, after_ms: int) -> None:
        """Read the keys if they were last read so long ago; known ones serve while AWS is unavailable."""
        now = self.clock.now()
        if self._read_at is not None and now < self._read_at + after_ms:
            return
        try:
            answer = self.client.get_parameter(Name=self.name, WithDecryption=True)
            self._known = read_keys(answer["Parameter"]["Value"])
        except AwsError as error:
            if error.code == _ABSENT:
                self._known = []
            elif not self._known:
                raise
            else:
                logger().warning("the keys of browser tokens could not be read again", exc_info=True)
        self._read_at = now

    def _create(self, key: SigningKey) -> None:
        named = {"Name": self.name, "Type": "SecureString", "Overwrite": False, **self.made_with}
        try:
            self.client.put_parameter(Value=write_keys([key]), **named)
        except AwsError as error:
            # Another process has made it at the same time.
            if error.code != "ParameterAlreadyExists":
                raise
