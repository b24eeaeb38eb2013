"""One model in llama.cpp: tokens, prompts, label scores, answers. Runs in the child process only.

In: a model file, then prompts in two pieces. Out: log-probabilities and texts. A prompt is always evaluated
as [prefix] then [rest], the prefix through a saved state even when it was just computed: the numbers depend
in their last bits on how a prompt is cut, so only this makes an answer the same with and without a cache.
Lengths are checked first, because llama.cpp aborts the process on a batch that is too long.
"""

from __future__ import annotations

import ctypes
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import llama_cpp as llama
import numpy as np
from numpy.typing import NDArray

from rtfs_runtime.providers.llama.choice import Chooser, log_sum

Tokens = list[int]
Floats = NDArray[np.float32]
_STATES_BYTES: Final = 256 << 20
_LOG_LINES: Final = 20
_PIECE_BYTES: Final = 256


class EngineError(Exception):
    """The model cannot do this; `kind` as of a ProviderError."""

    def __init__(self, message: str, kind: str = "request") -> None:
        super().__init__(message)
        self.kind = kind


class Config(NamedTuple):
    """How a model is loaded."""

    path: str
    n_ctx: int
    n_batch: int
    n_threads: int
    n_gpu_layers: int


class Generated(NamedTuple):
    """An answer that was generated; `stop` as of a ModelReply."""

    text: str
    tokens: int
    stop: str
    confidence: float | None


