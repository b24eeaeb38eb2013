"""Tiny real GGUF files, made by a program: llama.cpp loads them and answers in a millisecond.

In: a path. Out: a file, byte-identical every time. `write_random` has random weights; `write_sentiment` is a
one-layer transformer set by hand that does tell positive from negative and neutral sentences. The vocabulary
is byte-level with some words, so that every text has tokens and every grammar can be followed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]
LABELS: Final = ("positive", "negative", "neutral")
POSITIVE: Final = (
    "love", "loves", "loved", "great", "good", "wonderful", "excellent",
    "happy", "fantastic", "amazing", "best", "nice", "perfect", "enjoyed",
)  # fmt: skip
NEGATIVE: Final = (
    "hate", "hates", "hated", "bad", "terrible", "awful", "broken",
    "worst", "sad", "angry", "horrible", "poor", "disappointed", "rude",
)  # fmt: skip
CHAT: Final = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_SPACE: Final = "▁"
_UNKNOWN, _CONTROL, _NORMAL, _BYTE = 2, 3, 1, 6
_UINT, _INT, _FLOAT, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_FORMS: Final = {_UINT: "<I", _INT: "<i", _FLOAT: "<f", _BOOL: "<?"}
_ALIGNED: Final = 32


class Shape(NamedTuple):
    """The sizes of a model."""

    width: int
    heads: int
    inner: int
    context: int


Fill = Callable[[str, tuple[int, ...], list[str]], Weights]


class _File:
    """A GGUF file in the making: version 3, float32 tensors."""

    def __init__(self) -> None:
        self._pairs: list[bytes] = []
        self._tensors: list[tuple[str, Weights]] = []

    def add(self, key: str, kind: int, value: object) -> None:
        self._pairs.append(_text(key) + struct.pack("<I", kind) + _scalar(kind, value))

    def add_all(self, key: str, kind: int, values: Sequence[object]) -> None:
        head = _text(key) + struct.pack("<IIQ", _ARRAY, kind, len(values))
        self._pairs.append(head + b"".join(_scalar(kind, value) for value in values))

    def add_tensor(self, name: str, weights: Weights) -> None:
        self._tensors.append((name, weights))

    def write(self, path: Path) -> None:
        infos, data = b"", b""
        for name, weights in self._tensors:
            data += b"\0" * (-len(data) % _ALIGNED)
            infos += _text(name) + struct.pack("<I", weights.ndim)
            infos += struct.pack(f"<{weights.ndim}Q", *reversed(weights.shape))
            infos += struct.pack("<IQ", 0, len(data))
            data += weights.tobytes()
        head = b"GGUF" + struct.pack("<IQQ", 3, len(self._tensors), len(self._pairs))
        start = head + b"".join(self._pairs) + infos
        path.write_bytes(start + b"\0" * (-len(start) % _ALIGNED) + data)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _scalar(kind: int, value: object) -> bytes:
    return _text(str(value)) if kind == _STRING else struct.pack(_FORMS[kind], value)


def _vocabulary(words: Iterable[str]) -> list[tuple[str, int]]:
    """List tokens and their kinds; the tokenizer merges pairs, so each beginning of a word is one, too."""
    tokens = [("<unk>", _UNKNOWN), ("<s>", _CONTROL), ("</s>", _CONTROL)]
    tokens += [(f"<0x{byte:02X}>", _BYTE) for byte in range(256)]
    whole = [*words, *(_SPACE + word for word in words)]
    begun = {word[:size] for word in whole for size in range(2, len(word) + 1)}
    letters = [*(chr(code) for code in range(33, 127)), _SPACE]
    return tokens + [
        (piece, _NORMAL) for piece in [*letters, *sorted(begun, key=lambda text: (len(text), text))]
    ]


def _header(words: Sequence[str], shape: Shape, *, chat: bool) -> tuple[_File, list[str]]:
    tokens = _vocabulary(words)
    names = [name for name, _ in tokens]
    file = _File()
    file.add("general.architecture", _STRING, "llama")
    file.add("general.name", _STRING, "tiny")
    file.add("general.license", _STRING, "0BSD")
    for key, number in {
        "context_length": shape.context,
        "embedding_length": shape.width,
        "block_count": 1,
        "feed_forward_length": shape.inner,
        "attention.head_count": shape.heads,
        "attention.head_count_kv": shape.heads,
        "rope.dimension_count": shape.width // shape.heads,
        "vocab_size": len(tokens),
    }.items():
        file.add(f"llama.{key}", _UINT, number)
    file.add("llama.attention.layer_norm_rms_epsilon", _FLOAT, 1e-5)
    file.add("tokenizer.ggml.model", _STRING, "llama")
    file.add_all("tokenizer.ggml.tokens", _STRING, names)
    # longer pieces win
    scores = [0.0 if place < 259 else float(len(name)) for place, name in enumerate(names)]
    file.add_all("tokenizer.ggml.scores", _FLOAT, scores)
    file.add_all("tokenizer.ggml.token_type", _INT, [kind for _, kind in tokens])
    for key, number in {"unknown_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}.items():
        file.add(f"tokenizer.ggml.{key}", _UINT, number)
    for key, flag in {"add_bos_token": True, "add_eos_token": False, "add_space_prefix": False}.items():
        file.add(f"tokenizer.ggml.{key}", _BOOL, flag)
    if chat:
        file.add("tokenizer.chat_template", _STRING, CHAT)
    return file, names


def _write(path: Path, words: Sequence[str], fill: Fill, shape: Shape, *, chat: bool) -> None:
    file, names = _header(words, shape, chat=chat)
    width, inner = shape.width, shape.inner
    sizes = {
        "token_embd": (len(names), width),
        "output_norm": (width,),
        "output": (len(names), width),
        "blk.0.attn_norm": (width,),
        "blk.0.ffn_norm": (width,),
        **{f"blk.0.attn_{part}": (width, width) for part in ("q", "k", "v", "output")},
        "blk.0.ffn_gate": (inner, width),
        "blk.0.ffn_up": (inner, width),
        "blk.0.ffn_down": (width, inner),
    }
    for name, size in sizes.items():
        weights = np.ones(size, np.float32) if name.endswith("norm") else fill(name, size, names)
        file.add_tensor(f"{name}.weight", weights)
    file.write(path)


def write_random(path: Path, *, seed: int = 0, context: int = 256, chat: bool = True) -> Path:
    """Write a model with random weights, 70 kB."""
    random = np.random.default_rng(seed)

    def fill(_name: str, size: tuple[int, ...], _names: list[str]) -> Weights:
        return (random.standard_normal(size) * 0.5).astype(np.float32)

    _write(path, ("true", "false", "null", *LABELS), fill, Shape(16, 2, 16, context), chat=chat)
    return path


def write_sentiment(path: Path, *, chat: bool = False) -> Path:
    """Write the model that classifies, 280 kB.

    Attention without keys is the mean over the prompt; the value of a word is how good it is; the output
    turns the mean into a label, and a label into the end.
    """

    def fill(name: str, size: tuple[int, ...], names: list[str]) -> Weights:
        weights = np.zeros(size, np.float32)
        places = [[names.index(label), names.index(_SPACE + label)] for label in LABELS]
        match name:
            case "token_embd":
                weights[:, 0] = 1
                for place, token in enumerate(names):
                    word = token.lstrip(_SPACE).lower()
                    weights[place, 1] = 3 if word in POSITIVE else -3 if word in NEGATIVE else 0
                    if word in LABELS:
                        weights[place, 3] = 40
            case "blk.0.attn_v":
                weights[0, 1] = 1
            case "blk.0.attn_output":
                weights[2, 0] = 60
            case "output":
                weights[:, 0] = -1
                good, bad, plain = places
                weights[[*good, *bad, *plain], 0] = 0
                weights[good, 2], weights[bad, 2], weights[plain, 0] = 4, -4, 2
                weights[2, 3] = 8
        return weights

    words = [*LABELS, *(form(word) for word in POSITIVE + NEGATIVE for form in (str, str.capitalize))]
    _write(path, words, fill, Shape(32, 1, 32, 512), chat=chat)
    return path
