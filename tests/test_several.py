"""Several engines that play as one: whoever is asked, and however late each answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.errors import ConfigError, PlayerError
from arena.match import Fixture, play_fixtures
from arena.players.chat import Chat
from arena.players.engines.engine import Message, Reply, Sampling
from arena.players.engines.kinds import maker
from arena.players.engines.several import Several
from arena.registry import load_game
from tests.engines import Letters, Scripted

ASK = (Message("user", "say"),)


class Numbered(Scripted):
    """Says its number, once it has been looked after `late` times; keeps what it was told."""

    def __init__(self, gpu: int, late: tuple[int, ...] = (0, 0, 0), made: list[Numbered] | None = None) -> None:
        super().__init__(lambda prompt, sampling, member: f"{gpu} {member}")
        self.looks, self.late, self.told = 0, late[gpu], []
        if made is not None:
            made.append(self)

    def collect(self, tickets, seconds) -> dict[int, Reply]:
        self.looks += 1
        return super().collect(tickets, seconds) if self.looks > self.late else {}

    def renew(self, member: str, version: int, folder: Path | None = None) -> None:
        self.told.append((member, version, folder))

    def rest(self) -> None:
        self.told.append("rest")


def test_prompts_go_where_the_least_is_open() -> None:
    made: list[Numbered] = []
    engine = Several(Numbered, 3, made=made, late=(0, 2, 0))
    tickets = [engine.submit(ASK, Sampling(), "m") for _ in range(6)]
    assert [len(one.asked) for one in made] == [2, 2, 2]
    ready = engine.collect(tickets, 0)
    assert {reply.text for reply in ready.values()} == {"0 m", "2 m"}
    assert len(ready) == 4
    for _ in range(4):
        engine.submit(ASK, Sampling())
    assert [len(one.asked) for one in made] == [4, 2, 4]
    assert sorted(engine.collect(tickets[1:2], 60)) == [tickets[1]]  # it waits for who is late


def test_replies_are_those_of_their_prompts() -> None:
    def made(gpu: int) -> Scripted:
        return Scripted(lambda prompt, sampling, member: f"{prompt[0].content} {sampling.seed}", at_once=1)

    engine = Several(made, 2)
    waiting = {engine.submit((Message("user", f"p{i}"),), Sampling(seed=i)): f"p{i} {i}" for i in range(9)}
    while waiting:
        for ticket, reply in engine.collect(list(waiting), 1.0).items():
            assert reply.text == waiting.pop(ticket)
    with pytest.raises(PlayerError, match="there is no open ticket 3: each is collected once"):
        engine.collect([3], 0)
    assert engine.collect([], 5.0) == {}


def test_all_change_their_weights_together() -> None:
    made: list[Numbered] = []
    engine = Several(Numbered, 2, made=made)
    engine.rest()
    engine.renew("m", 3, Path("x"))
    assert [one.told for one in made] == [["rest", ("m", 3, Path("x"))]] * 2


def test_closed_engines_are_all_closed_and_say_so() -> None:
    made: list[Numbered] = []
    engine = Several(Numbered, 2, made=made)
    engine.close()
    assert all(one.closed for one in made)
    with pytest.raises(PlayerError, match="this engine is closed: make another one"):
        engine.submit(ASK, Sampling())


def test_what_is_said_is_not_lost_where_another_engine_fails() -> None:
    class Failing(Numbered):
        def collect(self, tickets, seconds):
            if self.looks == 0 and self.asked:
                self.looks = 1
                raise PlayerError("a hiccup")
            return super().collect(tickets, seconds)

    engine = Several(lambda gpu: Failing(gpu) if gpu else Numbered(gpu), 2)
    tickets = [engine.submit(ASK, Sampling()) for _ in range(2)]
    with pytest.raises(PlayerError, match="a hiccup"):
        engine.collect(tickets, 0)
    said: dict[int, Reply] = {}
    while len(said) < 2:
        said |= engine.collect([ticket for ticket in tickets if ticket not in said], 0)
    assert [said[ticket].text for ticket in tickets] == ["0 ", "1 "]


def test_one_engine_that_cannot_be_closed_keeps_no_other_open() -> None:
    made: list[Numbered] = []

    class Stuck(Numbered):
        def close(self) -> None:
            raise PlayerError("stuck")

    engine = Several(lambda gpu: (Stuck if gpu == 1 else Numbered)(gpu, made=made), 3)
    with pytest.raises(PlayerError, match="stuck"):
        engine.close()
    assert [one.closed for one in made] == [True, False, True]


def test_where_one_cannot_start_none_is_left_open() -> None:
    begun: list[Numbered] = []

    def make(gpu: int) -> Numbered:
        if gpu == 2:
            raise ConfigError("an engine is to have GPU 2, but there are 2")
        return Numbered(gpu, made=begun)

    with pytest.raises(ConfigError, match="GPU 2"):
        Several(make, 3)
    assert [one.closed for one in begun] == [True, True]
    for number in (0, -1, 1.5, True):
        with pytest.raises(ConfigError, match="is no number of engines: give a whole number from 1"):
            Several(make, number)


def test_matches_are_played_by_all_and_are_those_of_one() -> None:
    """The law of `Letters` follows from the question and its seed, so it does not matter who answers."""
    game = load_game("kuhn_poker")
    made: list[Letters] = []

    def make(gpu: int) -> Letters:
        made.append(Letters(at_once=1 + gpu))
        return made[-1]

    fixtures = [Fixture(f"{i:02d}", "play", ("a", "b"), i, "") for i in range(20)]
    results = []
    for engines in (1, 3):
        made.clear()
        chat = Chat(Several(make, engines), sampling=Sampling(max_tokens=8))
        records = sorted(play_fixtures(game, fixtures, {"a": chat, "b": chat}), key=lambda record: record.key)
        results.append(
            [([(turn.seat, turn.action) for turn in record.turns], record.returns, record.reason) for record in records]
        )
        assert all(one.asked for one in made)
    assert results[0] == results[1]


def test_an_engine_that_can_be_told_its_gpu_may_be_several(monkeypatch) -> None:
    def make(model: str, memory: int = 1, gpu: int | None = None) -> Numbered:
        return Numbered(gpu or 0)

    monkeypatch.setattr("arena.players.engines.kinds.engine_class", lambda name: make)
    assert maker("vllm", "m", False, {}, {"memory": 2}) == (make, {"model": "m", "memory": 2})
    several, arguments = maker("vllm", "m", False, {}, {"engines": 2})
    assert several is Several
    assert len(several(**arguments)._engines) == 2
    with pytest.raises(ConfigError, match="has no option 'gpu'; known: model, memory, engines"):
        maker("vllm", "m", False, {}, {"gpu": 2})
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="engine = 'transformers' has no option 'engines'"):
        maker("transformers", "m", False, {}, {"engines": 2})
