"""The provider `llama` on tiny models: what it answers, and what it does when something breaks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtfs_runtime.delegation.contract import Contract
from rtfs_runtime.delegation.templates import make_request
from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import Message, ModelRequest, ModelSettings, ProviderError, Sampling
from rtfs_runtime.providers.labels import NEUTRAL
from rtfs_runtime.providers.llama import child as children
from rtfs_runtime.providers.llama.provider import LlamaModel
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.values import Keyword
from rtfsc.cli.sessions import run_session

pytest.importorskip("llama_cpp", reason="local models need the extra `llm`")
pytestmark = pytest.mark.model
TONE = Contract(
    "m/tone", "tone", "Tell the tone.", ("text",), (None,), None, None,
    read_type("[:enum :positive :negative :neutral]"), "",
)  # fmt: skip
FREE = ModelRequest("m", (Message("user", "Once upon"),), sampling=Sampling(max_tokens=8))


def tone(text: str) -> ModelRequest:
    return make_request(TONE, "m", (text,), "few-shot-1")


def make(file: Path, **options: Any) -> LlamaModel:
    given = {key: options.pop(key) for key in ("timeout_s",) if key in options}
    return LlamaModel(ModelSettings("m", "llama", file=file, options=options, **given), REAL)


@pytest.fixture
def model(sentiment_file: Path) -> Iterator[LlamaModel]:
    made = make(sentiment_file, calibrate=False)
    yield made
    made.close()


@pytest.fixture
def writer(random_file: Path) -> Iterator[LlamaModel]:
    made = make(random_file)
    yield made
    made.close()


def gone(pid: int) -> bool:
    """Tell whether a process is gone or only waits to be collected."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def eventually(holds: Any, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return bool(holds())


def test_it_classifies(model: LlamaModel) -> None:
    replies = [model.infer(tone(text)) for text in ("What a great day", "The food was awful")]
    assert [reply.text for reply in replies] == ["positive", "negative"]
    for reply in replies:
        assert reply.confidence == max(reply.data["labels"].values())  # type: ignore[attr-defined]
        assert sum(reply.data["labels"].values()) == pytest.approx(1, abs=1e-5)  # type: ignore[attr-defined]
        assert reply.usage.output_tokens == 1 and reply.stop_reason == "end"


def test_the_prior_is_computed_once_and_kept(random_file: Path, cache: Path) -> None:
    def kept() -> set[str]:
        return {path.name for path in (cache / "models").iterdir()}

    one, other = make(random_file), make(random_file)
    one.version  # noqa: B018
    before = kept()
    asked = tone("What a great day")._replace(function="m/first")
    reply = one.infer(asked)
    assert len(kept() - before) == 1 and one.infer(asked).confidence == reply.confidence
    assert other.infer(asked).data == reply.data and len(kept() - before) == 1
    assert make(random_file, calibrate=False).infer(asked).data != reply.data
    assert NEUTRAL in asked.options
    one.close()
    other.close()


def test_free_text_has_usage_confidence_and_a_reason_to_stop(writer: LlamaModel) -> None:
    reply = writer.infer(FREE)
    assert (reply.usage.output_tokens, reply.stop_reason) == (8, "length")
    assert reply.confidence is not None and 0 < reply.confidence < 1
    assert writer.infer(FREE).text == reply.text
    first = reply.text[:1]
    stopped = writer.infer(FREE._replace(sampling=Sampling(stop=(first,))))
    assert (stopped.text, stopped.stop_reason) == ("", "stop-text")


def test_sampling_follows_the_seed(writer: LlamaModel) -> None:
    def text(**given: Any) -> str:
        sampling = Sampling(temperature=1.0, max_tokens=20, **given)
        return writer.infer(FREE._replace(sampling=sampling)).text

    assert text(seed=1) == text(seed=1) != text(seed=2)
    assert text(seed=1, top_p=0.5) == text(seed=1, top_p=0.5) != text(seed=1)
    assert len({text() for _ in range(3)}) > 1


def test_marks_of_the_template_are_none_in_what_users_write(writer: LlamaModel) -> None:
    plain = writer.infer(FREE._replace(messages=(Message("user", "</s>" * 10),)))
    # ten marks would be ten tokens
    assert plain.usage.input_tokens >= 40


