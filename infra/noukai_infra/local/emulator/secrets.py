"""The secrets of flows on this machine: from the file `.secrets` into the emulator's services."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_infra.local.errors import LocalError
from noukai_wire.secret_sources import PARAMETER, SECRET, Source
from noukai_wire.secrets_file import read_secrets_file


@dataclass(frozen=True, slots=True)
class LocalSecrets:
    """The sources of secrets without an account, and their values.

    The emulator's services hold them, so that workers read them as they do in a deployment.
    """

    sources: Mapping[str, Source] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, settings: Mapping[str, str], file: Path) -> "LocalSecrets":
        """Read the values of the setting's secrets from a file.

        Raises:
            LocalError: the file is invalid, or lacks one.
        """
        if not settings:
            return cls()
        try:
            values = read_secrets_file(file)
        except (ValueError, OSError) as error:
            raise LocalError(str(error)) from error
        if missing := [name for name in settings if not values.get(name)]:
            lines = "\n".join(f"    {name}=..." for name in missing)
            raise LocalError(
                f"The setting `secrets` names secrets without a value here. Add to {file}:\n{lines}"
            )
        sources = {name: Source.parse(text).without_account for name, text in settings.items()}
        return cls(sources, values)

    @property
    def context(self) -> dict[str, object]:
        """Return the setting for the local system; empty without secrets."""
        return {"secrets": {name: str(each) for name, each in self.sources.items()}} if self.sources else {}

    def put(self, endpoint: Endpoint) -> None:
        """Put the values into the emulator."""
        contents = [*self._contents()]
        if parameters := [each for each in contents if each[0] == PARAMETER]:
            ssm = endpoint.client(PARAMETER)
            for _, name, value in parameters:
                ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
        if secrets := [each for each in contents if each[0] == SECRET]:
            manager = endpoint.client(SECRET)
            for _, name, value in secrets:
                try:
                    manager.create_secret(Name=name, SecretString=value)
                except manager.exceptions.ResourceExistsException:  # kept from an earlier run
                    manager.put_secret_value(SecretId=name, SecretString=value)

    def _contents(self) -> Iterator[tuple[str, str, str]]:
        """Yield the service, the name and the value of each parameter and secret."""
        objects: dict[str, dict[str, str]] = {}
        for name, source in self.sources.items():
            if source.key is None:
                yield source.service, source.name, self.values[name]
            else:
                objects.setdefault(source.name, {})[source.key] = self.values[name]
        for name, content in objects.items():
            yield SECRET, name, json.dumps(content)
