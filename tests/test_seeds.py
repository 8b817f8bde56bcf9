"""Seeds: the same on every machine, and independent of each other."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arena.seeds import derive, derive_several, generator, nth, uniform, uniforms

# The characters that an encoding of lists could trip over.
NAMES = st.lists(st.text(alphabet="ab:,1 \x1f\0é", max_size=4), max_size=4)


def chi_square(draws: np.ndarray, cells: int) -> float:
    counts = np.bincount((draws * cells).astype(int), minlength=cells)
    expected = len(draws) / cells
    return float(((counts - expected) ** 2 / expected).sum())


def test_seeds_never_change() -> None:
    """Runs on disk depend on these numbers: a change here orphans every one of them."""
    assert derive(0) == 14558143475431885848
    assert derive(0, "match", 7) == 16563305472522837950
    assert derive(12345, "a", "b") == 15319815257477716921
    assert derive(2**64 - 1, "é") == 2969830456436717709
    assert generator(7, "net").integers(0, 1000, 5).tolist() == [891, 319, 298, 33, 540]


def test_uniform_is_splitmix64() -> None:
    """The first output of splitmix64 from seed 1234567 in its published test vector is 6457827717110365317."""
    assert uniform(1234567) == (6457827717110365317 >> 11) / 2**53


@given(NAMES, NAMES)
def test_different_names_give_different_seeds(one: list[str], other: list[str]) -> None:
    assume(one != other)
    assert derive(3, *one) != derive(3, *other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "b"), ("ab",)), (("a", "b"), ("a\x1fb",)), (("a", "b"), ("b", "a")), ((), ("",)), (("1:a",), ("a",))],
)
def test_names_keep_their_borders_and_their_order(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert derive(0, *one) != derive(0, *other)


def test_a_number_and_its_text_are_one_name() -> None:
    assert derive(0, "match", 7) == derive(0, "match", "7")


def test_different_parents_give_different_children() -> None:
    assert len({derive(seed, "match") for seed in range(10_000)}) == 10_000


def test_one_flipped_bit_flips_half_of_the_child() -> None:
    flips = [(derive(0, "a") ^ derive(1 << bit, "a")).bit_count() for bit in range(64)]
    assert min(flips) > 16
    assert np.mean(flips) == pytest.approx(32, abs=1.5)


def test_generators_of_different_names_are_uncorrelated() -> None:
    columns = [generator(0, "match", i).random(2000) for i in range(20)]
    correlations = np.corrcoef(columns)[np.triu_indices(20, 1)]
    assert abs(correlations).max() < 4.5 / np.sqrt(2000)


@pytest.mark.parametrize(
    "seeds", [range(100_000), [derive(0, "turn", i) for i in range(100_000)]], ids=["row", "derived"]
)
def test_uniforms_are_uniform(seeds: list[int]) -> None:
    draws = uniforms(list(seeds))
    assert draws.min() >= 0
    assert draws.max() < 1
    assert draws.mean() == pytest.approx(0.5, abs=4 * np.sqrt(1 / 12 / len(draws)))
    assert chi_square(draws, 100) < 149  # one in a thousand exceeds 148.2 with 99 degrees of freedom
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 4 / np.sqrt(len(draws))


def test_the_greatest_draw_is_below_one() -> None:
    """The seed was found by running splitmix64 backwards from 2⁶⁴ − 1, its greatest output."""
    assert uniform(3558559446808474027) == 1 - 2**-53


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20))
def test_one_draw_is_the_row_of_many(seeds: list[int]) -> None:
    assert uniforms(seeds).tolist() == [uniform(seed) for seed in seeds]


def test_the_global_generators_are_left_alone() -> None:
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002 - what must not be used
    generator(5, "x").random(3)
    uniforms([1, 2, 3])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_several_seeds_are_distinct_and_change_with_every_name() -> None:
    seeds = {seed for names in ((), ("a",), ("b",), ("a", 0), ("a", 1)) for seed in derive_several(7, 3, *names)}
    assert len(seeds) == 15
    assert derive_several(7, 5, "a")[:3] == derive_several(7, 3, "a")
    assert all(0 <= seed < 2**64 for seed in seeds)


def test_the_nth_seed_is_that_of_splitmix64() -> None:
    """The first numbers of SplitMix64 with seed 0, as published with its reference code (Vigna, 2015)."""
    first = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [uniform(nth(0, i)) for i in range(3)] == [(z >> 11) * 2.0**-53 for z in first]
