"""A build step: the compiler of JSON Schemas, with arithmetic that does not round."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fastjsonschema.draft2019 import CodeGeneratorDraft2019
from fastjsonschema.generator import VALIDATION_EXCEPTIONS
from fastjsonschema.ref_resolver import RefResolver

from noukai_wire.numbers import EXACT

_INSTANCES = {
    "array": "(list, tuple)",
    "boolean": "bool",
    "integer": "(int, float)",
    "null": "type(None)",
    "number": "(int, float)",
    "object": "dict",
    "string": "str",
}


class _Generator(CodeGeneratorDraft2019):
    _definition: dict[str, Any]
    _variable: str
    _any_or_one_of_count: int
    _enum_value_matches: Callable[[str, Any], str]

    def generate_any_of(self) -> None:
        """Write the check of variants; skip a variant whose type, name or tag rules it out.

        Raising an error for each skipped variant would be slow: a body may hold tens of thousands of items,
        each of which fits only the last of a dozen variants.
        """
        self._any_or_one_of_count += 1
        fits = f"{self._variable}_any_of{self._any_or_one_of_count}"
        self.l("{fits} = False", fits=fits)
        for variant in self._definition["anyOf"]:
            conditions = ["not " + fits, *self._needed(variant, self._variable)]
            with self.l("if {conditions}:", conditions=" and ".join(conditions), optimize=False):
                with self.l("try:", optimize=False):
                    with self.trial_validation():
                        self._generate_variant(variant)
                    self.l("{fits} = True", fits=fits)
                self.l("except {}: pass", VALIDATION_EXCEPTIONS)
        with self.l("if not {fits}:", fits=fits, optimize=False):
            self.exc("{name} cannot be validated by any definition", rule="anyOf")  # type: ignore[no-untyped-call]

    def _generate_variant(self, schema: Any) -> None:
        generate: Callable[..., object] = self.generate_func_code_block
        generate(schema, self._variable, self._variable_name, clear_variables=True)

    def _needed(self, schema: Any, value: str, depth: int = 0) -> Iterator[str]:
        """Yield cheap conditions that every valid value of a schema meets."""
        if not isinstance(schema, dict):
            return
        if "$ref" in schema:
            with self._resolver.resolving(schema["$ref"]) as referred:
                yield from self._needed(referred, value, depth) if "$ref" not in referred else ()
            return
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        if values and all(isinstance(each, str) for each in values):
            yield f"isinstance({value}, str) and {value} in {_set_of(values)}"
        elif isinstance(kind := schema.get("type"), str):
            yield f"isinstance({value}, {_INSTANCES[kind]})"
            if kind == "object" and depth == 0:
                for name in schema.get("required", ()):
                    yield f"{name!r} in {value}"
                    yield from self._needed(
                        schema.get("properties", {}).get(name), f"{value}[{name!r}]", depth + 1
                    )

    def generate_enum(self) -> None:
        """Write the check of `enum`; look text and numbers up in sets, which takes constant time."""
        allowed = self._definition["enum"]
        texts = [each for each in allowed if isinstance(each, str)]
        numbers = [each for each in allowed if type(each) in (int, float)]
        others = [each for each in allowed if type(each) not in (str, int, float)]
        matches = [self._enum_value_matches(self._variable, each) for each in others]
        if texts:
            matches.append(f"isinstance({self._variable}, str) and {self._variable} in {_set_of(texts)}")
        if numbers:
            is_number = (
                f"isinstance({self._variable}, (int, float)) and not isinstance({self._variable}, bool)"
            )
            matches.append(f"{is_number} and {self._variable} in {_set_of(numbers)}")
        with self.l("if not ({}):", " or ".join(matches) or "False", optimize=False):
            self.exc("{name} must be one of {}", self.e(allowed), rule="enum")  # type: ignore[no-untyped-call]

    def generate_unique_items(self) -> None:
        """Write the check of `uniqueItems`.

        The compiler's own check hashes numbers, and callers could choose numbers with equal hashes.
        """
        with (
            self.l("if isinstance({variable}, (list, tuple)):", optimize=False),
            self.l("if not are_unique({variable}):", optimize=False),
        ):
            self.exc("{name} must contain unique items", rule="uniqueItems")  # type: ignore[no-untyped-call]

    def generate_multiple_of(self) -> None:
        """Write the check of `multipleOf`, exact where dividing floats would round."""
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
    """Return the code of a module whose `validate` collects the errors of a value."""
    resolver = RefResolver.from_schema({**schema}, handlers={}, store={})
    make: Any = _Generator
    generator = make({**schema}, resolver=resolver, formats=formats, use_default=False, fast_fail=False)
    code: str = generator.global_state_code + "\n" + generator.func_code
    used = [name for name in ("are_unique", "as_written", "is_multiple") if f"{name}(" in code]
    return f"from noukai_wire.numbers import {', '.join(used)}\n{code}" if used else code


def _set_of(values: Iterable[float | str]) -> str:
    """Return the code of a set, which Python compiles to a constant."""
    return f"{{{', '.join(map(repr, values))}}}"
