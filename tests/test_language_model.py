"""A chat player that learns: what it says, what it saves, and that its engine plays what it has learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import arena
from arena import checkpoint
from arena.errors import ConfigError, PlayerError
from arena.match import Fixture, Patience, play_fixtures
from arena.player import HasLaw, Loadable, Requests, TrainableTokens
from arena.players.language_model import language_model
from arena.registry import load_checkpoint
from arena.token_rollout import from_records
from tests.language import tiny_folder

GAME = arena.load_game("kuhn_poker")
ROLES = ("first", "second")
each_rank = pytest.mark.parametrize("rank", [0, 4])


def played(player, version: int, matches: int = 12):
    """Return what the player said in matches against itself."""
    fixtures = [Fixture(f"{i:03d}", "train", ("it", "it"), i, "") for i in range(matches)]
    records = list(play_fixtures(GAME, fixtures, {"it": player}, patience=Patience(retries=0)))
    return from_records(GAME, sorted(records, key=lambda r: r.key), {"it"}, "shared", version, ROLES)


def moved(player, seed: int = 0) -> None:
    """Change the weights as an update would."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in player.parameters():
            weight.add_(torch.empty(weight.shape).normal_(0, 0.03, generator=rng))
    player.version += 1


@pytest.fixture
def player(rank):
    made = language_model(str(tiny_folder()), rank, max_tokens=12, seed=1)
    yield made
    made.close()


@each_rank
def test_the_module_says_of_stored_ids_what_the_engine_said_when_it_drew_them(player) -> None:
    """Twice over: also after the weights have changed under the engine."""
    assert isinstance(player, TrainableTokens)
    assert isinstance(player, Loadable)
    assert isinstance(player, HasLaw)
    for version in range(3):
        batch = played(player, version)
        said = player.evaluate(batch)
        engine = batch.behaviour_logp[batch.loss_mask]
        assert np.abs(said.logp.detach().numpy() - engine).max() < 1e-4
        torch.testing.assert_close(said.log_policy.exp().sum(-1), torch.ones(len(engine)))
        moved(player, seed=version)
        player.sync()


@each_rank
def test_stale_weights_are_noticed(player) -> None:
    played(player, 0, matches=2)
    moved(player)
    with pytest.raises(PlayerError, match="drawn from version 0 of the weights, but 1 is what learns"):
        played(player, 1, matches=2)
    player.sync()
    assert played(player, 1, matches=2).version == 1


@each_rank
def test_what_is_saved_plays_as_an_ordinary_folder(player, rank, tmp_path) -> None:
    moved(player)
    player.sync()
    player.save(tmp_path / "it")
    manifest = checkpoint.read(tmp_path / "it", GAME)
    assert (manifest.version, manifest.game, manifest.fingerprint) == (1, "", "")
    assert (tmp_path / "it" / ("adapter_config.json" if rank else "config.json")).is_file()
    requests = Requests(asked())
    frozen = load_checkpoint(tmp_path / "it", GAME)
    assert type(frozen).__name__ == "DirectChat"
    assert frozen.sampling.max_tokens == 12
    np.testing.assert_allclose(frozen.law(requests), player.law(requests), atol=1e-5)
    greedy = arena.load_player(f"{tmp_path / 'it'}(temperature=0)", GAME)
    assert greedy.sampling.temperature == 0
    for one in (frozen, greedy):
        one.close()


@each_rank
def test_it_goes_on_where_it_was_saved(player, rank, tmp_path) -> None:
    moved(player)
    player.save(tmp_path / "it")
    other = language_model(str(tiny_folder()), rank, max_tokens=12, seed=9)
    other.load(tmp_path / "it")
    for mine, theirs in zip(player.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert other.version == 1
    assert played(other, 1, matches=2).version == 1
    other.close()


@each_rank
def test_a_frozen_copy_stays_as_it_was(player) -> None:
    batch = played(player, 0, matches=4)
    copy, before = player.frozen(), player.evaluate(batch).logp.detach()
    moved(player)
    torch.testing.assert_close(copy.evaluate(batch).logp, before)
    assert (player.evaluate(batch).logp - before).abs().max() > 1e-3


def test_adapters_of_one_model_share_its_engine_and_their_seeds_make_them() -> None:
    one, two = (language_model(str(tiny_folder()), 4, seed=seed) for seed in (1, 2))
    frozen = arena.load_player(f"chat(model={str(tiny_folder())!r})", GAME)
    assert one.engine is two.engine is frozen.engine
    assert any(not torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    plain = frozen.law(Requests(asked()))
    moved(one)
    np.testing.assert_allclose(frozen.law(Requests(asked())), plain, atol=1e-6)
    for player in (one, two, frozen):
        player.close()


@each_rank
def test_a_value_head_is_saved_beside_the_weights_and_read_back(rank, tmp_path) -> None:
    one = language_model(str(tiny_folder()), rank, value=True, max_tokens=12)
    moved(one)
    one.save(tmp_path / "it")
    other = language_model(str(tiny_folder()), rank, value=True, max_tokens=12, seed=9)
    other.load(tmp_path / "it")
    for mine, theirs in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    batch = played(other, 1, matches=3)
    value = one.evaluate(batch).value
    assert value.abs().max() > 1e-3
    torch.testing.assert_close(other.evaluate(batch).value, value)
    assert one.frozen().evaluate(batch).value is None
    frozen, plain = load_checkpoint(tmp_path / "it", GAME), language_model(str(tiny_folder()), rank, max_tokens=12)
    np.testing.assert_allclose(frozen.law(Requests(asked())), other.law(Requests(asked())), atol=1e-5)
    plain.load(tmp_path / "it")
    assert [one.predicts, plain.predicts] == [True, False]
    for player in (one, other, frozen, plain):
        player.close()


def test_a_model_whose_own_weights_learn_is_nobody_elses() -> None:
    learner = language_model(str(tiny_folder()))
    frozen = arena.load_player(f"chat(model={str(tiny_folder())!r})", GAME)
    assert learner.engine is not frozen.engine
    learner.close()
    frozen.close()


@each_rank
def test_weights_do_not_change_under_a_reply_in_the_making(player) -> None:
    player.submit(Requests(asked()[:1]))
    with pytest.raises(PlayerError, match="its weights cannot change meanwhile"):
        player.sync()
    while not player.collect(1):
        pass
    player.sync()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"rank": -1}, "rank = -1 is none of an adapter"),
        ({"engine": "openai"}, "a learner cannot play through engine = 'openai'"),
        ({"max_tokens": 0}, "max_tokens = 0 will not do"),
        ({"options": {"slot": 3}}, "has no option 'slot'"),
    ],
)
def test_settings_that_cannot_be_are_refused(given, complaint) -> None:
    with pytest.raises(ConfigError, match=complaint):
        language_model(str(tiny_folder()), **given)


def test_checkpointing_gives_the_same_gradient() -> None:
    gradients = []
    for checkpointing in (False, True):
        player = language_model(str(tiny_folder()), 4, checkpointing=checkpointing, value=True, seed=1)
        moved(player)
        player.sync()
        batch = played(player, 1, matches=3)
        said = player.evaluate(replace(batch, version=1))
        loss = said.logp.sum() + said.value.sum()
        gradients.append(torch.autograd.grad(loss, list(player.parameters())))
        player.close()
    for plain, again in zip(*gradients, strict=True):
        torch.testing.assert_close(plain, again, atol=1e-4, rtol=1e-3)


def asked():
    """Return all questions of Kuhn poker."""
    from arena.tree import enumerate_game

    return list(enumerate_game(GAME).requests)
