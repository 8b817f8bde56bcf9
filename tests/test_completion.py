"""Answers as they come: cut anywhere, garbled in any way."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.players.engines.http import completion
from arena.players.engines.http.completion import Answer, Completion
from arena.players.engines.http.failures import Failed
from arena.players.engines.http.key import Key
from arena.players.engines.http.prices import Usage


def sse(*contents: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(content).encode() + b"\n\n" for content in contents)


def delta(content: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish, **more}]}


def read(data: bytes, whole: bool = False, size: int = 1_000_000) -> Answer:
    answer = Completion(Key(), whole)
    for begin in range(0, len(data), size):
        answer.feed(data[begin : begin + size])
    return answer.end()


@given(st.text(max_size=20), st.text(max_size=20), st.integers(1, 40), st.sampled_from([b"\n", b"\r\n"]))
def test_it_does_not_matter_where_the_bytes_are_cut(one: str, other: str, size: int, newline: bytes) -> None:
    data = b": keep-alive\n\nevent: message\n" + sse(delta(one), delta(other), delta(None, "stop"))
    data += sse({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}) + b"data: [DONE]\n\n"
    assert read(data.replace(b"\n", newline), size=size) == Answer(one + other, "end", Usage(3, 2))


def test_a_letter_of_two_halves_is_put_together_and_a_lone_half_replaced() -> None:
    data = rb'data: {"choices": [{"delta": {"content": "\ud83d"}}]}' + b"\n"
    data += rb'data: {"choices": [{"delta": {"content": "\ude00"}}]}' + b"\n"
    assert read(data + sse(delta("", "stop"))).text == "😀"
    data += rb'data: {"choices": [{"delta": {"content": "\ud83d"}}]}' + b"\n"
    text = read(data + sse(delta("!", "stop"))).text
    assert text.encode().decode() == text
    assert text.startswith("😀")


def test_thoughts_are_not_part_of_the_answer() -> None:
    thought = {"choices": [{"index": 0, "delta": {"reasoning_content": "I could [pass]", "content": None}}]}
    parts = [{"type": "thinking", "thinking": "or [pass]"}, {"type": "text", "text": "[bet]"}]
    assert read(sse(thought, delta(parts), delta("", "stop"))).text == "[bet]"


def test_a_refusal_is_what_the_model_said() -> None:
    refusal = {"choices": [{"index": 0, "delta": {"refusal": "I must not play."}, "finish_reason": "stop"}]}
    assert read(sse(refusal)).text == "I must not play."


def test_a_missing_last_newline_is_no_loss() -> None:
    assert read(sse(delta("[bet]", "stop")).rstrip()).text == "[bet]"


@pytest.mark.parametrize("size", [10, 1000, 10**7])
def test_nothing_endless_is_kept(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "_LONGEST_LINE", 5000)
    monkeypatch.setattr(completion, "_LONGEST_TEXT", 5000)
    with pytest.raises(Failed, match="no event"):
        read(b"x" * 6000, size=size)
    with pytest.raises(Failed, match="characters"):
        read(sse(*[delta("so " * 100)] * 20), size=size)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_an_answer_or_a_failure(data: bytes, whole: bool) -> None:
    for begun in (b"", b"data: ", sse(delta("[bet]")) + b"data: "):
        with suppress(Failed):
            read(begun + data, whole)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "index",
                    "finish_reason",
                    "error",
                    "usage",
                    "code",
                    "text",
                    "type",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_any_json_is_an_answer_or_a_failure(content: Any, whole: bool) -> None:
    for event in (content, {"choices": content}, {"choices": [content]}, {"choices": [{"delta": content}]}):
        data = json.dumps(event).encode() if whole else sse(event, delta("", "stop"))
        with suppress(Failed):
            read(data, whole)