class Engine:
    """A loaded model with one sequence.

    Shape: `check` is called between evaluations, and raises to end a request.
    Thread: one at a time.
    """

    def __init__(self, config: Config) -> None:
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._keep_log()
        llama.llama_backend_init()
        self._model = self._load(config)
        self._vocab = llama.llama_model_get_vocab(self._model)
        self.vocabulary_size = llama.llama_vocab_n_tokens(self._vocab)
        self._context = self._make_context(config)
        self._memory = llama.llama_get_memory(self._context)
        self.n_ctx: int = llama.llama_n_ctx(self._context)
        # llama.cpp lowers it to n_ctx, and asserts that no batch is longer
        self.n_batch: int = llama.llama_n_batch(self._context)
        self._batch = llama.llama_batch_init(self.n_batch, 0, 1)
        self._used = 0
        self._states: OrderedDict[tuple[int, ...], bytes] = OrderedDict()
        self._joint = self.tokens("\n", start=False, special=False)
        self.ends = frozenset(
            token for token in range(self.vocabulary_size) if llama.llama_vocab_is_eog(self._vocab, token)
        )
        self.check: Callable[[], None] = lambda: None

    def _keep_log(self) -> None:
        def note(_level: int, text: bytes, _data: object) -> None:
            self._log.append(text.decode("utf-8", "replace").strip())

        # the library holds a pointer to it only
        self._callback = llama.llama_log_callback(note)
        llama.llama_log_set(self._callback, None)

    def _load(self, config: Config) -> Any:
        params = llama.llama_model_default_params()
        params.n_gpu_layers = config.n_gpu_layers
        # a build with AMX lays weights out for it, and dies where a virtual machine does not allow it
        params.use_extra_bufts = b"AMX_INT8 = 1" not in llama.llama_print_system_info()
        # a file with damaged numbers is refused here, not found out by an abort
        params.check_tensors = True
        model = llama.llama_model_load_from_file(config.path.encode(), params)
        if not model:
            raise EngineError(f"llama.cpp cannot load {config.path}: {self._reason()}", "construction")
        return model

    def _make_context(self, config: Config) -> Any:
        params = llama.llama_context_default_params()
        trained = llama.llama_model_n_ctx_train(self._model)
        params.n_ctx = min(config.n_ctx, trained) if trained > 0 else config.n_ctx
        params.n_batch = params.n_ubatch = min(config.n_batch, params.n_ctx)
        params.n_seq_max = 1
        params.n_threads = params.n_threads_batch = config.n_threads
        params.no_perf = True
        context = llama.llama_init_from_model(self._model, params)
        if not context:
            raise EngineError(f"llama.cpp cannot use {config.path}: {self._reason()}", "construction")
        return context

    def _reason(self) -> str:
        lines = [line for line in self._log if "error" in line or "fail" in line or "invalid" in line]
        return "; ".join(lines[-2:]) or "it does not say why"

    # Texts

    def tokens(self, text: str, *, start: bool, special: bool) -> Tokens:
        """Cut a text into tokens. `start` begins a prompt, `special` reads marks such as `<|im_start|>`."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 16
        buffer = (llama.llama_token * room)()
        count = llama.llama_tokenize(self._vocab, data, len(data), buffer, room, start, special)
        if count < 0:
            raise EngineError("the prompt is too long to be cut into tokens")
        return list(buffer[:count])

    def inner_tokens(self, text: str, *, special: bool = False) -> Tokens:
        """Cut a text that goes on from another one: some tokenizers put a blank before a text."""
        whole = self.tokens("\n" + text, start=False, special=special)
        lead = len(self._joint)
        return (
            whole[lead:] if whole[:lead] == self._joint else self.tokens(text, start=False, special=special)
        )

    def piece(self, token: int) -> bytes:
        """Give the bytes of a token; nothing for marks."""
        buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        size = llama.llama_token_to_piece(self._vocab, token, buffer, _PIECE_BYTES, 0, False)
        return buffer.raw[: max(0, size)]

    def text_of(self, token: int) -> str:
        """Give the text of a mark, such as that of the end of a turn."""
        found = llama.llama_vocab_get_text(self._vocab, token) if token >= 0 else b""
        return (found or b"").decode("utf-8", "replace")

    @property
    def marks(self) -> tuple[str, str]:
        """The texts of the begin and the end of a sequence; the begin is empty where it comes by itself."""
        begin = (
            ""
            if llama.llama_vocab_get_add_bos(self._vocab)
            else self.text_of(llama.llama_vocab_bos(self._vocab))
        )
        return begin, self.text_of(llama.llama_vocab_eos(self._vocab))

    # Evaluation

    def load_prompt(self, prefix: Tokens, rest: Tokens) -> None:
        """Make the sequence hold a prompt; after it `logits` tells what comes next.

        Raises: EngineError for a prompt that leaves no room for an answer.
        """
        size = len(prefix) + len(rest)
        if size >= self.n_ctx:
            raise EngineError(
                f"the prompt takes {size} tokens and the model's context is {self.n_ctx}: shorten the "
                "arguments or the examples, or raise `n_ctx`"
            )
        self._clear()
        # the last token is evaluated anew, for what comes after it
        kept = prefix if rest else prefix[:-1]
        if kept:
            self._restore(kept)
        self.append(rest or prefix[-1:])

    def _restore(self, prefix: Tokens) -> None:
        key = tuple(prefix)
        state = self._states.get(key)
        if state is None:
            self.append(prefix)
            state = self._states[key] = self._state()
            while len(self._states) > 1 and sum(map(len, self._states.values())) > _STATES_BYTES:
                self._states.popitem(last=False)
            self._clear()
        self._states.move_to_end(key)
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        if not llama.llama_state_seq_set_data(self._context, buffer, len(state), 0):
            raise EngineError("llama.cpp did not take back a state of its own", "answer")
        self._used = len(prefix)

    def _state(self) -> bytes:
        size = llama.llama_state_seq_get_size(self._context, 0)
        buffer = (ctypes.c_uint8 * size)()
        written = llama.llama_state_seq_get_data(self._context, buffer, size, 0)
        return bytes(memoryview(buffer)[:written])

    def _clear(self) -> None:
        llama.llama_memory_clear(self._memory, False)
        self._used = 0

    def append(self, tokens: Sequence[int]) -> None:
        """Evaluate tokens behind those the sequence holds."""
        if self._used + len(tokens) > self.n_ctx:
            raise EngineError(f"the model's context of {self.n_ctx} tokens is full")
        batch = self._batch
        for first in range(0, len(tokens), self.n_batch):
            self.check()
            part = tokens[first : first + self.n_batch]
            batch.n_tokens = len(part)
            for place, token in enumerate(part):
                batch.token[place], batch.pos[place] = token, self._used + place
                batch.n_seq_id[place], batch.logits[place] = 1, place == len(part) - 1
                batch.seq_id[place][0] = 0
            failed = llama.llama_decode(self._context, batch)
            if failed:
                raise EngineError(f"llama.cpp could not evaluate a prompt (code {failed})", "answer")
            self._used += len(part)

    def cut(self, size: int) -> bool:
        """Forget what the sequence holds beyond a size; False where a model cannot."""
        done: bool = llama.llama_memory_seq_rm(self._memory, 0, size, -1)
        if done:
            self._used = size
        return done

    def logits(self) -> Floats:
        """Give a copy of the scores of the next token."""
        pointer = llama.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, shape=(self.vocabulary_size,)).copy()

    # Answers

    def score(
        self, prefix: Tokens, rest: Tokens, labels: Sequence[Tokens], ends: Iterable[int]
    ) -> list[float]:
        """Give the log-probability of each label, among the labels, after a prompt.

        Shape: labels part where their tokens part; `ends` are the tokens that may follow a whole label, which
               tell one that begins another from it.
        Cost: one evaluation of the prompt, and one for each further place where labels part.
        """
        found = [0.0] * len(labels)
        closing = list(ends) or sorted(self.ends)
        todo = [(0, list(range(len(labels))))]
        self.load_prompt(prefix, rest)
        size = self._used
        at = 0
        while todo:
            depth, members = todo.pop()
            groups: dict[int | None, list[int]] = {}
            for member in members:
                tokens = labels[member]
                groups.setdefault(tokens[depth] if depth < len(tokens) else None, []).append(member)
            if len(groups) > 1:
                at = self._move(prefix, rest, size, at, labels[members[0]][:depth])
                logits = self.logits()
                scores = [
                    log_sum(logits[closing]) if token is None else float(logits[token]) for token in groups
                ]
                total = log_sum(np.array(scores, np.float32))
                for group, score in zip(groups.values(), scores, strict=True):
                    for member in group:
                        found[member] += score - total
            todo += [
                (depth + 1, group) for token, group in groups.items() if token is not None and len(group) > 1
            ]
        return found

    def _move(self, prefix: Tokens, rest: Tokens, size: int, at: int, path: Tokens) -> int:
        """Make the sequence hold the prompt and then the first tokens of a label."""
        if at and not self.cut(size):
            self.load_prompt(prefix, rest)
        if path:
            self.append(path)
        return len(path)

    def generate(
        self, prefix: Tokens, rest: Tokens, chooser: Chooser, max_tokens: int, stops: Sequence[str]
    ) -> Generated:
        """Answer a prompt token by token."""
        self.load_prompt(prefix, rest)
        marks = [stop.encode() for stop in stops]
        out = bytearray()
        chances: list[float] = []
        stop = "length"
        for _ in range(min(max_tokens, self.n_ctx - self._used)):
            self.check()
            token, chance = chooser.choose(self.logits())
            if token in self.ends:
                stop = "end"
                break
            out += self.piece(token)
            places = [place for mark in marks if (place := out.find(mark)) >= 0]
            if places:
                # a token may hold the end of the answer and the mark behind it
                if min(places) > len(out) - len(self.piece(token)):
                    chances.append(chance)
                del out[min(places) :]
                stop = "stop-text"
                break
            chances.append(chance)
            if self._used >= self.n_ctx:
                break
            self.append([token])
        text = bytes(out).decode("utf-8", "replace")
        mean = math.exp(sum(chances) / len(chances)) if chances else None
        return Generated(text, len(chances), stop, mean)

    def chooser(self, grammar: str | None, sampling: tuple[float, float, int]) -> Chooser:
        """Make what chooses tokens; raises EngineError for a grammar that llama.cpp does not read."""
        made = None
        if grammar is not None:
            made = llama.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
            if not made:
                raise EngineError(f"llama.cpp does not read the grammar of the answer: {self._reason()}")
        return Chooser(made, self.ends, *sampling)
