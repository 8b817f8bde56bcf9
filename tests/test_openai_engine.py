"""The HTTP engine against a real server on loopback, which behaves well or in any of the ways that servers fail."""

import itertools
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

import arena
from arena.errors import ConfigError, PlayerError, StoppedError
from arena.match import Fixture, play_fixtures
from arena.player import Fault, Move, Requests
from arena.players.engines.engine import Message, Reply, Sampling
from arena.players.engines.http.openai_engine import OpenAIEngine
from arena.record import StopReason
from arena.store import Store
from tests import chat_server as behaviours
from tests.chat_server import ChatServer, delta, events, good, raw, status, usage

PROMPT = (Message("system", "You play."), Message("user", "Your card is K."))
KEY = "sk-planted-0123456789abcdef"

Make = Callable[..., OpenAIEngine]


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with behaviours.chat_server() as server:
        yield server


@pytest.fixture
def make(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Builds engines on the server, which wait little between tries, and closes them."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    engines = []

    def build(model: str = "tiny-chat-1b", **options: object) -> OpenAIEngine:
        quick = {"base_url": server.base_url, "idle_seconds": 10.0, "total_seconds": 20.0, "wait_seconds": 0.01}
        engines.append(OpenAIEngine(model, **{**quick, **options}))
        return engines[-1]

    yield build
    for engine in engines:
        engine.close()


def ask(engine: OpenAIEngine, sampling: Sampling | None = None, member: str = "") -> Reply:
    ticket = engine.submit(PROMPT, sampling or Sampling(), member)
    return engine.collect([ticket], 10)[ticket]


def ask_all(engine: OpenAIEngine, count: int) -> list[Reply]:
    tickets = [engine.submit(PROMPT, Sampling(seed=i)) for i in range(count)]
    replies: dict[int, Reply] = {}
    while len(replies) < count:
        replies |= engine.collect([t for t in tickets if t not in replies], 10)
    return [replies[ticket] for ticket in tickets]


# A good server.


def test_a_reply_holds_what_the_server_said_and_counted(make: Make, server: ChatServer) -> None:
    reply = ask(make(), Sampling(max_tokens=7, temperature=0.5, top_p=0.9, top_k=4, seed=2**63 + 5))
    assert (reply.text, reply.stop) == ("[bet]", "end")
    assert (reply.prompt_tokens, reply.completion_tokens) == (1000, 100)
    assert len(reply.ids) == len(reply.logp) == len(reply.prompt_ids) == 0
    assert server.bodies == [
        {
            "model": "tiny-chat-1b",
            "messages": [
                {"role": "system", "content": "You play."},
                {"role": "user", "content": "Your card is K."},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 7,
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 4,
            "seed": 5,
        }
    ]
    assert set(server.keys) == {f"Bearer {KEY}"}


def test_extra_fields_go_along_and_none_leaves_one_out(make: Make, server: ChatServer) -> None:
    ask(make(extra={"seed": None, "reasoning_effort": "low"}))
    assert "seed" not in server.bodies[0]
    assert "top_k" not in server.bodies[0]
    assert server.bodies[0]["reasoning_effort"] == "low"


def test_a_member_is_the_name_of_another_model(make: Make, server: ChatServer) -> None:
    ask(make(), member="tiny-chat-8b")
    assert server.bodies[0]["model"] == "tiny-chat-8b"


def test_submit_returns_at_once_and_collect_waits_no_longer_than_it_may(make: Make, server: ChatServer) -> None:
    server.always = behaviours.hangs
    engine = make()
    engine.check()
    ticket = engine.submit(PROMPT, Sampling())
    assert engine.collect([ticket], 0) == {}
    assert engine.collect([ticket], 0.05) == {}
    server.over.set()


def test_replies_are_kept_for_whoever_submitted(make: Make) -> None:
    engine = make()
    one, other = engine.submit(PROMPT, Sampling()), engine.submit(PROMPT, Sampling())
    assert set(engine.collect([other], 10)) == {other}
    assert set(engine.collect([one], 10)) == {one}
    assert engine.collect([], 10) == {}
    with pytest.raises(PlayerError, match="no open ticket"):
        engine.collect([one], 10)


def test_one_connection_serves_request_after_request(make: Make, server: ChatServer) -> None:
    engine = make(concurrency=1)
    ask_all(engine, 20)
    assert server.connections == 1


# What servers do.

FAILURES = {
    "hangs": (behaviours.hangs, "sent nothing for 0.3 s"),
    "hangs after the headers": (behaviours.hangs_after_headers, "sent nothing for 0.3 s"),
    "hangs in the middle": (behaviours.hangs_in_the_middle, "sent nothing for 0.3 s"),
    "hangs up": (behaviours.hangs_up, "cannot be reached"),
    "429": (status(429, "slow down"), "answers 429: slow down"),
    "500": (status(500), "answers 500: no"),
    "503 of a proxy": (lambda handler: handler.send_error(503), "answers 503"),
    "cut stream": (raw(b'data: {"choices": [{"delta": {"content": "[be"}}]}\n', end=False), "off its answer"),
    "stream that ends early": (raw(b'data: {"choices": [{"delta": {"content": "[be"}}]}\n'), "cut off its answer"),
    "invalid UTF-8": (raw(b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n'), "not UTF-8"),
    "invalid JSON": (raw(b'data: {"choices": [{"delta": {"content"\n\n'), "not JSON"),
    "other JSON": (events([1, 2]), "JSON that is no answer"),
    "no choices": (events({"choices": []}, usage()), "sent no answer"),
    "only another choice": (events(delta("[bet]", "stop", index=1)), "sent no answer"),
    "two answers in one": (events(delta("[bet]", "stop"), delta("[pass]", "stop")), "went on after the end"),
    "error in the stream": (events(delta("[b"), {"error": {"message": "out of memory", "code": 502}}), "502: out of"),
    "error instead of a stream": (lambda h: h.whole(200, {"error": {"message": "overloaded"}}), "500: overloaded"),
    "failed end": (good(finish="error"), "could not finish its answer"),
    "a page": (raw(b"<html>please log in</html>"), "sent no answer"),
}


@pytest.mark.parametrize("what", FAILURES)
def test_infrastructure_is_unavailable_after_all_tries_and_another_may_help(
    what: str, make: Make, server: ChatServer
) -> None:
    behave, says = FAILURES[what]
    engine = make(tries=2, idle_seconds=0.3 if "sent nothing" in says else 10.0)
    server.plan = [behave, behave, behave, good()]
    reply = ask(engine)
    assert reply.stop == "unavailable"
    assert says in reply.text
    assert server.base_url in reply.text
    assert ask(engine).text == "[bet]", "its second try goes well"
    assert not server.plan


def test_a_slow_drip_ends_at_the_total_deadline(make: Make, server: ChatServer) -> None:
    server.always = behaviours.drips
    reply = ask(make(total_seconds=0.4))
    assert reply.stop == "unavailable"
    assert "did not finish its answer within 0.4 s" in reply.text
    assert len(server.bodies) == 1


def test_a_stream_that_only_forgets_to_end_is_an_answer(make: Make, server: ChatServer) -> None:
    server.always = behaviours.hangs_at_the_end
    assert ask(make(tries=1)).text == "[bet]"


def test_what_is_refused_later_is_told_at_once_be_it_the_prompt_or_the_user_s_account(
    make: Make, server: ChatServer
) -> None:
    server.plan = [status(code, "mend me") for code in (400, 401, 402, 403, 404, 422)]
    engine = make()
    replies = [ask(engine) for _ in range(6)]
    assert [reply.stop for reply in replies] == ["refused", *["unavailable"] * 4, "refused"]
    assert all("mend me" in reply.text for reply in replies)
    assert len(server.bodies) == 6


def test_an_empty_account_is_not_asked_again(make: Make, server: ChatServer) -> None:
    server.always = lambda h: h.whole(429, {"error": {"message": "pay", "code": "insufficient_quota"}})
    assert "answers 429: pay" in ask(make()).text
    assert len(server.bodies) == 1


def test_of_two_answers_the_first_counts(make: Make, server: ChatServer) -> None:
    server.always = events(
        delta("[pass]", index=1), delta("[bet]"), delta("", "stop", index=1), delta("", "stop"), usage()
    )
    assert ask(make(tries=1)).text == "[bet]"


@pytest.mark.parametrize(
    ("finish", "text", "stop"),
    [
        ("stop", "[bet]", "end"),
        ("length", "[bet]", "length"),
        ("tool_calls", "[bet]", "end"),
        ("content_filter", "", "end"),  # its end is missing, so no part of it counts
    ],
)
def test_how_an_answer_may_end(finish: str, text: str, stop: str, make: Make, server: ChatServer) -> None:
    server.always = good(finish=finish)
    reply = ask(make(tries=1))
    assert (reply.text, reply.stop) == (text, stop)


def test_a_model_that_thinks_all_its_tokens_away_ran_into_its_limit(make: Make, server: ChatServer) -> None:
    words = "Could not finish the message because max_tokens or model output limit was reached."
    server.always = server.probe = status(400, words)
    assert ask(make())[:2] == ("", "length")


def test_a_server_that_does_not_stream_is_understood(make: Make, server: ChatServer) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "[bet]"}, "finish_reason": "stop"}
    server.always = lambda h: h.whole(200, {"choices": [choice], "usage": {"prompt_tokens": 3}})
    reply = ask(make(tries=1))
    assert (reply.text, reply.prompt_tokens) == ("[bet]", 3)


# Too many requests.


def test_no_more_than_the_limit_are_under_way(make: Make, server: ChatServer) -> None:
    ask_all(make(concurrency=3), 30)
    assert server.peak <= 3


def test_a_burst_of_429_halves_once(make: Make, server: ChatServer) -> None:
    engine = make(concurrency=8, wait_seconds=0.1)
    engine.check()
    gate = threading.Barrier(8)

    def refuse(handler: behaviours.Handler) -> None:
        gate.wait(5)  # all eight are under way
        status(429)(handler)

    server.plan = [refuse] * 8
    assert {reply.stop for reply in ask_all(engine, 8)} == {"end"}
    assert engine.limiter.limit == 4
    ask_all(engine, 50)
    assert engine.limiter.limit == 8


@pytest.mark.parametrize("header", ["0.4", "date"])
def test_retry_after_is_waited_for_by_all(header: str, make: Make, server: ChatServer) -> None:
    engine = make(concurrency=1)
    engine.check()
    if header == "date":
        header = formatdate(time.time() + 1.4, usegmt=True)  # in whole seconds
    server.plan = [status(429, Retry_After=header)]
    ask_all(engine, 2)
    refused, *later = server.times
    assert len(later) == 2
    assert min(later) - refused > 0.3


def test_a_retry_after_beyond_the_deadline_is_not_waited_for(make: Make, server: ChatServer) -> None:
    server.plan = [status(429, "come back tomorrow", Retry_After="86400")]
    engine = make()
    reply = ask(engine)
    assert reply.stop == "unavailable"
    assert "come back tomorrow" in reply.text
    assert ask(engine).text == "[bet]"


# The preflight call.


def test_the_preflight_call_is_made_once(make: Make, server: ChatServer) -> None:
    engine = make()
    engine.check()
    engine.check()
    ask_all(engine, 3)
    assert server.probes == 1


def wrong(engine: OpenAIEngine) -> str:
    """Return what the preflight says; `collect` says the same."""
    with pytest.raises(StoppedError) as explicit:
        engine.check()
    ticket = engine.submit(PROMPT, Sampling())
    with pytest.raises(StoppedError) as lazy:
        engine.collect([ticket], 10)
    assert str(explicit.value) == str(lazy.value)
    assert "\n" not in str(lazy.value)
    return str(lazy.value)


def test_preflight_says_that_nobody_listens(make: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    said = wrong(make(base_url=address, tries=1))
    assert said.startswith(f"{address} cannot be reached")
    assert "is the server running" in said


def test_preflight_says_that_the_key_is_not_accepted(make: Make, server: ChatServer) -> None:
    server.probe = status(401, "bad key")
    assert wrong(make()).endswith("answers 401: bad key; the key in OPENAI_API_KEY is not accepted")


def test_preflight_says_that_a_key_is_missing(make: Make, server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    server.probe = status(401, "who are you?")
    assert wrong(make()).endswith("put its key into OPENAI_API_KEY")


@pytest.mark.parametrize("code", [400, 404])
def test_preflight_names_the_nearest_model(code: int, make: Make, server: ChatServer) -> None:
    server.probe = status(code, "no such model")
    assert wrong(make("tiny-chat-2b")).endswith(
        "has no model 'tiny-chat-2b'; did you mean 'tiny-chat-8b' or 'tiny-chat-1b'?"
    )
    assert wrong(make("zzz")).endswith("has no model 'zzz'; it has tiny-chat-1b, tiny-chat-8b")
    assert "no such model" in wrong(make("tiny-chat-1b"))  # it has that one, so something else is wrong


def test_preflight_learns_how_the_limit_is_called(make: Make, server: ChatServer) -> None:
    def newer(handler: behaviours.Handler) -> None:
        server.probe = good()
        status(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")(handler)

    server.probe = newer
    ask(make(), Sampling(max_tokens=9))
    assert server.bodies[0]["max_completion_tokens"] == 9
    assert "max_tokens" not in server.bodies[0]


def test_after_a_failed_preflight_another_may_go_well(make: Make, server: ChatServer) -> None:
    server.probe = status(503)
    engine = make(tries=1)
    wrong(engine)
    server.probe = good()
    assert ask(engine).text == "[bet]"


# Dollars.


def test_the_providers_own_cost_counts(make: Make, server: ChatServer) -> None:
    server.probe, server.always = good(cost=0.5), good(cost=0.25)
    engine = make(prompt_price=99, completion_price=99)
    assert ask(engine).dollars == 0.25
    assert engine.dollars == 0.75


def test_else_the_users_prices_count(make: Make) -> None:
    engine = make(prompt_price=3.0, completion_price=15.0)
    assert ask(engine).dollars == pytest.approx(1000 * 3e-6 + 100 * 15e-6)
    assert engine.dollars == pytest.approx(2 * 0.0045)


def test_a_cap_stops_cleanly(make: Make, server: ChatServer) -> None:
    server.probe, server.always = good(cost=0.0), good(cost=1.0)
    engine = make(concurrency=1, most_dollars=3)
    replies = ask_all(engine, 6)
    assert [reply.stop for reply in replies] == ["end"] * 3 + ["unavailable"] * 3
    assert "3.00 of 3.00 dollars are spent: raise most_dollars to go on" in replies[-1].text
    assert len(server.bodies) == 3
    assert engine.dollars == 3.0
    with pytest.raises(StoppedError, match="raise most_dollars"):
        engine.submit(PROMPT, Sampling())


def test_a_cap_needs_a_cost(make: Make) -> None:
    assert "cannot be kept: give prompt_price and completion_price" in wrong(make(most_dollars=1.0))
    ask(make(most_dollars=1.0, prompt_price=1, completion_price=1))


# The key.


def test_the_key_appears_nowhere(
    make: Make, server: ChatServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever a server repeats of it: in an error, in an answer, in the name of a model."""
    caplog.set_level(logging.DEBUG)
    engine = make()
    said = [repr(engine), str(vars(engine))]
    for behave in (good(f"your key is {KEY}"), status(400, f"bad {KEY}"), status(500, KEY * 9), events({"error": KEY})):
        server.plan = [behave]
        said.append(str(ask(engine)))
    server.probe = status(401, f"Incorrect API key provided: {KEY}")
    with pytest.raises(StoppedError) as refused:
        ask(make(tries=1))
    said.append(str(refused.value))
    with pytest.raises(ConfigError) as given:
        make(key_variable=KEY)
    said.append(str(given.value))
    engine.close()
    assert KEY in "".join(server.keys)
    written = "\n".join([*said, caplog.text, *capfd.readouterr()])
    assert "***" in written
    assert "sk-planted" not in written


class Talker:
    """Plays whatever an engine says: every reply in brackets is a move, and what is unavailable is so."""

    name = "talker"

    def __init__(self, engine: OpenAIEngine) -> None:
        self.engine = engine

    def act(self, batch: Requests) -> list[Move]:
        return [self._move(ask(self.engine)) for _ in batch]

    def _move(self, reply: Reply) -> Move:
        if reply.stop == "unavailable":
            return Move(None, reply.text, fault=Fault.UNAVAILABLE)
        if reply.stop == "refused":
            return Move(None, reply.text, fault=Fault.CRASHED)
        return Move(reply.text.partition(",")[0], reply.text)


def test_the_key_is_in_no_file_of_a_run(make: Make, server: ChatServer, tmp_path: Path) -> None:
    """And what the server refuses is no loss: the match is played again, or abandoned."""
    ways = itertools.cycle([good(f"bet, {KEY}"), status(400, f"bad {KEY}"), status(422, KEY)])
    server.always = lambda handler: next(ways)(handler)
    game = arena.load_game("kuhn_poker")
    fixtures = [Fixture(f"match-{i}", "tournament", ("talker", "uniform"), i, "") for i in range(12)]
    players = {"talker": Talker(make()), "uniform": arena.load_player("uniform", game)}
    records = list(play_fixtures(game, fixtures, players))
    with Store.open(tmp_path) as store:
        store.add(records)
    assert {record.stop for record in records} == {StopReason.FINISHED, StopReason.ABANDONED}
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"bet, ***" in written
    assert b"answers 422: ***" in written
    assert KEY.encode() not in written


@pytest.mark.parametrize("variable", ["", "OTHER_KEY"])
def test_which_variable_holds_the_key(
    variable: str, make: Make, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_KEY", "sk-other-0123456789")
    ask(make(key_variable=variable))
    assert server.keys[0] == f"Bearer {'sk-other-0123456789' if variable else KEY}"


def test_what_is_dropped_is_asked_no_more(make: Make, server: ChatServer) -> None:
    """A prompt that waits for a place is never sent, and one under way is broken off; the others are answered."""
    server.always = behaviours.hangs
    engine = make(concurrency=1)
    under_way, waiting, other = (engine.submit(PROMPT, Sampling(seed=seed)) for seed in range(3))
    while not server.bodies:
        time.sleep(0.01)
    server.always = good()
    engine.drop([under_way, waiting])
    assert engine.collect([other], 10)[other].text == "[bet]"
    assert [body["seed"] for body in server.bodies] == [0, 2]
    with pytest.raises(PlayerError, match="no open ticket"):
        engine.collect([waiting], 0)


def test_a_prompt_that_is_dropped_during_the_preflight_leaves_the_answer_to_the_others(
    make: Make, server: ChatServer
) -> None:
    def slowly(handler: behaviours.Handler) -> None:
        server.over.wait(0.5)
        good("yes")(handler)

    server.probe = slowly
    engine = make()
    dropped, other = engine.submit(PROMPT, Sampling()), engine.submit(PROMPT, Sampling(seed=1))
    while not server.probes:
        time.sleep(0.01)
    engine.drop([dropped])
    assert engine.collect([other], 10)[other].text == "[bet]"
    assert ask(engine).text == "[bet]"
    assert server.probes == 1


# What it refuses.


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"concurrency": 0}, "concurrency = 0"),
        ({"tries": 1.5}, "tries = 1.5"),
        ({"idle_seconds": 0}, "idle_seconds = 0"),
        ({"total_seconds": float("nan")}, "total_seconds = nan"),
        ({"prompt_price": 1}, "both prompt_price and completion_price"),
        ({"most_dollars": -1}, "most_dollars = -1"),
        ({"key_variable": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE is not set"),
        ({"base_url": "localhost:8000"}, "no address"),
        ({"base_url": "http://me:secret@localhost/v1"}, "keys belong into the environment"),
        ({"extra": {"stream": False}}, "'stream'"),
        ({"extra": {"stop": {1, 2}}}, "what JSON cannot"),
        ({"extra": [1]}, "no table"),
        ({"model": ""}, "names none"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], words: str, make: Make) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        make(**options)
    assert "secret" not in str(refused.value)


def test_what_http_cannot_do_is_said(make: Make) -> None:
    engine = make()
    with pytest.raises(PlayerError, match="cannot be scored"):
        engine.score([(PROMPT, ["[bet]"])])
    with pytest.raises(PlayerError, match="held to a list"):
        engine.submit(PROMPT, Sampling(choices=("bet",)))
    with pytest.raises(PlayerError, match="cannot be begun"):
        engine.submit((*PROMPT, Message("assistant", "I ")), Sampling())


# Threads and memory.


def test_closing_waits_for_nothing_that_hangs(make: Make, server: ChatServer) -> None:
    server.always = behaviours.hangs_in_the_middle
    engine = make(idle_seconds=600.0, total_seconds=600.0, concurrency=8)
    engine.check()
    ticket, *_ = [engine.submit(PROMPT, Sampling()) for _ in range(20)]
    while len(server.bodies) < 8:
        time.sleep(0.01)
    failed: list[PlayerError] = []

    def wait() -> None:
        try:
            engine.collect([ticket], 60)
        except PlayerError as error:
            failed.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    began = time.monotonic()
    engine.close()
    waiting.join()
    assert time.monotonic() - began < 10.0  # a second at most, unless the machine is busy
    assert "closed" in str(failed[0])
    with pytest.raises(PlayerError, match="closed"):
        engine.submit(PROMPT, Sampling())
    engine.close()


def test_nothing_is_left_over(make: Make, server: ChatServer) -> None:
    engine = make(concurrency=16, tries=20)
    server.plan = [good(), status(500), behaviours.hangs_up, raw(b"data: {")] * 50
    replies = ask_all(engine, 300)
    assert {reply.stop for reply in replies} == {"end"}
    assert not engine._open
    assert not engine._ready
    assert engine.limiter.busy == 0
    engine.close()
    server.over.set()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("requests to")] == []


def test_many_threads_may_ask(make: Make) -> None:
    engine = make()
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(ask(engine).text)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["[bet]"] * 12
