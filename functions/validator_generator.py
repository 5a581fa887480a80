"""A build step: the compiler of JSON Schemas, with arithmetic that does not round."""

from collections.abc import Callable, Mapping
from typing import Any

from fastjsonschema.draft2019 import CodeGeneratorDraft2019
from fastjsonschema.ref_resolver import RefResolver

from functions.written import EXACT


class _Generator(CodeGeneratorDraft2019):
    _definition: dict[str, Any]

    def generate_multiple_of(self) -> None:
        """Write the check of `multipleOf`, exact where quotients of floats would be wrong."""
        with (
            self.l("if isinstance({variable}, (int, float)) and not isinstance({variable}, bool):"),
            self.l("if not is_multiple({variable}, {multipleOf}):"),
        ):
            self.exc("{name} must be multiple of {multipleOf}", rule="multipleOf")  # type: ignore[no-untyped-call]

    def generate_minimum(self) -> None:
        """Write the check of `minimum`."""
        self._generate_bound(self._definition["minimum"], super().generate_minimum)

    def generate_maximum(self) -> None:
        """Write the check of `maximum`."""
        self._generate_bound(self._definition["maximum"], super().generate_maximum)

    def generate_exclusive_minimum(self) -> None:
        """Write the check of `exclusiveMinimum`."""
        self._generate_bound(self._definition["exclusiveMinimum"], super().generate_exclusive_minimum)

    def generate_exclusive_maximum(self) -> None:
        """Write the check of `exclusiveMaximum`."""
        self._generate_bound(self._definition["exclusiveMaximum"], super().generate_exclusive_maximum)

    def _generate_bound(self, bound: float, generate: Callable[[], None]) -> None:
        if abs(bound) < EXACT:
            generate()
            return
        self.l("{variable}_as_written = as_written({variable})")
        variable, self._variable = self._variable, f"{self._variable}_as_written"
        generate()
        self._variable = variable


def validator_module(schema: Mapping[str, Any], formats: Mapping[str, Any]) -> str:
    """Return the code of a module whose `validate` finds all errors of a value."""
    resolver = RefResolver.from_schema({**schema}, handlers={}, store={})
    make: Any = _Generator
    generator = make({**schema}, resolver=resolver, formats=formats, use_default=False, fast_fail=False)
    code: str = generator.global_state_code + "\n" + generator.func_code
    used = [name for name in ("as_written", "is_multiple") if f"{name}(" in code]
    return f"from functions.written import {', '.join(used)}\n{code}" if used else code
