import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from arena.errors import PlayerError
from arena.players.engines.drawing import draw, law
from arena.players.engines.engine import Sampling

LOGITS = torch.tensor([[1.0, 3.0, 2.0, 0.0]])


def only(**how) -> np.ndarray:
    return law(LOGITS, [Sampling(**how)])[0].numpy()


def softmax(logits) -> np.ndarray:
    p = np.exp(np.array(logits, float))
    return p / p.sum()


def test_the_law_is_softmax_at_the_temperature() -> None:
    np.testing.assert_allclose(only(), softmax([1, 3, 2, 0]))
    np.testing.assert_allclose(only(temperature=0.5), softmax([2, 6, 4, 0]))


def test_top_k_keeps_the_likeliest() -> None:
    np.testing.assert_allclose(only(top_k=2), softmax([-np.inf, 3, 2, -np.inf]))


def test_top_p_keeps_the_fewest_that_reach_it() -> None:
    """The masses are .644, .237, .087 and .032: .7 needs two of them, .64 one."""
    np.testing.assert_allclose(only(top_p=0.7), softmax([-np.inf, 3, 2, -np.inf]))
    np.testing.assert_allclose(only(top_p=0.64), [0, 1, 0, 0])


def test_top_p_counts_the_mass_of_what_top_k_left() -> None:
    """Of the two likeliest the first has .731, so it reaches .7 alone."""
    np.testing.assert_allclose(only(top_k=2, top_p=0.7), [0, 1, 0, 0])


def test_the_cold_take_the_first_of_the_likeliest() -> None:
    tied = torch.tensor([[0.0, 2.0, 2.0]])
    drawn = draw(tied, [Sampling(temperature=0, top_k=1, top_p=0.1)], [0.99])
    assert (drawn.ids.tolist(), drawn.logp.tolist()) == ([1], [0.0])


def test_every_row_has_its_own_law_and_number() -> None:
    how = [Sampling(), Sampling(temperature=0), Sampling(top_k=1), Sampling(temperature=2.0)]
    numbers = [0.99999, 0.2, 0.7, 0.0]
    together = draw(LOGITS.repeat(4, 1), how, numbers)
    alone = [draw(LOGITS, [h], [u]) for h, u in zip(how, numbers, strict=True)]
    assert together.ids.tolist() == [int(one.ids) for one in alone]
    assert together.logp.tolist() == [float(one.logp) for one in alone]


def test_draws_follow_the_law() -> None:
    count = 4000
    numbers = ((np.arange(count) + 0.5) / count).tolist()
    how = Sampling(temperature=1.3, top_p=0.95)
    drawn = draw(LOGITS.repeat(count, 1), [how] * count, numbers)
    p = law(LOGITS, [how])[0].numpy()
    np.testing.assert_allclose(np.bincount(drawn.ids, minlength=4) / count, p, atol=1e-3)
    np.testing.assert_allclose(drawn.logp.numpy(), np.log(p[drawn.ids]), rtol=1e-12)


@given(
    logits=st.lists(st.floats(-40, 40, width=32), min_size=2, max_size=9),
    how=st.builds(
        Sampling, temperature=st.sampled_from([0.0, 0.1, 1.0, 5.0]), top_p=st.floats(1e-6, 1), top_k=st.integers(0, 9)
    ),
    number=st.one_of(st.floats(0, 1, exclude_max=True), st.just(1 - 2.0**-53)),
)
def test_nothing_impossible_is_drawn(logits: list[float], how: Sampling, number: float) -> None:
    rows = torch.tensor([logits])
    p = law(rows, [how])
    assert float(p.sum()) == pytest.approx(1)
    drawn = draw(rows, [how], [number])
    assert 0 <= int(drawn.ids) < len(logits)
    assert np.isfinite(float(drawn.logp))
    assert float(p[0, int(drawn.ids)]) > 0


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_an_error(wrong: float) -> None:
    with pytest.raises(PlayerError, match="not finite"):
        draw(torch.tensor([[0.0, 1.0], [0.0, wrong]]), [Sampling()] * 2, [0.5, 0.5])
