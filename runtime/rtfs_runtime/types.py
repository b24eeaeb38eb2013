"""Types: the one module to import from.

In: nothing. Out: the terms, their text, and the checks at run time. How types relate is the matter of the
compiler: `rtfsc.check`.
"""

from __future__ import annotations

from rtfs_runtime.type_checks import PREDICATES, check, compile_check, conforms, make_struct
from rtfs_runtime.type_predicates import operands_fit
from rtfs_runtime.type_terms import (
    ANY,
    BOOL,
    ERROR,
    FLOAT,
    FN,
    INT,
    KEYWORD,
    LIST,
    MAP,
    NEVER,
    NIL,
    NUMBER,
    PRIMS,
    RESOURCE,
    SET,
    STRING,
    SYMBOL,
    TIMESTAMP,
    UUID,
    VECTOR,
    Alias,
    And,
    Any,
    Array,
    Data,
    Enum,
    Field,
    FnType,
    ListOf,
    MapKey,
    MapOf,
    MapType,
    Never,
    Predicate,
    Prim,
    ResourceType,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
    from_data,
    optional,
    to_data,
    unfold,
    union,
)
from rtfs_runtime.type_text import annotation_text, print_type

__all__ = [
    "ANY", "BOOL", "ERROR", "FLOAT", "FN", "INT", "KEYWORD", "LIST", "MAP", "NEVER", "NIL", "NUMBER",
    "PREDICATES", "PRIMS", "RESOURCE", "SET", "STRING", "SYMBOL", "TIMESTAMP", "UUID", "VECTOR",
    "Alias", "And", "Any", "Array", "Data", "Enum", "Field", "FnType", "ListOf", "MapKey", "MapOf",
    "MapType", "Never", "Predicate", "Prim", "ResourceType", "Tuple", "Type", "Union", "Val", "Vector",
    "annotation_text", "check", "compile_check", "conforms", "from_data",
    "make_struct", "operands_fit", "optional", "print_type", "to_data", "unfold", "union",
]  # fmt: skip
