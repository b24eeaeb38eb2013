"""Type terms, their text and data, checks and relations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime_values import DEEP, nest, values

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.maps import map_assoc
from rtfs_runtime.sets import make_set
from rtfs_runtime.types import (
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
    PREDICATES,
    RESOURCE,
    SET,
    STRING,
    SYMBOL,
    TIMESTAMP,
    UUID,
    VECTOR,
    Alias,
    And,
    Array,
    Enum,
    FnType,
    ListOf,
    MapOf,
    MapType,
    Predicate,
    ResourceType,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
    check,
    compile_check,
    conforms,
    from_data,
    make_struct,
    operands_fit,
    optional,
    print_type,
    to_data,
    union,
)  # fmt: skip
from rtfs_runtime.values import Keyword, List, Resource, Symbol, Timestamp, Uuid
from rtfs_runtime.vectors import BigVector, vec_conj

K = Keyword
A, B = K("a"), K("b")


def record(*fields: tuple[object, Type], rest: Type | None = None) -> MapType:
    return MapType([(key, kind, False) for key, kind in fields], rest)  # type: ignore[misc]


def holds(name: str, *operands: object, base: Type = ANY) -> Type:
    return And(base, [Predicate(name, operands)])


PRINTED = [
    (INT, ":int"),
    (ANY, ":any"),
    (NEVER, ":never"),
    (NUMBER, ":number"),
    (VECTOR, ":vector"),
    (LIST, ":list"),
    (MAP, ":map"),
    (FN, ":fn"),
    (Vector(INT), "[:vector :int]"),
    (ListOf(Vector(INT)), "[:list [:vector :int]]"),
    (Tuple([INT, STRING]), "[:tuple :int :string]"),
    (Tuple([]), "[:tuple]"),
    (Array(INT, (2, None)), "[:array :int [2 ?]]"),
    (Array(INT), "[:array :int]"),
    (MapType([(A, INT, False), (B, STRING, True)], BOOL), "[:map [:a :int] [:b :string ?] [:* :bool]]"),
    (record(("a", INT)), '[:map ["a" :int]]'),
    (MapOf(KEYWORD, INT), "[:map-of :keyword :int]"),
    (FnType([INT], None, STRING), "[:fn [:int] :string]"),
    (FnType([INT, INT], STRING, ANY), "[:fn [:int :int & :string] :any]"),
    (FnType([], None, INT), "[:fn [] :int]"),
    (union([INT, STRING]), "[:union :int :string]"),
    (optional(INT), ":int?"),
    (optional(Vector(INT)), "[:optional [:vector :int]]"),
    (
        And(INT, [Predicate(">", [0]), Predicate("in-range", [1, 2.5])]),
        "[:and :int [:> 0] [:in-range 1 2.5]]",
    ),
    (holds("required-keys", (A, B)), "[:and :any [:required-keys [:a :b]]]"),
    (holds("non-empty"), "[:and :any [:non-empty]]"),
    (Val('a"b'), '[:val "a\\"b"]'),
    (Enum([A, 1, 1.0, True, None]), "[:enum :a 1 1.0 true nil]"),
    (ResourceType("File"), "[:resource File]"),
    (Alias("Foo"), "Foo"),
    (Alias("Age", INT), "Age"),
]


@pytest.mark.parametrize(("kind", "text"), PRINTED)
def test_text_and_data(kind: Type, text: str) -> None:
    assert print_type(kind) == text
    data = to_data(kind)
    assert all(type(token) in (str, int) for token in data)
    assert from_data(data) is kind


def test_equal_types_are_one_object() -> None:
    assert Vector(INT) is Vector(INT)
    assert Enum([1]) is not Enum([1.0])
    assert Val(True) is not Val(1)
    assert union([INT, INT]) is INT
    assert union([]) is NEVER
    assert union([INT, ANY]) is ANY
    assert union([optional(INT), STRING]) is Union([INT, NIL, STRING])


@pytest.mark.parametrize(
    "data", [(), ("prim",), ("no", 0, 0), ("vector", 1, 0), (*to_data(INT), *to_data(INT))]
)
def test_damaged_data(data: tuple[str | int, ...]) -> None:
    with pytest.raises(ValueError):
        from_data(data)


ACCEPTED = [
    (INT, 5), (FLOAT, 1.5), (FLOAT, 3), (NUMBER, 1), (NUMBER, 1.5), (STRING, "a"), (BOOL, False), (NIL, None),
    (KEYWORD, A), (SYMBOL, Symbol("a")), (FN, len), (FN, lambda: 1), (VECTOR, (1, "a")),
    (LIST, List((1,))), (MAP, {}),
    (TIMESTAMP, Timestamp("t")), (UUID, Uuid("u")), (RESOURCE, Resource("r")), (SET, make_set([1])),
    (ERROR, RtfsError("DivisionByZero")), (ANY, None), (optional(INT), None), (Vector(INT), (1, 2)),
    (Vector(INT), BigVector.of((1,))), (Vector(Vector(INT)), ((1,), ())), (Tuple([INT, STRING]), (1, "a")),
    (Array(INT, (2, None)), ((1, 2), ())), (Array(INT), (1, 2, 3)), (record((A, INT)), {A: 1, B: "x"}),
    (record((A, INT)), {"a": 1}), (MapType([(A, INT, True)]), {}),
    (record((A, INT), rest=STRING), {A: 1, B: "x"}),
    (record((A, INT), rest=STRING), {"a": 1, B: "x"}), (MapOf(STRING, INT), {"a": 1}),
    (MapOf(KEYWORD, INT), map_assoc({Keyword(str(n)): n for n in range(64)}, A, 1)),
    (FnType([INT], None, INT), len), (union([INT, STRING]), "a"),
    (union([Tuple([INT]), Tuple([STRING])]), ("a",)), (And(ANY, [INT]), 5), (Val(5), 5), (Enum([A, B]), B),
    (ResourceType("F"), Resource("r")), (ResourceType("F"), "text"), (Alias("Age", INT), 5),
    (holds(">", 0), 0.5), (holds(">=", 0), 0), (holds("<", 1.5), 1), (holds("<=", 1), 1), (holds("=", 5), 5),
    (holds("!=", 5), 5.0), (holds("in-range", 1, 5), 5), (holds("length", 3), "çàé"),
    (holds("min-length", 2), "ab"),
    (holds("max-length", 2), "ab"), (holds("matches-regex", "b+"), "abbc"), (holds("is-url"), "https://a.b"),
    (holds("is-email"), "x@y.z"), (holds("count", 2), (1, 2)), (holds("min-count", 1), {A: 1}),
    (holds("max-count", 1), List()), (holds("count", 1), make_set([1])), (holds("non-empty"), "a"),
    (holds("has-key", A), {A: None}), (holds("required-keys", (A, B)), {A: 1, B: 2}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), ACCEPTED)
def test_accepts(kind: Type, value: object) -> None:
    assert compile_check(kind)(value) is None
    assert check(value, kind, "let x: ") is value


REJECTED = [
    (INT, "a", "Type mismatch at : expected :int, got string"),
    (INT, True, "Type mismatch at : expected :int, got boolean"),
    (INT, 5.0, "Type mismatch at : expected :int, got float"),
    (NEVER, 1, "Type mismatch at : expected :never, got integer"),
    (FN, 1, "Type mismatch at : expected :fn, got integer"),
    (FN, A, "Type mismatch at : expected :fn, got keyword"),
    (VECTOR, List((1,)), "Type mismatch at : expected :vector, got list"),
    (MAP, None, "Type mismatch at : expected :map, got nil"),
    (Vector(INT), (1, "a"), "Type mismatch at [1]: expected :int, got string"),
    (ListOf(INT), List((1, None)), "Type mismatch at [1]: expected :int, got nil"),
    (record((K("items"), Vector(record((K("id"), INT))))), {K("items"): ({K("id"): "a"},)},
     "Type mismatch at .items[0].id: expected :int, got string"),
    (MapOf(KEYWORD, INT), {B: "x"}, "Type mismatch at [:b]: expected :int, got string"),
    (MapOf(STRING, INT), {B: 1}, "Type mismatch at [:b]: expected :string, got keyword"),
    (union([INT, STRING]), A, "Type mismatch at : expected [:union :int :string], got keyword"),
    (Vector(union([INT, Vector(INT)])), (1, ("a",)),
     "Type mismatch at [1]: expected [:union :int [:vector :int]], got vector"),
    (Tuple([INT, STRING]), (1,), "Type mismatch at : expected [:tuple :int :string], got tuple of length 1"),
    (Tuple([INT, STRING]), ("a", 1), "Type mismatch at [0]: expected :int, got string"),
    (Array(INT, (2,)), (1, 2, 3), "Shape violation at : expected [2], got [3]"),
    (Array(INT, (None, 2)), ((1, 2), (1,)), "Shape violation at [1]: expected [2], got [1]"),
    (record((A, STRING), (B, INT)), {A: "x"}, "Missing required key :b at "),
    (record((A, Vector(INT)), (B, INT)), {A: ("x",)}, "Type mismatch at .a[0]: expected :int, got string"),
    (MapType([(A, INT, True)]), {A: None}, "Type mismatch at .a: expected :int, got nil"),
    (record((A, INT), rest=STRING), {A: 1, B: 2}, "Type mismatch at .b: expected :string, got integer"),
    (Val(5), 5.0, "Type mismatch at : expected [:val 5], got 5"),
    (Enum([A, B]), K("c"), "Type mismatch at : expected [:enum :a :b], got :c"),
    (Alias("Foo"), 1, "Type mismatch at : expected Foo, got integer"),
    (Alias("Age", INT), "a", "Type mismatch at : expected :int, got string"),
    (And(INT, [Predicate(">", [0])]), -5, "Predicate violation at : > 0 failed for value -5"),
    (And(INT, [Predicate(">", [0])]), "a", "Type mismatch at : expected :int, got string"),
    (holds("min-length", 3), "ab", "Predicate violation at : min-length 3 failed for value length 2"),
    (holds("count", 2), (1,), "Predicate violation at : count 2 failed for value count 1"),
    (Vector(holds(">", 0)), (1, -1), "Predicate violation at [1]: > 0 failed for value -1"),
    (holds("is-url"), "ftp://a", 'Predicate violation at : is-url failed for value "ftp://a"'),
    (holds("required-keys", (A, B)), {A: 1},
     "Predicate violation at : required-keys [:a :b] failed for value {:a 1}"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "message"), REJECTED)
def test_rejects(kind: Type, value: object, message: str) -> None:
    assert compile_check(kind)(value) == message
    with pytest.raises(RtfsError) as caught:
        check(value, kind, "let x: ")
    assert caught.value.message == f"Type validation error: let x: {message}"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (holds(">", 0), 0), (holds(">", 0), True), (holds(">", 0), float("nan")), (holds(">=", 0), -1),
        (holds("<", 1), 1),
        (holds("<=", 1), "a"), (holds("=", 5), 5.0), (holds("!=", 5), 5), (holds("in-range", 1, 5), 6),
        (holds("length", 3), (1, 2, 3)), (holds("max-length", 1), "ab"), (holds("matches-regex", "b+"), "ac"),
        (holds("matches-regex", "b"), "\ud800b"), (holds("is-email"), "xy.z"), (holds("is-email"), "@y.z"),
        (holds("is-email"), "x@yz"), (holds("is-email"), "x y@a.b"), (holds("min-count", 2), (1,)),
        (holds("max-count", 2), (1, 2, 3)), (holds("non-empty"), ()), (holds("non-empty"), 5),
        (holds("has-key", A), {B: 1}),
    ],
)  # fmt: skip
def test_predicate_fails(kind: Type, value: object) -> None:
    failure = compile_check(kind)(value)
    assert failure is not None and failure.startswith("Predicate violation at : ")


def test_operands_of_predicates() -> None:
    assert set(PREDICATES) >= {">", "length", "matches-regex", "required-keys"}
    assert (
        operands_fit(">", (1.5,))
        and operands_fit("non-empty", ())
        and operands_fit("required-keys", ((A, "b"),))
    )
    for name, wrong in (
        (">", ()),
        (">", ("a",)),
        ("length", (1.5,)),
        ("required-keys", (A,)),
        ("non-empty", (1,)),
    ):
        assert not operands_fit(name, wrong)


TREE = Alias("Tree", union([INT, Vector(Alias("Tree")), MapOf(KEYWORD, Alias("Tree"))]))


def test_recursive_type_at_any_depth() -> None:
    assert compile_check(TREE)((1, (2, {A: (3,)}), ())) is None
    assert compile_check(TREE)((1, (2, {A: ("x",)}))) is not None
    for kind in ("vector", "map"):
        assert compile_check(TREE)(nest(kind, 1)) is None
        assert compile_check(TREE)(nest(kind, "x")) is not None
    only = Alias("Only", optional(Vector(Alias("Only"))))
    assert (compile_check(only)(nest("vector", 1)) or "").startswith("Type mismatch at : expected [:optional")
    chain = Alias("Chain", Vector(Alias("Chain")))
    assert (
        compile_check(chain)(nest("vector", 1))
        == f"Type mismatch at {'[0]' * DEEP}: expected [:vector Chain], got integer"
    )


def test_deep_type() -> None:
    kind: Type = INT
    for _ in range(20_000):
        kind = Vector(kind)
    assert from_data(to_data(kind)) is kind
    assert print_type(kind).count("[:vector") == 20_000
    assert compile_check(kind)(nest("vector", 1, 20_000)) is None


def test_a_choice_among_records_goes_back() -> None:
    shapes = union([record((A, Vector(INT)), (B, INT)), record((A, Vector(STRING)), (B, STRING))])
    assert compile_check(Vector(shapes))(({A: (1,), B: 1}, {A: ("x",), B: "y"})) is None
    assert compile_check(Vector(shapes))(({A: (1,), B: 1}, {A: ("x",), B: 1})) == (
        f"Type mismatch at [1]: expected {print_type(shapes)}, got map"
    )


def test_conforms_sees_errors_as_maps() -> None:
    error = RtfsError("DivisionByZero")
    assert conforms(error, record((K("kind"), Val("DivisionByZero"))))
    assert not conforms(error, record((K("kind"), Val("TypeError"))))
    assert conforms(5, INT) and not conforms(5, STRING)


@given(values)
def test_every_value_has_one_bare_kind(value: object) -> None:
    kinds = (INT, STRING, BOOL, NIL, KEYWORD, SYMBOL, VECTOR, LIST, MAP, TIMESTAMP, UUID, RESOURCE, SET)
    exact = sum(conforms(value, kind) for kind in kinds) + isinstance(value, float)
    assert exact == 1
    assert conforms(value, Val(value)) and conforms(value, ANY) and not conforms(value, NEVER)


plain = st.sampled_from([INT, FLOAT, NUMBER, STRING, NIL, KEYWORD, ANY, VECTOR, MAP, Val(1), Enum([1, A])])
types = st.recursive(
    plain,
    lambda inner: st.one_of(
        inner.map(Vector),
        inner.map(ListOf),
        st.lists(inner, max_size=3).map(Tuple),
        st.lists(inner, min_size=1, max_size=3).map(union),
        st.builds(MapOf, st.sampled_from([KEYWORD, STRING, ANY]), inner),
        st.dictionaries(st.sampled_from([A, B]), inner, max_size=2).map(lambda found: record(*found.items())),
    ),
    max_leaves=6,
)


@given(types)
def test_types_are_read_back(kind: Type) -> None:
    assert from_data(to_data(kind)) is kind


def test_struct() -> None:
    make = make_struct("P", MapType([(K("x"), INT, False), (K("y"), STRING, True)]))
    point = {K("x"): 1, B: 2}
    assert make(point) is point
    assert make.__name__ == "P"
    for wrong, message in (
        ({}, "Type validation error: Required field x is missing"),
        (
            {K("x"): "a"},
            "Type validation error: Field x failed type validation: "
            "Type mismatch at : expected :int, got string",
        ),
        (5, "Type error in P constructor: expected map, got integer"),
    ):
        with pytest.raises(RtfsError) as caught:
            make(wrong)
        assert caught.value.message == message
    assert make_struct("E", Alias("E", MAP))({B: 1}) == {B: 1}


def test_checks_on_the_run_path_import_little() -> None:
    root = Path(__file__).parents[3] / "runtime"
    program = (
        "import sys; from rtfs_runtime.types import INT, check; check(5, INT); import rtfs_runtime.border;"
        "print(sorted({'dataclasses', 'rurex', 'datetime', 'uuid', 'inspect', 'rtfsc'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"


def test_big_vector_of_elements() -> None:
    assert (
        compile_check(Vector(INT))(vec_conj(tuple(range(300)), "x"))
        == "Type mismatch at [300]: expected :int, got string"
    )
