"""A draw among whole answers, and the law that it follows."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.players.engines.choosing import choose, log_law


def test_the_law_is_sharpened_by_the_temperature() -> None:
    logp = np.log([0.1, 0.4, 0.4])
    np.testing.assert_allclose(np.exp(log_law(logp, 1.0)), [1 / 9, 4 / 9, 4 / 9])
    np.testing.assert_allclose(np.exp(log_law(logp, 0.5)), [1 / 33, 16 / 33, 16 / 33])
    assert np.exp(log_law(logp, 0.0)).tolist() == [0.0, 1.0, 0.0]
    np.testing.assert_allclose(np.exp(log_law(logp - 5000, 1.0)), [1 / 9, 4 / 9, 4 / 9])


def test_engines_without_torch_can_use_it() -> None:
    code = "import arena.players.engines.choosing, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


ANSWERS = [[1, 2, 0], [1, 3, 0], [4, 0]]


def test_an_answer_is_drawn_by_the_law_given_that_it_is_one_of_them() -> None:
    logp = np.log([0.01, 0.03, 0.06])
    drawn = [choose(ANSWERS, logp.tolist(), 1.0, (i + 0.5) / 1000)[0] for i in range(1000)]
    assert np.bincount(drawn).tolist() == [100, 300, 600]
    squared = [choose(ANSWERS, logp.tolist(), 0.5, (i + 0.5) / 460)[0] for i in range(460)]
    assert np.bincount(squared).tolist() == [10, 90, 360]


def test_each_token_is_as_likely_as_the_answers_that_go_on_with_it() -> None:
    choice, each = choose(ANSWERS, np.log([0.01, 0.03, 0.06]).tolist(), 1.0, 0.2)
    assert choice == 1
    np.testing.assert_allclose(np.exp(each), [0.4, 0.75, 1.0])


def test_the_cold_choose_the_first_of_the_likeliest() -> None:
    choice, each = choose(ANSWERS, [-2.0, -1.0, -1.0], 0.0, 0.999)
    assert choice == 1
    np.testing.assert_allclose(each, 0.0)


@given(
    logp=st.lists(st.floats(-2000, 0), min_size=3, max_size=3),
    temperature=st.sampled_from([0.0, 0.3, 1.0]),
    number=st.floats(0, 1, exclude_max=True),
)
def test_the_tokens_of_an_answer_add_up_to_it(logp: list[float], temperature: float, number: float) -> None:
    choice, each = choose(ANSWERS, logp, temperature, number)
    whole = 0.0 if not temperature else logp[choice] / temperature - np.logaddexp.reduce(np.array(logp) / temperature)
    assert each.sum() == pytest.approx(whole, abs=1e-6)
    assert np.isfinite(each).all()