def test_a_killed_process_is_replaced(model: LlamaModel) -> None:
    wanted = model.infer(tone("great")).data
    pid = model.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # its threads may still be ending, so that it is found dead by the call: then another one is answered
    with contextlib.suppress(ProviderError):
        assert model.infer(tone("great")).data == wanted
    assert model.infer(tone("great")).data == wanted and model.pid != pid


def test_a_process_that_dies_during_a_call_is_a_failure_that_may_be_tried_again(model: LlamaModel) -> None:
    model.infer(tone("great"))
    pid = model.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    errors: list[ProviderError] = []

    def ask() -> None:
        try:
            model.infer(tone("great"))
        except ProviderError as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    os.kill(pid, signal.SIGKILL)
    thread.join()
    # it may have died before the call saw it alive
    if errors:
        (error,) = errors
        assert "died (signal SIGKILL" in str(error) and error.kind == "connection" and error.retryable
    assert model.infer(tone("great")).text == "positive"


@pytest.mark.parametrize("size", [3, 40, 5_000, 270_000])
def test_a_file_that_is_cut_off_is_refused(sentiment_file: Path, tmp_path: Path, size: int) -> None:
    file = tmp_path / "cut.gguf"
    file.write_bytes(sentiment_file.read_bytes()[:size])
    cut = make(file)
    for _ in range(2):
        with pytest.raises(ProviderError, match=r"cut\.gguf") as caught:
            cut.infer(FREE)
        assert caught.value.kind == "construction" and not caught.value.retryable
    cut.close()


@pytest.mark.parametrize("data", [b"", b"GGUF", b"GGUF\x09\0\0\0" + b"\xff" * 64, b"\x7fELF" + b"x" * 1000])
def test_a_file_of_something_else_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "no.gguf"
    file.write_bytes(data)
    with pytest.raises(ProviderError, match="is no model: "):
        make(file).infer(FREE)


def test_damaged_files_never_end_this_process(random_file: Path, tmp_path: Path) -> None:
    whole = random_file.read_bytes()
    for place in range(8, 4000, 397):
        file = tmp_path / f"{place}.gguf"
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        damaged = make(file, timeout_s=20)
        try:
            damaged.infer(FREE)
        except ProviderError as error:
            assert str(error)
        damaged.close()


def test_a_prompt_that_is_too_long_is_refused(model: LlamaModel) -> None:
    with pytest.raises(ProviderError, match=r"tokens and the model's context is 512: shorten") as caught:
        model.infer(tone("word " * 2000))
    assert caught.value.kind == "request" and not caught.value.retryable
    pid = model.pid
    assert model.infer(tone("great")).text == "positive" and model.pid == pid


def test_a_chat_format_that_does_not_exist_is_named(random_file: Path) -> None:
    with pytest.raises(ProviderError, match="no chat format `nope`"):
        make(random_file, chat_format="nope").infer(FREE)
    reply = make(random_file, chat_format="chatml").infer(FREE)
    assert reply.usage.input_tokens > 20


def test_a_deadline_ends_a_call_and_the_next_one_is_answered(model: LlamaModel) -> None:
    model.infer(tone("great"))
    pid = model.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ProviderError, match="no answer in time") as caught:
        model.infer(tone("great")._replace(deadline_s=REAL.elapsed_s() + 0.1))
    assert caught.value.kind == "timeout" and caught.value.retryable
    os.kill(pid, signal.SIGCONT)
    assert model.infer(tone("awful")).text == "negative" and model.pid == pid


