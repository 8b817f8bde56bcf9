"""One try: an answer, or the reason why there is none, within its clocks."""

import asyncio
from collections.abc import Iterator

import pytest

from arena.players.engines.http.completion import Answer
from arena.players.engines.http.failures import Failed
from arena.players.engines.http.key import Key
from arena.players.engines.http.prices import Usage
from arena.players.engines.http.server import Server
from tests import chat_server as behaviours
from tests.chat_server import MODELS, ChatServer, chat_server, status

BODY = {"model": "tiny-chat-1b", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5}


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with chat_server() as chat:
        yield chat


def complete(chat: ChatServer, seconds: float = 5.0, idle_seconds: float = 0.3) -> Answer:
    async def play() -> Answer:
        server = Server(chat.base_url, Key(), idle_seconds, seconds)
        try:
            return await server.complete(BODY, asyncio.get_running_loop().time() + seconds)
        finally:
            await server.close()

    return asyncio.run(play())


def test_an_answer_comes_with_its_account(chat: ChatServer) -> None:
    assert complete(chat) == Answer("[bet]", "end", Usage(1000, 100))
    assert chat.bodies == [{**BODY, "stream": True}]


def test_both_clocks_are_real(chat: ChatServer) -> None:
    chat.plan = [behaviours.hangs, behaviours.hangs, behaviours.drips]
    with pytest.raises(Failed, match=r"sent nothing for 0.2 s") as silent:
        complete(chat, idle_seconds=0.2)
    assert silent.value.again
    for _ in range(2):  # a server that is silent, and one that says something all the time
        with pytest.raises(Failed, match=r"did not finish its answer within 0.2 s") as late:
            complete(chat, seconds=0.2, idle_seconds=60.0)
        assert not late.value.again


def test_a_deadline_that_has_passed_sends_nothing(chat: ChatServer) -> None:
    with pytest.raises(Failed, match="did not finish"):
        complete(chat, seconds=-1.0)
    assert chat.bodies == []


def test_errors_do_not_hold_the_request_with_its_key(chat: ChatServer) -> None:
    chat.plan = [status(500)]
    with pytest.raises(Failed) as failed:
        complete(chat)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


def test_the_models_are_listed(chat: ChatServer) -> None:
    async def play(base_url: str) -> list[str]:
        server = Server(base_url, Key(), 0.5, 1.0)
        try:
            return await server.models()
        finally:
            await server.close()

    assert asyncio.run(play(chat.base_url)) == MODELS
    chat.server_close()
    chat.shutdown()
    with pytest.raises(Failed, match="lists no models"):
        asyncio.run(play("http://127.0.0.1:1/v1"))
