"""The net as a player: its law, its folder on disk, and what it refuses. How it learns is tested with the trainers."""

import json

import numpy as np
import pytest
import torch

from arena.batch import DecisionBatch
from arena.errors import CheckpointError, ConfigError, GameError, PlayerError
from arena.game import Game, decision_states
from arena.games.kuhn_poker import KuhnPoker
from arena.games.leduc_poker import LeducPoker
from arena.player import HasPolicy, Request, Requests, Trainable
from arena.players.net import Net
from arena.registry import load_game, load_player
from arena.testing import check_player
from arena.tree import enumerate_game

KUHN, LEDUC = KuhnPoker(), LeducPoker()


def net(game=KUHN, **parameters):
    return Net(game, **{"hidden": [8], "device": "cpu", **parameters})


def policy(player):
    return enumerate_game(player.game).policy(player)


def decided(player, n=20):
    """Return one batch over every information set: the n-th legal action each time."""
    tree = enumerate_game(player.game)
    I = len(tree.seat)  # noqa: E741 - the field's symbol
    counts = tree.mask.sum(axis=1)
    action = np.array([np.flatnonzero(row)[n % k] for row, k in zip(tree.mask, counts, strict=True)])
    zeros = np.zeros(I, np.int64)
    return DecisionBatch(
        game=player.game.name, policy_id="net", version=0, observation=tree.requests.tensor(), mask=tree.mask,
        information_set=np.arange(I), action=action, behaviour=zeros, behaviour_logp=np.zeros(I, np.float32),
        payoff=np.zeros(I), seat=zeros, side=zeros, role=zeros, match=zeros, turn=zeros,
    )  # fmt: skip


# Playing.


@pytest.mark.parametrize("temperature", [0, 0.3, 1])
@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tic_tac_toe", "rock_paper_scissors"])
def test_it_keeps_the_contract_and_plays_its_policy(name, temperature):
    game = load_game(name)
    check_player(net(game, temperature=temperature, seed=3), game)


def test_it_is_a_trainable_player_with_a_policy():
    assert isinstance(net(), Trainable)
    assert isinstance(net(), HasPolicy)


def test_illegal_actions_have_probability_zero():
    tree = enumerate_game(LEDUC)
    stated = net(LEDUC).policy(tree.requests)
    assert not stated[~tree.mask].any()
    assert (stated[tree.mask] > 0).all()


def test_it_starts_near_uniform():
    assert abs(policy(net(LEDUC)) - enumerate_game(LEDUC).uniform).max() < 0.05


def test_temperature_sharpens_and_zero_plays_the_likeliest():
    trained, cool, cold = (policy(net(temperature=t)) for t in (1, 0.1, 0))
    powered = trained**10
    assert cool == pytest.approx(powered / powered.sum(axis=1, keepdims=True), abs=1e-6)
    assert (cold == np.eye(2)[trained.argmax(axis=1)]).all()


def test_greedy_play_needs_no_luck():
    player = net(temperature=0)
    state, seat = next(decision_states(KUHN, 100))
    moves = player.act(Requests(Request(KUHN, state, seat, seed=i) for i in range(50)))
    assert len({move.action for move in moves}) == 1
    assert {float(move.trace["logp"]) for move in moves} == {0.0}


def test_its_moves_carry_the_log_probability_that_they_were_drawn_with():
    player = net(LEDUC, temperature=0.2)
    states = list(decision_states(LEDUC, 10_000))[:300]
    batch = Requests(Request(LEDUC, s, seat, seed=i) for i, (s, seat) in enumerate(states))
    stated = player.policy(batch)
    for row, move in zip(stated, player.act(batch), strict=True):
        assert move.trace["logp"] == np.float32(np.log(row[LEDUC.actions.index(move.action)]))


# Chance of birth.


