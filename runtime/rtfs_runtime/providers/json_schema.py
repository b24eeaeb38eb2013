"""A type as JSON schema, for servers that make a model answer nothing else.

In: a type. Out: `JsonSchema`, whose root is an object, because servers that enforce schemas want that: an
answer of another shape stands under one key, `unwrap` takes it out again. A schema is as wide as its type or
wider (texts of any length, no patterns: servers differ in those); the answer is checked against the type
afterwards. Reading answers is left to `delegation.answers`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.jsontext import from_json
from rtfs_runtime.types import (
    BOOL,
    FLOAT,
    INT,
    KEYWORD,
    NIL,
    NUMBER,
    STRING,
    Alias,
    And,
    Any,
    Array,
    Enum,
    ListOf,
    MapOf,
    MapType,
    Predicate,
    Prim,
    ResourceType,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
    unfold,
)
from rtfs_runtime.values import Keyword, Symbol

Schema: TypeAlias = dict[str, object]

ANSWER: Final = "answer"
"""The key under which an answer that is no object stands."""
_WRAPPED: Final = re.compile(rf'\s*{{\s*"{ANSWER}"\s*:\s*(.*?)\s*}}\s*', re.DOTALL)
_PRIMS: Final[Mapping[Prim, str]] = {
    INT: "integer",
    FLOAT: "number",
    NUMBER: "number",
    STRING: "string",
    BOOL: "boolean",
    NIL: "null",
    KEYWORD: "string",
}
_BOUNDS: Final = {">": "exclusiveMinimum", ">=": "minimum", "<": "exclusiveMaximum", "<=": "maximum"}
_COUNTS: Final = {
    "count": ("minItems", "maxItems"),
    "min-count": ("minItems",),
    "max-count": ("maxItems",),
}
_LARGEST: Final = 2**53
"""Bounds beyond it are left to the check: not every JSON reader holds them."""


class JsonSchema(NamedTuple):
    """A schema.

    Shape: `wrapped` says that the answer stands under `ANSWER`. `strict` says that every object is closed and
           every key required, which is what strict modes enforce.
    """

    schema: Schema
    wrapped: bool
    strict: bool


@lru_cache(256)
def json_schema(kind: Type) -> JsonSchema | None:
    """Write a type as JSON schema; None when JSON cannot carry its values (functions, timestamps, …)."""
    writer = _Writer()
    try:
        schema = writer.schema(kind)
    except _NoSchemaError:
        return None
    wrapped = schema.get("type") != "object"
    if wrapped:
        schema = _object({ANSWER: schema})
    if writer.defs:
        schema = {**schema, "$defs": writer.defs}
    return JsonSchema(schema, wrapped, writer.strict)


def unwrap(text: str) -> str:
    """Take an answer from under its key; text of another shape is given back as it is."""
    try:
        value = from_json(text)
    except RtfsError:
        return text
    if isinstance(value, dict) and list(value) == [ANSWER]:
        # cut, not written anew: writing sorts keys, and maps keep the order in which they were given
        inside = _WRAPPED.fullmatch(text)
        return text if inside is None else inside[1]
    return text


def wrap(text: str) -> str:
    """Put an answer under its key: JSON as it is, other text as a string."""
    try:
        from_json(text)
    except RtfsError:
        text = json.dumps(text)
    return f'{{"{ANSWER}": {text}}}'


def literal_json(value: object) -> str | int | float | bool | None:
    """Give a literal of a type as JSON has it, keywords and symbols as their text.

    Raises: ValueError for a literal with parts.
    """
    if isinstance(value, (Keyword, Symbol)):
        return value.text
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise ValueError("a literal with parts")


class _NoSchemaError(Exception):
    """A part of the type has no values in JSON."""


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


class _Writer:
    """One schema; `defs` are the recursive types met on the way."""

    def __init__(self) -> None:
        self.defs: dict[str, Schema] = {}
        self.strict = True
        self.names: dict[Alias, str] = {}
        self.met: set[str] = set()

    def schema(self, kind: Type) -> Schema:
        match kind:
            case Prim() if kind in _PRIMS:
                return {"type": _PRIMS[kind]}
            case ResourceType():
                return {"type": "string"}
            case Any():
                self.strict = False
                return {}
            case Val(value):
                return _literals((value,))
            case Enum(values):
                return _literals(values)
            case Vector(element) | ListOf(element):
                return {"type": "array", "items": self.schema(element)}
            case Union(members):
                return {"anyOf": [self.schema(member) for member in members]}
            case And(base, checks):
                return _narrowed(self.schema(base), checks)
            case Alias():
                return self.alias(kind)
            case Array() | Tuple() | MapType() | MapOf():
                return self.compound(kind)
            case _:
                raise _NoSchemaError

    def compound(self, kind: Array | Tuple | MapType | MapOf) -> Schema:
        match kind:
            case Array(element, shape):
                return self.array(element, shape)
            case Tuple(items):
                if not items:
                    return {"type": "array", "items": {"type": "null"}, "maxItems": 0}
                self.strict = False
                parts = [self.schema(item) for item in items]
                return {"type": "array", "prefixItems": parts, "minItems": len(items), "maxItems": len(items)}
            case MapType():
                return self.record(kind)
            case MapOf(key, value):
                self.strict = False
                schema: Schema = {"type": "object", "additionalProperties": self.schema(value)}
                return schema | self.keys(key)

    def keys(self, kind: Type) -> Schema:
        """Say what the keys of an object may be, which JSON writes as texts."""
        if kind is INT:
            return {"propertyNames": {"pattern": "^-?[0-9]+$"}}
        names = self.schema(kind)
        return {} if names in ({}, {"type": "string"}) else {"propertyNames": names}

    def array(self, element: Type, shape: tuple[int | None, ...]) -> Schema:
        schema = self.schema(element)
        for size in reversed(shape or (None,)):
            schema = {"type": "array", "items": schema}
            if size is not None:
                schema |= {"minItems": size, "maxItems": size}
        return schema

    def record(self, kind: MapType) -> Schema:
        """Write a map; a key that may be missing may be null instead, for all keys are required."""
        properties: dict[str, Schema] = {}
        for key, field, optional in kind.fields:
            schema = self.schema(field)
            if optional:
                schema = {"anyOf": [schema, {"type": "null"}]}
            properties[str(literal_json(key))] = schema
        schema = _object(properties)
        if kind.rest is not None:
            self.strict = False
            schema["additionalProperties"] = self.schema(kind.rest)
        elif not kind.fields:
            self.strict = False
            schema = {"type": "object"}
        return schema

    def alias(self, kind: Alias) -> Schema:
        """Write what a name stands for; a type that contains itself is named, others are written out."""
        name = self.names.get(kind)
        if name is not None:
            self.met.add(name)
            return {"$ref": f"#/$defs/{name}"}
        if kind.target is None:
            raise _NoSchemaError
        name = re.sub("[^A-Za-z0-9_-]", "_", kind.name)
        while name in self.names.values() or name in self.defs:
            name += "_"
        self.names[kind] = name
        body = self.schema(unfold(kind))
        if name not in self.met:
            del self.names[kind]
            return body
        if "$ref" in body:
            # a name for nothing but itself: no value has such a type
            raise _NoSchemaError
        self.defs[name] = body
        return {"$ref": f"#/$defs/{name}"}


def _literals(values: tuple[object, ...]) -> Schema:
    try:
        found = [literal_json(value) for value in values]
    except ValueError:
        raise _NoSchemaError from None
    if all(isinstance(value, str) for value in found):
        return {"type": "string", "enum": list(dict.fromkeys(found))}
    return {"enum": found}


def _narrowed(schema: Schema, checks: tuple[Type, ...]) -> Schema:
    """Add the bounds and counts that schemas of every server have."""
    limits: Schema = {}
    for check in checks:
        if not isinstance(check, Predicate):
            continue
        if schema.get("type") in ("integer", "number"):
            limits |= _bounds(check.name, check.values)
        elif schema.get("type") == "array" and check.name in _COUNTS:
            limits |= dict.fromkeys(_COUNTS[check.name], check.values[0])
        elif schema.get("type") == "array" and check.name == "non-empty":
            limits["minItems"] = 1
    return {**schema, **limits}


def _bounds(name: str, values: tuple[object, ...]) -> Schema:
    if not all(isinstance(value, (int, float)) and abs(value) <= _LARGEST for value in values):
        return {}
    if name == "in-range":
        return dict(zip(("minimum", "maximum"), values, strict=True))
    return {_BOUNDS[name]: values[0]} if name in _BOUNDS else {}
