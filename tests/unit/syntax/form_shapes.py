"""Forms as flat lists that can be compared at any depth, and a strategy that makes forms."""

from __future__ import annotations

from hypothesis import strategies as st

from rtfs_runtime.values import Keyword, Resource, Timestamp, Uuid
from rtfsc.source import SourceFile
from rtfsc.syntax.forms import (
    AnonFnForm,
    ContextForm,
    Form,
    HintMark,
    ListForm,
    Literal,
    MapForm,
    MetaForm,
    QuasiForm,
    SpliceForm,
    SymbolForm,
    UnquoteForm,
    VectorForm,
)
from rtfsc.syntax.parser import parse


def read(text: str) -> list[Form]:
    """Read a text."""
    return parse(SourceFile("t.rtfs", text)).forms


def read_one(text: str) -> Form:
    """Read a text that holds one form."""
    (form,) = read(text)
    return form


def shape(form: Form) -> list[object]:
    """Flatten a form without its offsets; `1`, `1.0` and `True` stay apart, NaN equals itself."""
    flat: list[object] = []
    todo: list[Form | str] = [form]
    while todo:
        part = todo.pop()
        if isinstance(part, str):
            flat.append(part)
            continue
        flat.append(type(part).__name__)
        match part:
            case (
                ListForm(items=items)
                | VectorForm(items=items)
                | MapForm(items=items)
                | AnonFnForm(items=items)
            ):
                todo += ["end", *reversed(items)]
            case QuasiForm(form=inner) | UnquoteForm(form=inner) | SpliceForm(form=inner):
                todo.append(inner)
            case MetaForm(meta=meta, form=inner):
                todo += [inner, meta]
            case SymbolForm(name=name) | ContextForm(name=name):
                flat.append(name)
            case HintMark(target=target, model_id=model_id):
                flat += [target, model_id]
            case Literal(value=value):
                flat += [type(value).__name__, repr(value)]
    return flat


_names = st.sampled_from(
    [
        "x",
        "str/join",
        "x:int",
        "n:",
        ":",
        "&",
        ".m",
        "v#",
        "%1",
        "->",
        "a.b",
        "com.acme:v1.2/f",
        "λ",
        "-",
        "r@1.0",
    ]
)
_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
_literals = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | _texts
    | st.sampled_from(["a", "my.mod/thing", "a:b", "rtfs.core:v2.0:intent"]).map(Keyword)
    | st.datetimes().map(lambda time: Timestamp(f"{time:%Y}".rjust(4, "0") + f"{time:-%m-%dT%H:%M:%SZ}"))
    | st.uuids().map(lambda uuid: Uuid(str(uuid)))
    | st.sampled_from(["files/a.txt", "a?b=c:d"]).map(lambda path: Resource("resource://" + path))
)
_atoms: st.SearchStrategy[Form] = (
    _literals.map(lambda value: Literal(value, 0, 0))
    | _names.map(lambda name: SymbolForm(name, 0, 0))
    | st.just(ContextForm("plan-id", 0, 0))
)
_hints = st.builds(
    lambda target, model: HintMark(target, None if target == "local" else model, 0, 0),
    st.sampled_from(["local", "local-model", "remote"]),
    _texts.filter(bool),
)


def _compound(inner: st.SearchStrategy[Form]) -> st.SearchStrategy[Form]:
    many = st.lists(inner, max_size=4)
    # a keyword after a delegation mark is refused, a second mark on the same form too
    hinted = inner.filter(
        lambda form: (
            not isinstance(form, MetaForm)
            and not (isinstance(form, Literal) and isinstance(form.value, Keyword))
            and not (isinstance(form, SymbolForm) and form.name == ":")
        )
    )
    return st.one_of(
        *(many.map(lambda items, cls=cls: cls(items, 0, 0)) for cls in (ListForm, VectorForm, MapForm)),
        *(inner.map(lambda form, cls=cls: cls(form, 0, 0)) for cls in (QuasiForm, UnquoteForm, SpliceForm)),
        st.builds(lambda items, form: MetaForm(MapForm(items, 0, 0), form, 0, 0), many, inner),
        st.builds(lambda hint, form: MetaForm(hint, form, 0, 0), _hints, hinted),
        st.lists(_atoms, max_size=3).map(lambda items: AnonFnForm(items, 0, 0)),
    )


forms: st.SearchStrategy[Form] = st.recursive(_atoms, _compound, max_leaves=20)