def test_the_seed_makes_the_net_and_nothing_else_does():
    torch.manual_seed(1)
    one = policy(net(seed=5))
    before = torch.get_rng_state()
    again, other = policy(net(seed=5)), policy(net(seed=6))
    assert (one == again).all()
    assert not (one == other).all()
    assert (torch.get_rng_state() == before).all()  # torch's global generator is left alone


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")
def test_without_a_gpu_auto_is_the_cpu():
    assert Net(KUHN, device="auto").device.type == "cpu"


# What a trainer asks.


def test_an_evaluation_says_what_the_policy_says():
    player = net(LEDUC, seed=2)
    batch, law = decided(player), policy(player)
    evaluation = player.evaluate(batch)
    rows = np.arange(len(batch))
    assert evaluation.logp.detach().numpy() == pytest.approx(np.log(law[rows, batch.action]), abs=1e-5)
    terms = np.where(law > 0, law * np.log(np.where(law > 0, law, 1)), 0)
    assert evaluation.entropy.detach().numpy() == pytest.approx(-terms.sum(axis=1), abs=1e-5)
    assert evaluation.log_policy.exp().detach().numpy() == pytest.approx(law, abs=1e-6)
    assert evaluation.value.shape == (len(batch),)


def test_gradients_are_finite_although_illegal_actions_have_probability_zero():
    player = net(LEDUC)
    evaluation = player.evaluate(decided(player))
    (evaluation.logp + evaluation.entropy + evaluation.value).sum().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in player.parameters())
    assert all(parameter.grad.abs().sum() > 0 for parameter in player.parameters())


def test_decisions_at_one_observation_share_its_evaluation():
    player = net()
    batch = decided(player)
    twice = player.evaluate(
        DecisionBatch(**{**vars(batch), "information_set": np.repeat(3, len(batch)), "action": np.ones(12, np.int64)})
    )
    assert len(set(twice.logp.tolist())) == 1
    assert twice.logp[0] == player.evaluate(batch).log_policy[3, 1]


# On disk.


def saved(folder, **parameters):
    player = net(seed=4, **parameters)
    player.name, player.version = "main", 17
    player.save(folder)
    return player


def test_a_checkpoint_folder_is_the_same_player(tmp_path):
    player = saved(tmp_path / "main", hidden=[5, 3])
    again = load_player(str(tmp_path / "main"), KUHN)
    assert (again.name, again.version, again.hidden, again.roles) == ("main", 17, (5, 3), ("first", "second"))
    assert (policy(again) == policy(player)).all()


def test_a_checkpoint_can_be_played_at_another_temperature(tmp_path):
    saved(tmp_path / "main")
    assert set(policy(load_player(f"{tmp_path / 'main'}(temperature=0)", KUHN)).flat) == {0, 1}


def test_nothing_on_disk_can_run_code(tmp_path):
    saved(tmp_path / "main")
    assert {path.name for path in (tmp_path / "main").iterdir()} == {"manifest.json", "weights.safetensors"}
    content = (tmp_path / "main" / "weights.safetensors").read_bytes()
    header = content[8 : 8 + int.from_bytes(content[:8], "little")]
    assert {key: entry["dtype"] for key, entry in json.loads(header).items()} == dict.fromkeys(
        ["0.weight", "0.bias", "2.weight", "2.bias"], "F32"
    )


def test_a_truncated_file_is_named(tmp_path):
    saved(tmp_path / "main")
    weights = tmp_path / "main" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"weights\.safetensors is damaged: its SHA-256 differs"):
        load_player(str(tmp_path / "main"), KUHN)


def test_another_game_is_refused(tmp_path):
    saved(tmp_path / "main")
    with pytest.raises(CheckpointError, match=r"was made for kuhn_poker .* so it cannot play leduc_poker"):
        load_player(str(tmp_path / "main"), LEDUC)


def test_a_net_of_another_shape_is_refused(tmp_path):
    saved(tmp_path / "main")
    with pytest.raises(CheckpointError, match=r"main holds another net than hidden=\[9\]"):
        load_player(f"{tmp_path / 'main'}(hidden=[9])", KUHN)


