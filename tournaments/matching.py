"""The largest set of disjoint pairs in a graph (Edmonds, "Paths, trees, and flowers", 1965)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence


def matching_size(neighbours: Sequence[set[int]]) -> int:
    """Return how many disjoint pairs of neighbours there can be; vertex v is linked to those in `neighbours[v]`.

    O(n³) for n vertices.
    """
    mates = [-1] * len(neighbours)
    for v, linked in enumerate(neighbours):  # a quick start; augmenting paths mend what it gets wrong
        if mates[v] < 0 and (free := next((w for w in sorted(linked) if mates[w] < 0), -1)) >= 0:
            mates[v], mates[free] = free, v
    for root in range(len(neighbours)):
        if mates[root] < 0:
            _Search(neighbours, mates, root).augment()
    return sum(mate >= 0 for mate in mates) // 2


class _Search:
    """The alternating tree that grows from an unmatched vertex; odd cycles (blossoms) shrink into their base."""

    def __init__(self, neighbours: Sequence[set[int]], mates: list[int], root: int) -> None:
        n = len(neighbours)
        self.neighbours, self.mates, self.root = neighbours, mates, root
        self.base = list(range(n))
        self.parent = [-1] * n
        self.even = [False] * n  # at an even distance from the root
        self.even[root] = True
        self.queue = deque([root])

    def augment(self) -> None:
        """Turn over the matching along a path to another unmatched vertex, if there is one."""
        end = self._grow()
        while end >= 0:
            before = self.parent[end]
            further = self.mates[before]
            self.mates[end], self.mates[before] = before, end
            end = further

    def _grow(self) -> int:
        """Return an unmatched vertex at the end of an alternating path from the root; −1 if there is none."""
        while self.queue:
            v = self.queue.popleft()
            for w in sorted(self.neighbours[v]):
                if self.base[v] == self.base[w] or self.mates[v] == w:
                    continue
                if w == self.root or (self.mates[w] >= 0 and self.parent[self.mates[w]] >= 0):
                    self._shrink(v, w)
                elif self.parent[w] < 0:
                    self.parent[w] = v
                    if self.mates[w] < 0:
                        return w
                    self.even[self.mates[w]] = True
                    self.queue.append(self.mates[w])
        return -1

    def _shrink(self, v: int, w: int) -> None:
        base = self._common_base(v, w)
        blossom: set[int] = set()
        self._mark(v, base, w, blossom)
        self._mark(w, base, v, blossom)
        for u in range(len(self.base)):
            if self.base[u] in blossom:
                self.base[u] = base
                if not self.even[u]:
                    self.even[u] = True
                    self.queue.append(u)

    def _common_base(self, v: int, w: int) -> int:
        """Return the first base that the ways from v and w to the root share."""
        passed = set()
        while True:
            v = self.base[v]
            passed.add(v)
            if self.mates[v] < 0:
                break
            v = self.parent[self.mates[v]]
        while self.base[w] not in passed:
            w = self.parent[self.mates[self.base[w]]]
        return self.base[w]

    def _mark(self, v: int, base: int, child: int, blossom: set[int]) -> None:
        """Add the way from v to the base, and turn its parents so that every vertex on it can be reached."""
        while self.base[v] != base:
            blossom |= {self.base[v], self.base[self.mates[v]]}
            self.parent[v] = child
            child = self.mates[v]
            v = self.parent[child]
