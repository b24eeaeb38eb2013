"""Templates: levels, splices, new names, marks of the reader; forms as data and back."""

from __future__ import annotations

import pytest

from rtfs_runtime.printer import display
from rtfs_runtime.values import List
from rtfsc.driver import compile_text, evaluate
from rtfsc.expand.quasiquote import expand_quasi
from rtfsc.expand.values import NotAForm, Origins, TooLarge, form_to_value, value_to_form
from rtfsc.ir.printer import print_module
from rtfsc.source import CompileError, SourceFile
from rtfsc.syntax.forms import Form, ListForm, QuasiForm
from rtfsc.syntax.parser import parse
from rtfsc.syntax.printer import print_form

DEEP = 99_000


def read(text: str) -> Form:
    return parse(SourceFile("t", text)).forms[0]


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("`a", "(quote a)"),
        ("`5", "5"),
        ("`(a (b c))", "(quote (a (b c)))"),
        ("`(a ~b)", "(#list (quote a) b)"),
        ("`[a ~b]", "[(quote a) b]"),
        ("`{:k ~b :l c}", "{:k b :l (quote c)}"),
        ("`(a ~@b c d)", "(#splice_list [(quote a)] (#splice_items b) [(quote c) (quote d)])"),
        ("`[~@b]", "(#splice_vector (#splice_items b))"),
        ("`(a `(b ~c))", "(quote (a `(b ~c)))"),
        ("`(a `(b ~~c))", None),
        ("`#(f ~x)", "(#list (quote #fn) (quote f) x)"),
        ("`(v# v#)", "(let [#v# (stdlib/gensym)] (#list #v# #v#))"),
        ("`(a `v#)", "(quote (a `v#))"),
    ],
)
def test_expansion(template: str, code: str | None) -> None:
    form = read(template)
    assert isinstance(form, QuasiForm)
    made = print_form(expand_quasi(form))
    assert "~" not in made if code is None else made == code


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("`(a `(b ~c))", "(a (quasiquote (b (unquote c))))"),
        ("`(a `(b ~~(+ 1 2)))", "(a (quasiquote (b (unquote 3))))"),
        ("`(a `(b ~@~[1 2]))", "(a (quasiquote (b (unquote-splicing [1 2]))))"),
        ("`(a `(b ~~@[1 2]))", "(a (quasiquote (b (unquote 1 2))))"),
        ("`(a ~(first `(b ~(+ 1 2))))", "(a b)"),
        ("(let [[x y] `(v# v#)] (= x y))", "true"),
        ("(= `v# `v#)", "false"),
        ("(let [quasi 1 list 2 gensym 3] (count `(a# ~quasi)))", "2"),
        ("(defmacro m [d v] `(let [{:keys [a] :or {a ~d}} ~v] a)) [(m 3 {}) (m 3 {:a 1})]", "[3 1]"),
        ("(defmacro m [v] `(let [{:keys [a] :or {a 3}} ~v] a)) (m {})", "3"),
        ("(defmacro m [& xs] `(let [x# 1] #(+ x# % ~@xs))) ((m 1 2) 5)", "9"),
        ("(defmacro m [x] `^{:runtime.k 1} (+ ~x 1)) (m 2)", "3"),
        # the new names of two uses differ, though one use stands inside the other
        ("(defmacro f [n a] (if (= n 0) a `(let [v# ~n] (f ~(- n 1) (+ v# ~a))))) (f 3 0)", "6"),
    ],
)
def test_values(source: str, printed: str) -> None:
    assert display(evaluate(source)) == printed


@pytest.mark.parametrize(
    "source", ["`~@[1]", "`{:a ~@[1]}", "`^{:a 1} ~@[1]", "~x", "~@x", "(let [x 1] `(a ~(+ ~x 1)))"]
)
def test_misplaced_marks(source: str) -> None:
    with pytest.raises(CompileError) as caught:
        evaluate(source)
    assert caught.value.diagnostics[0].code == "E114"


@pytest.mark.parametrize(
    "text",
    [
        "(a [b {:c 1.5}] nil true)",
        "`(a ~b ~@c)",
        "#(f % @x)",
        "^{:doc 1} (f x)",
        '^:delegation :remote "m" (fn [x] x)',
        "{a 1 (b) 2}",
        "{:a}",
        "{:or {a 1}}",
        '"a\\nb"',
        "2026-01-02T03:04:05Z",
    ],
)
def test_forms_survive_being_data(text: str) -> None:
    form = read(text)
    back = value_to_form(form_to_value(form), form, Origins(), 1_000)
    assert print_form(back) == print_form(form)


def test_a_value_passed_on_is_the_very_form() -> None:
    form = read("(f (g x) [1 {:a b}])")
    origins = Origins()
    value = form_to_value(form, origins)
    assert isinstance(value, List)
    inner = value.items[1]
    assert value_to_form(value, form, origins, 10) is form
    made = value_to_form(List((inner, inner)), form, origins, 10)
    assert isinstance(made, ListForm) and isinstance(form, ListForm)
    assert made.items == [form.items[1], form.items[1]]
    assert origins.made == [made]


def test_what_is_no_form() -> None:
    with pytest.raises(NotAForm):
        value_to_form((1, len), read("x"), Origins(), 10)


def test_shared_parts_count_wherever_they_stand() -> None:
    value: object = ()
    for _ in range(60):
        value = (value, value)
    with pytest.raises(TooLarge):
        value_to_form(value, read("x"), Origins(), 1_000)


def test_any_depth() -> None:
    form = read("`" + "(" * DEEP + "~x" + ")" * DEEP)
    assert isinstance(form, QuasiForm)
    made: Form = expand_quasi(form)
    for _ in range(DEEP):
        assert isinstance(made, ListForm)
        made = made.items[1]
    value = form_to_value(form)
    assert isinstance(value_to_form(value, form, Origins(), 10 * DEEP), QuasiForm)


def test_names_do_not_depend_on_where_a_template_stands() -> None:
    text = "(defmacro m [e] `(let [v# ~e] [v# v#])) (m 1)"
    first, second = (print_module(compile_text(text).module) for _ in range(2))
    assert first == second