def test_it_plays_the_roles_that_it_was_made_for(tmp_path):
    player = net()
    player.roles = ("second",)
    player.save(tmp_path / "second")
    again = load_player(str(tmp_path / "second"), KUHN, "half")
    requests = enumerate_game(KUHN).requests
    first, second = (Requests(r for r in requests if r.seat == seat) for seat in (0, 1))
    assert len(again.act(second)) == 6
    with pytest.raises(PlayerError, match="half may play second, not first"):
        again.act(first)


# Parameters.


def test_parameters_that_make_no_sense_are_refused():
    class Talk(KuhnPoker):
        name, actions = "talk", ()

    with pytest.raises(ConfigError, match="talk has no closed list of actions, so a net cannot play it"):
        net(Talk())
    with pytest.raises(ConfigError, match="a temperature of -1 makes no sense: give 0"):
        net(temperature=-1)
    with pytest.raises(ConfigError, match="a temperature of nan makes no sense"):
        net(temperature=float("nan"))


@pytest.mark.parametrize("hidden", [5, "abc", [-3], [0], [8.0], [True], [[8]], None])
def test_widths_are_whole_numbers_above_0(hidden):
    with pytest.raises(ConfigError, match=r"is no list of widths: give whole numbers above 0, as in \[64, 64\]"):
        net(hidden=hidden)


@pytest.mark.parametrize("method", ["start", "turn", "chance", "step", "encode"])
def test_a_game_that_fails_is_named_with_its_moves(method):
    def fails(*_):
        raise ZeroDivisionError("division by zero")

    broken = type("Broken", (KuhnPoker,), {"name": "broken", method: fails})
    moves = r"\['J', 'Q'\]" if method == "encode" else r"\["
    with pytest.raises(GameError, match=f"broken fails after the moves {moves}.*: ZeroDivisionError: division by zero"):
        net(broken())


def test_views_may_have_any_shape():
    class Image(KuhnPoker):
        name = "image"

        def encode(self, s, seat):
            return np.pad(super().encode(s, seat), (0, 5)).reshape(3, 4)

    check_player(net(Image()), Image())


def test_a_game_without_an_encoding_uses_its_information_sets():
    class Plain(KuhnPoker):
        name = "plain"
        encode = Game.encode

    check_player(net(Plain()), Plain())


def test_what_is_trained_is_what_plays_and_what_is_saved_at_any_temperature(tmp_path):
    player = net(LEDUC, temperature=0.5)
    for parameter in player.parameters():
        parameter.data.mul_(3)
    states = list(decision_states(LEDUC, 10_000))[:200]
    batch = Requests(Request(LEDUC, s, seat, seed=i) for i, (s, seat) in enumerate(states))
    played = np.array([move.trace["logp"] for move in player.act(batch)])
    actions = np.array([LEDUC.actions.index(move.action) for move in player.act(batch)])
    n = len(batch)
    none = np.zeros(n, np.int64)
    decisions = DecisionBatch(
        game="leduc_poker", policy_id="a", version=0, observation=batch.tensor(), mask=batch.mask(),
        information_set=np.arange(n), action=actions, behaviour=none, behaviour_logp=played,
        payoff=np.zeros(n), seat=none, side=none, role=none, match=np.arange(n), turn=none,
    )  # fmt: skip
    np.testing.assert_allclose(player.evaluate(decisions).logp.detach().numpy(), played, atol=1e-5)
    player.save(tmp_path / "hot")
    again = load_player(str(tmp_path / "hot"), LEDUC)
    np.testing.assert_allclose(again.policy(batch), player.policy(batch), atol=1e-12)


def test_a_greedy_net_cannot_be_trained():
    with pytest.raises(PlayerError, match="with temperature 0 there is nothing to learn from"):
        net(LEDUC, temperature=0).evaluate(None)
