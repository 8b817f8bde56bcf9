"""The largest matching against all matchings, on graphs with odd cycles."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.tournaments.matching import matching_size


def graph(n, edges):
    neighbours = [set() for _ in range(n)]
    for a, b in edges:
        neighbours[a].add(b)
        neighbours[b].add(a)
    return neighbours


def by_trying_all(neighbours):
    @cache
    def best(free):
        if not free:
            return 0
        v = min(free)
        rest = free - {v}
        return max([best(rest), *(1 + best(rest - {w}) for w in neighbours[v] & rest)])

    return best(frozenset(range(len(neighbours))))


@given(
    st.integers(0, 9).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.tuples(*[st.integers(0, max(n - 1, 0))] * 2))))
)
def test_it_is_the_largest_of_all(drawn):
    n, edges = drawn
    neighbours = graph(n, [(a, b) for a, b in edges if a != b] if n else [])
    assert matching_size(neighbours) == by_trying_all(neighbours)


@pytest.mark.parametrize(
    ("neighbours", "size"),
    [
        (graph(5, [(i, (i + 1) % 5) for i in range(5)]), 2),  # an odd cycle leaves one over
        (graph(6, [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)]), 2),  # two triangles leave one each
        (graph(6, [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (0, 3)]), 3),  # and a bridge joins those two
        # The Petersen graph has a perfect matching (Petersen, 1898).
        (graph(10, [e for i in range(5) for e in ((i, (i + 1) % 5), (i, i + 5), (i + 5, (i + 2) % 5 + 5))]), 5),
    ],
)
def test_known_graphs(neighbours, size):
    assert matching_size(neighbours) == size