def test_a_process_that_does_not_stop_is_replaced(model: LlamaModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_GRACE_S", 0.1)
    model.infer(tone("great"))
    pid = model.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    for message in ("no answer in time", "did not stop an earlier call"):
        with pytest.raises(ProviderError, match=message):
            model.infer(
                tone("great")._replace(deadline_s=REAL.elapsed_s() + (0.1 if "time" in message else 9))
            )
    assert model.infer(tone("great")).text == "positive" and model.pid != pid


def test_the_time_out_of_the_row_counts_from_the_call(random_file: Path) -> None:
    hurried = make(random_file, timeout_s=0.001)
    with pytest.raises(ProviderError, match="no answer in time: the model was being loaded"):
        hurried.infer(FREE)
    hurried.close()


def test_a_cancelled_wait_stops_the_model(writer: LlamaModel) -> None:
    writer.infer(FREE)
    pid = writer.pid
    assert pid is not None

    async def run() -> None:
        os.kill(pid, signal.SIGSTOP)
        task = asyncio.create_task(writer.infer_async(FREE))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        os.kill(pid, signal.SIGCONT)

    asyncio.run(run())
    assert writer.infer(FREE).stop_reason == "length" and writer.pid == pid


def test_callers_are_let_in_in_the_order_they_came() -> None:
    queue = children.Queue()
    order: list[int] = []

    def enter(number: int) -> None:
        with queue.turn(threading.Event.wait):
            order.append(number)

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(8)]
    with queue.turn(lambda event: None):
        for number, thread in enumerate(threads):
            thread.start()
            assert eventually(lambda number=number: len(queue._waiting) == number + 1)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_a_caller_that_gives_up_leaves_the_queue() -> None:
    queue = children.Queue()

    def give_up(_event: threading.Event) -> None:
        raise TimeoutError

    with queue.turn(lambda event: None):
        for _ in range(3):
            with pytest.raises(TimeoutError), queue.turn(give_up):
                pass
        assert not queue._waiting
    with queue.turn(give_up):
        pass


def test_no_process_outlives_its_parent(random_file: Path) -> None:
    script = f"""
import sys, time
from pathlib import Path
from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import Message, ModelRequest, ModelSettings, Sampling
from rtfs_runtime.providers.llama.provider import LlamaModel
model = LlamaModel(ModelSettings("m", "llama", file=Path({str(random_file)!r})), REAL)
model.infer(ModelRequest("m", (Message("user", "x"),), sampling=Sampling(max_tokens=1)))
print(model.pid, flush=True)
time.sleep(60)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert not gone(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: gone(pid))


def test_a_forgotten_model_ends_its_process(random_file: Path) -> None:
    forgotten = make(random_file)
    forgotten.infer(FREE)
    pid = forgotten.pid
    assert pid is not None and not gone(pid)
    del forgotten
    assert eventually(lambda: gone(pid))


def test_a_fork_gets_a_process_of_its_own(writer: LlamaModel) -> None:
    wanted = writer.infer(FREE).text
    before = writer.pid
    pid = os.fork()
    if pid == 0:
        try:
            same = writer.infer(FREE).text == wanted and writer.pid != before
            writer.close()
        finally:
            os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert writer.infer(FREE).text == wanted and writer.pid == before


def test_what_is_needed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTFS_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("RTFS_LOCAL_MODEL_PATH", str(tmp_path / "none.gguf"))

    def message(**options: Any) -> str:
        with pytest.raises(ProviderError) as caught:
            LlamaModel(ModelSettings("m", "llama", options=options), REAL).infer(FREE)
        return str(caught.value)

    assert f"no file {tmp_path / 'none.gguf'}, which RTFS_LOCAL_MODEL_PATH names" in message()
    assert "run `rtfsc models pull gemma-3-270m`" in message(model="gemma-3-270m")
    assert "`rtfsc models add FILE.gguf --id mine`" in message(model="mine")


def test_models_choose_how_contracts_are_worded(
    random_file: Path, sentiment_file: Path, tmp_path: Path
) -> None:
    turns, none = make(random_file), make(sentiment_file)
    assert [turns.template_for(examples=given) for given in (False, True)] == ["contract-2", "few-shot-1"]
    assert [none.template_for(examples=given) for given in (False, True)] == ["few-shot-1", "few-shot-1"]
    assert make(sentiment_file, chat_format="chatml").template_for(examples=False) == "contract-2"
    assert make(tmp_path / "none.gguf").template_for(examples=False) == "contract-2"


def test_a_plan_is_answered(sentiment_file: Path, tmp_path: Path) -> None:
    policy = tmp_path / "delegation.toml"
    policy.write_text(
        f'[models.tone]\nprovider = "llama"\nfile = "{sentiment_file}"\ncalibrate = false\n'
        '[[rules]]\nmatch = "feelings/tone"\ntarget = "local-model:tone"\n'
    )
    plan = tmp_path / "feelings.rtfs"
    plan.write_text(
        '(defn tone [text :string] :[:enum :positive :negative :neutral] "Tell the tone.")\n'
        "(defn main [& texts] (map tone texts))\n"
    )
    session = run_session(str(plan), None, None, str(policy))
    texts = ["What a great day", "The food was awful"]
    assert tuple(session.run(plan, None, texts).value) == (Keyword("positive"), Keyword("negative"))
    session.close()
