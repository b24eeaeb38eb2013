"""What the checker of the IR refuses, case by case, and what stands next to it and is fine."""

from __future__ import annotations

import pytest

from rtfsc.driver import compile_text
from rtfsc.ir.nodes import Const, Expr, If, Module
from rtfsc.ir.reader import read_module
from rtfsc.ir.verify import verify
from rtfsc.source import Span

FINE = {
    "a parameter": "(fn f [x.1] x.1)",
    "a variable of an enclosing function": "(fn f [x.1] (fn g [] x.1))",
    "a function that sees itself": "(fn f [] {:self f.1} f.1)",
    "a definition in its scope": "(scope [x.1] (do (define x.1 1) x.1))",
    "a closure over what is defined later": "(scope [x.1] (do (fn f [] (late x.1)) (define x.1 1)))",
    "a jump from a branch": "(blocks [1] (block 2 [x.1] (if x.1 (jump 2 x.1) nil)))",
    "a jump to the sibling": "(blocks [1] (block 2 [x.1] (jump 3)) (block 3 [] 1))",
    "a jump out of inner blocks in tail position": (
        "(blocks [] (block 1 [] (blocks [] (block 2 [] (if true (jump 1) (jump 2))))))"
    ),
    "blocks of their own inside an operand": "(call %inc (blocks [] (block 1 [] (jump 1))))",
    "a handler": "(try 1 (catch e.1 e.1) (finally 2))",
}
BROKEN = {
    "nothing binds": ("(let x.1 x.1 2)", "(do (let x.1 1 2) x.1)", "(do (fn f [x.1] 1) x.1)", "(late x.1)"),
    "bound twice": ("(let x.1 1 (let y.1 2 3))", "(blocks [1] (block 1 [x.1] x.1))"),
    "is not below": ("(let x.50 1 2)",),
    "no Scope of this function": (
        "(define x.1 1)",
        "(let x.1 1 (define x.1 2))",
        "(do (scope [x.1] 1) (define x.1 2))",
        "(scope [x.1] (fn f [] (define x.1 1)))",
    ),
    "no block around": (
        "(jump 1)",
        "(blocks [] (block 1 [] (call %inc (jump 1))))",
        "(blocks [] (block 1 [] (do (jump 1) 2)))",
        "(blocks [] (block 1 [] (if (jump 1) 2 3)))",
        "(blocks [] (block 1 [] (fn f [] (jump 1))))",
        "(blocks [] (block 1 [] (try (jump 1) (finally 2))))",
        "(blocks [] (block 1 [] (let x.2 (blocks [] (block 3 [] (jump 1))) 4)))",
        "(blocks [(jump 1)] (block 1 [x.2] x.2))",
    ),
    "wants 1 arguments": ("(blocks [1] (block 2 [x.1] (jump 2)))",),
    "wants other arguments": ("(blocks [] (block 2 [x.1] x.1))",),
    "empty sequence": ("(do)",),
    "without a block": ("(blocks [])",),
    "neither handler nor final": ("(try 1)",),
    "no such mode": ("(for-each sideways x.1 [] x.1)",),
    "a key twice": ("{:a 1 :a 2}",),
    "names and branches": ("(parallel [a b] 1)",),
    "as many types": ('(fn f [x.1] {:types [":int" ":int"]} x.1)',),
}


def read(text: str) -> Module:
    return read_module(f"(module m {{:next 50}} {text})")


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_what_is_fine(text: str) -> None:
    verify(read(text), "test")


@pytest.mark.parametrize(
    ("what", "text"), [(what, text) for what, texts in BROKEN.items() for text in texts], ids=str
)
def test_what_is_refused(what: str, text: str) -> None:
    with pytest.raises(AssertionError, match=f"after test, in m: .*{what}"):
        verify(read(text), "test")


def test_a_nested_module_is_checked_with_numbers_of_its_own() -> None:
    verify(read("(let x.1 1 (def-module (module n {:next 2} (let x.1 1 x.1))))"), "test")
    with pytest.raises(AssertionError, match=r"in n: .*nothing binds"):
        verify(read("(let x.1 1 (def-module (module n {:next 2} x.1)))"), "test")


def test_depth_is_no_matter() -> None:
    where = Span(0, 0)
    node: Expr = Const(1, span=where)
    for _ in range(100_000):
        node = If(Const(True, span=where), node, Const(2, span=where), span=where)
    module = compile_text("1").module
    verify(Module("m", (node,), module.interface, 0), "test")
