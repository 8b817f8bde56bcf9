"""The protocol of engines: what its values are by default, and that an engine of it can be written."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from arena.players.engines.engine import Engine, Message, Reply, Sampling
from tests.engines import END, Letters, Scripted

PROMPT = (Message("system", "Say a letter."), Message("user", "Now."))


def test_by_default_a_reply_is_drawn_from_the_models_own_law() -> None:
    sampling = Sampling()
    assert (sampling.temperature, sampling.top_p, sampling.top_k, sampling.choices) == (1.0, 1.0, 0, ())


def test_a_reply_of_an_engine_that_knows_no_ids_has_none() -> None:
    reply = Reply("hello", "end")
    for ids, kind in [(reply.prompt_ids, np.int32), (reply.ids, np.int32), (reply.logp, np.float32)]:
        assert ids.shape == (0,)
        assert ids.dtype == kind
    assert (reply.version, reply.prompt_tokens, reply.completion_tokens, reply.dollars) == (0, 0, 0, 0.0)


@pytest.mark.parametrize("make", [Scripted, Letters])
def test_the_engines_of_the_tests_are_engines(make) -> None:
    wanted = {name: thing for name, thing in vars(Engine).items() if not name.startswith("_")}
    assert set(wanted) == {"submit", "collect", "score", "close"}
    for name, method in wanted.items():
        assert inspect.signature(getattr(make, name)) == inspect.signature(method)


def test_replies_come_when_they_are_ready_and_wait_for_whoever_asked() -> None:
    engine = Scripted(lambda prompt, sampling, member: member, at_once=2)
    one, two, three, other = [engine.submit(PROMPT, Sampling(), member) for member in "abcd"]
    first = engine.collect({one, two, three}, 1.0)
    assert len(first) == 2
    rest = engine.collect({one, two, three} - first.keys(), 1.0)
    assert {ticket: reply.text for ticket, reply in {**first, **rest}.items()} == {one: "a", two: "b", three: "c"}
    assert engine.collect([other], 1.0)[other].text == "d"


def test_a_drawn_reply_is_as_likely_as_its_score() -> None:
    engine = Letters(sharpness=3.0)
    for seed in range(5):
        ticket = engine.submit(PROMPT, Sampling(max_tokens=400, seed=seed))
        reply = engine.collect([ticket], 1.0)[ticket]
        assert reply.stop == "end"
        assert reply.ids[-1] == END
        np.testing.assert_allclose(engine.score([(PROMPT, [reply.text])])[0][0], reply.logp, atol=1e-4)
