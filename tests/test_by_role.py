"""One policy per role under one name."""

import numpy as np
import pytest

from arena.errors import CheckpointError, ConfigError
from arena.games.kuhn_poker import KuhnPoker
from arena.games.leduc_poker import LeducPoker
from arena.match import Fixture, play_fixtures
from arena.player import HasLaw, HasPolicy, Loadable, Requests
from arena.players.by_role import by_role
from arena.registry import load_game, load_player
from arena.testing import check_player
from arena.tree import enumerate_game
from tests.language import tiny_folder

GAME = KuhnPoker()
TREE = enumerate_game(GAME)
SPEC = "by_role(player='net(hidden=[4])')"


def player(seed=0):
    return load_player(SPEC, GAME, "main", seed)


def test_it_keeps_the_contract():
    check_player(player(), GAME)
    assert isinstance(player(), Loadable)
    assert isinstance(player(), HasPolicy)


def test_every_role_has_a_policy_of_its_own_that_plays_nothing_else():
    both = player()
    assert {role: part.roles for role, part in both.parts.items()} == {"first": ("first",), "second": ("second",)}
    one, other = both.parts.values()
    assert not np.allclose(next(iter(one.parameters())).detach(), next(iter(other.parameters())).detach())


def test_the_cast_has_no_part():
    game = load_game("tool_tasks(challenger=False, words=False)")
    assert list(by_role(game, "net(hidden=[4])").parts) == ["challenger", "executor"]


def test_its_policy_is_that_of_its_parts():
    both = player()
    assert (TREE.policy(both) == TREE.policy([both.parts["first"], both.parts["second"]])).all()


def test_its_answers_come_in_the_order_of_the_requests():
    """The seats of a batch are mixed; each part answers its own, and asked alone it says the same."""
    both = player()
    mixed = [TREE.requests[i] for i in (0, 11, 3, 8, 1)]
    together = both.act(Requests(mixed))
    alone = [both.parts[request.role].act(Requests([request]))[0] for request in mixed]
    assert [(m.action, float(m.trace["logp"])) for m in together] == [
        (m.action, pytest.approx(float(m.trace["logp"]), abs=1e-6)) for m in alone
    ]


def test_a_checkpoint_holds_a_checkpoint_per_role(tmp_path):
    both = player(seed=7)
    both.parts["second"].version = 5
    both.save(tmp_path / "main")
    again = load_player(str(tmp_path / "main"), GAME)
    assert (again.name, again.version) == ("main", 5)
    assert (TREE.policy(again) == TREE.policy(both)).all()
    assert [part.version for part in again.parts.values()] == [0, 5]
    part = load_player(str(tmp_path / "main" / "second"), GAME)
    assert (TREE.policy([both.parts["first"], part]) == TREE.policy(both)).all()


def test_a_damaged_part_is_named(tmp_path):
    player().save(tmp_path / "main")
    (tmp_path / "main" / "first" / "weights.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"first/weights\.safetensors is damaged"):
        load_player(str(tmp_path / "main"), GAME)
    with pytest.raises(CheckpointError):
        load_player(str(tmp_path / "main"), LeducPoker())


def test_parts_that_cannot_be_trained_are_refused():
    with pytest.raises(
        ConfigError, match=r"'uniform' cannot be trained, so it is no part for a role: use net\(…\) or language"
    ):
        by_role(GAME, "uniform")


def test_the_version_is_set_for_all_parts():
    both = player()
    both.version = 9
    assert [part.version for part in both.parts.values()] == [9, 9]


def test_language_models_learn_a_role_each_and_play_on_one_engine(tmp_path):
    spec = f"language_model(model={str(tiny_folder())!r}, rank=2, max_tokens=12)"
    both = load_player(f"by_role(player={spec!r})", GAME, "main", seed=3)
    assert isinstance(both, HasLaw)
    assert isinstance(both, Loadable)
    assert not isinstance(both, HasPolicy)
    one, other = both.parts.values()
    assert one.engine is other.engine
    for part, shift in ((one, 0.05), (other, -0.05)):
        for weight in part.parameters():
            weight.data += shift
    questions = Requests(TREE.requests)
    wanted = both.law(questions)
    role = np.array([request.role for request in questions])
    for part in (one, other):
        np.testing.assert_allclose(part.law(questions)[role == part.name], wanted[role == part.name], atol=1e-6)
    fixtures = [Fixture(f"{i}", "train", ("main", "main"), i, "") for i in range(4)]
    for record in play_fixtures(GAME, fixtures, {"main": both}):
        assert record.traces.keys() == {n for n, turn in enumerate(record.turns) if turn.seat >= 0}
    one.version = 4
    both.save(tmp_path / "main")
    frozen = load_player(str(tmp_path / "main"), GAME)
    assert (frozen.name, frozen.version) == ("main", 4)
    again = load_player(f"by_role(player={spec!r})", GAME, "again", seed=8)
    again.load(tmp_path / "main")
    for opened in (frozen, again):
        np.testing.assert_allclose(opened.law(questions), wanted, atol=1e-6)
    assert frozen.parts["first"].engine is one.engine
    alone = load_player(str(tmp_path / "main" / "first"), GAME)
    np.testing.assert_allclose(alone.law(questions)[role == "first"], wanted[role == "first"], atol=1e-6)
    for player in (both, frozen, again, alone):
        player.close()
