"""What a module found of its exports is known to its importers, and to nobody who met another version."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtfs_runtime.cache.l4_artifact import LocalArtifacts
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.session import Session
from rtfs_runtime.values import Keyword
from rtfsc.driver import Unit, compile_file, make_env
from rtfsc.ir import kind_text, kinds
from rtfsc.ir.kind_flow import infer_kinds
from rtfsc.ir.nodes import Call, Global, Module
from rtfsc.ir.walk import descendants
from rtfsc.options import DEFAULT, Options

GEO = """(module geo
  (def origin {:x 0.0 :y 0})
  (defn dist [a b] (sqrt (+ (* a a) (* b b))))
  (defn names [n] (map (fn [i] (str "n" i)) (range n)))
  (defn ^:delegation :remote "m" ask [q :string] :string q)
  (defn any [x] x))"""
APP = '(import geo :as g) (defn f [n] [(g/dist n 2) (g/names n) g/origin (g/ask "q") (g/any n)])'


def _compiled(folder: Path, geo: str, app: str, options: Options = DEFAULT) -> Unit:
    (folder / "geo.rtfs").write_text(geo)
    (folder / "app.rtfs").write_text(app)
    return compile_file(folder / "app.rtfs", options, make_env((str(folder),), options))


def _known(module: Module) -> dict[str, kinds.Kind]:
    found = infer_kinds(module)
    known = {}
    for form in module.body:
        for part in descendants(form):
            match part:
                case Call(callee=Global(name=name)):
                    known[name] = found.of(part)
                case Global(name=name):
                    known.setdefault(name, found.of(part))
    return known


def test_importers_know(tmp_path: Path) -> None:
    known = _known(_compiled(tmp_path, GEO, APP).module)
    assert known["g/dist"] == kinds.FLOAT
    assert known["g/names"] == kinds.holding(kinds.TUPLE, kinds.STR)
    assert kinds.part(known["g/origin"], Keyword("x")) == kinds.FLOAT
    assert kinds.part(known["g/origin"], Keyword("y")) == kinds.NATURAL


@pytest.mark.parametrize(
    ("function", "held"), [("g/names", kinds.holding(kinds.TUPLE, kinds.STR)), ("g/any", kinds.ANY)]
)
def test_importers_know_what_mapping_gives(tmp_path: Path, function: str, held: kinds.Kind) -> None:
    module = _compiled(
        tmp_path, GEO, f"(import geo :as g) (defn f [xs] (map {function} xs))", Options(1)
    ).module
    found = infer_kinds(module)
    (mapping,) = (part for form in module.body for part in descendants(form) if isinstance(part, Call))
    assert found.of(mapping) == kinds.holding(kinds.TUPLE, held)


def test_nothing_is_known_of_what_a_model_may_answer(tmp_path: Path) -> None:
    known = _known(_compiled(tmp_path, GEO, APP).module)
    assert known["g/ask"] == known["g/any"] == kinds.ANY


@pytest.mark.parametrize(
    "app",
    [
        "(import geo :as g) (defn late [] (import other :as g)) (defn f [n] (g/dist n 2))",
        "(import geo :as g) (import other :as g) (defn f [n] (g/dist n 2))",
        '(def on (parse-int "1")) (if on (import geo :as g)) (defn f [n] (g/dist n 2))',
    ],
)
def test_nothing_is_known_of_what_others_may_bind(tmp_path: Path, app: str) -> None:
    (tmp_path / "other.rtfs").write_text('(module other (defn dist [a b] "far"))')
    assert _known(_compiled(tmp_path, GEO, app).module)["g/dist"] == kinds.ANY


def test_nothing_is_known_in_an_interactive_session(tmp_path: Path) -> None:
    options = Options(interactive=True)
    assert _known(_compiled(tmp_path, GEO, APP, options).module)["g/dist"] == kinds.ANY


def test_a_change_of_what_a_function_gives_compiles_its_importers_again(tmp_path: Path) -> None:
    for body, expected in (("(sqrt a)", 3.5), ("(str a)", "9x"), ("[a]", "[9]x")):
        (tmp_path / "geo.rtfs").write_text(f"(module geo (defn dist [a] {body}))")
        (tmp_path / "app.rtfs").write_text(
            '(import geo) (defn f [n] (let [d (geo/dist n)] (if (number? d) (+ d 0.5) (str d "x")))) (f 9)'
        )
        env = make_env((str(tmp_path),), DEFAULT, LocalArtifacts(str(tmp_path / "cache")))
        unit = compile_file(tmp_path / "app.rtfs", env=env)
        assert Session(modules=env.modules).evaluate(unit.artifact).value == expected


def test_the_version_is_loaded_that_an_importer_was_compiled_with(tmp_path: Path) -> None:
    session = Session(modules=make_env((str(tmp_path),), DEFAULT).modules)
    for body, expected in (("(sqrt a)", 3.5), ("(str a)", "9x")):
        app = '(import geo) (let [d (geo/dist 9)] (if (number? d) (+ d 0.5) (str d "x")))'
        unit = _compiled(tmp_path, f"(module geo (defn dist [a] {body}))", app)
        session.modules.forget()
        assert session.evaluate(unit.artifact).value == expected


def test_a_module_of_that_name_inside_another_program_is_no_version_of_it(tmp_path: Path) -> None:
    unit = _compiled(tmp_path, "(module geo (defn dist [a] (sqrt a)))", "(import geo) (geo/dist 9)")
    env = make_env((str(tmp_path),), DEFAULT)
    session = Session(modules=env.modules)
    (tmp_path / "inline.rtfs").write_text('(module geo (defn dist [a] "far"))')
    session.evaluate(compile_file(tmp_path / "inline.rtfs", env=env).artifact)
    assert session.evaluate(unit.artifact).value == 3.0
    (tmp_path / "geo.rtfs").write_text('(module geo (defn dist [a] "far"))')
    other = Session(modules=make_env((str(tmp_path),), DEFAULT).modules)
    with pytest.raises(RtfsError, match="compiled with another version of module 'geo'"):
        other.evaluate(unit.artifact)


@pytest.mark.parametrize(
    "kind",
    [
        kinds.NEVER,
        kinds.ANY,
        kinds.NIL | kinds.INT,
        kinds.OTHER | kinds.ANYTHING_HELD,
        kinds.holding(kinds.DICT | kinds.BIG_MAP, kinds.STR),
        kinds.holding(kinds.TUPLE, kinds.ANY),
        kinds.of_vector(
            [kinds.KEYWORD, kinds.of_map({Keyword("a"): kinds.FLOAT, 1: kinds.NIL, "b": kinds.ANY})]
        ),
    ],
)
def test_text_of_kinds(kind: kinds.Kind) -> None:
    assert kind_text.from_text(kind_text.to_text(kind)) == kind


def test_a_class_that_is_not_known_may_be_anything() -> None:
    assert kind_text.from_text('["tensor","float"]') == kinds.ANY
