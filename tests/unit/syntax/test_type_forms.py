"""Type expressions: what they mean, and where wrong ones are wrong."""

from __future__ import annotations

import pytest

from rtfs_runtime.types import INT, Alias, Type, optional, print_type
from rtfsc.source import CompileError, SourceFile
from rtfsc.syntax.parser import parse
from rtfsc.syntax.type_forms import parse_type, split_annotation

DECLARED: dict[str, Type] = {"Age": INT, "m/Age": INT}


def type_of(text: str) -> Type:
    return parse_type(parse(SourceFile("t", text)).forms[0], DECLARED.get)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("int", ":int"),
        (":Integer", ":int"),
        ("int?", ":int?"),
        ("[:vector int ?]", "[:vector :int?]"),
        ("[:map {:a :int :b :string ?}]", "[:map [:a :int] [:b :string ?]]"),
        ("[:struct {:a int}]", "[:map [:a :int]]"),
        ("[:dict :string :any]", "[:map-of :string :any]"),
        ("[:=> [:int & :int] :int]", "[:fn [:int & :int] :int]"),
        ("[:and :int [:> 0] [:in-range 1 2]]", "[:and :int [:> 0] [:in-range 1 2]]"),
        ("[:and :string is-url]", "[:and :string [:is-url]]"),
        ("[:and :map [:required-keys [:a :b]]]", "[:and :map [:required-keys [:a :b]]]"),
        ("[:stream :int]", ":any"),
        ("Age", "Age"),
        ("[:vector m/Age]", "[:vector m/Age]"),
    ],
)
def test_types(text: str, printed: str) -> None:
    assert print_type(type_of(text)) == printed


def test_declared_names_have_targets() -> None:
    assert type_of("Age?") is optional(Alias("Age", INT))


@pytest.mark.parametrize(
    ("text", "code", "where", "hint"),
    [
        ("[:vector Strin]", "E302", "Strin", ":string"),
        ("[:map [:a :int] [:b :intt?]]", "E302", ":intt?", ":int"),
        ("Zzz", "E302", "Zzz", "deftype"),
        ("[:vector [:vectr :int]]", "E301", "[:vectr :int]", ":vector"),
        ("[:map {:a [:lst :int]}]", "E301", "[:lst :int]", ":list"),
        ("[:vector]", "E301", "[:vector]", ""),
        ("[:map [:odd]]", "E301", "[:map [:odd]]", ""),
        ("5", "E302", "5", ""),
        ("[:and :int [:lenght 3]]", "E303", "[:lenght 3]", ":length"),
        ("[:vector [:and :int [:nope]]]", "E303", "[:nope]", ""),
        ('[:and :int [:< 1] [:> "a"]]', "E304", '[:> "a"]', "[:> number]"),
        ("[:and :map [:required-keys :a]]", "E304", "[:required-keys :a]", "keys"),
    ],
)
def test_wrong_types(text: str, code: str, where: str, hint: str) -> None:
    with pytest.raises(CompileError) as caught:
        type_of(text)
    found = caught.value.diagnostics[0]
    assert (found.code, text[found.span.start : found.span.end]) == (code, where)
    assert hint in " ".join(found.hints)


def test_deep_types_are_refused() -> None:
    with pytest.raises(CompileError, match="deeper"):
        type_of("[:vector " * 5_000 + ":int" + "]" * 5_000)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("x", ("x", None)),
        ("x:int", ("x", "int")),
        ("x:", ("x", "")),
        ("a:b:c", ("a", "b:c")),
        (":", (":", None)),
    ],
)
def test_annotations_are_cut_at_the_first_colon(name: str, parts: tuple[str, str | None]) -> None:
    assert split_annotation(name) == parts
