"""The exact quantities of a tree in torch, for policies that are tensors on some device already.

The passes are those of `best_response`, in float64; the arrays are copied to the device once. Shapes: I information
sets, A actions, P seats, S sequences, N nodes, E branches.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arena.tree.compact_form import compact_form
from arena.tree.tables import Tree
from arena.tree.values import branch_law


class Exact(NamedTuple):
    """What every seat earns with a policy, and what it could earn while the others hold to it."""

    values: Tensor
    """(P,) the expected payoff when every seat plays the policy."""
    best: Tensor
    """(P,) the expected payoff of a seat's best response, in the game's own units."""

    @property
    def nash_conv(self) -> Tensor:
        """() the sum over seats of what a best response gains; 0 at a Nash equilibrium."""
        return (self.best - self.values).sum()


class OnDevice(Protocol):
    """A tree whose arrays lie on one device."""

    def best_responses(self, policy: Tensor) -> Exact:
        """Return the exact quantities of a policy (I, A) in float64 on the same device."""


def on_device(tree: Tree, device: torch.device | str = "cpu") -> OnDevice:
    """Return the tree for this device. Raises GameError for a hidden game in which a view forgets."""
    kind = _Hidden if tree.game.hidden and len(tree.seat) else _Open
    return kind(tree, torch.device(device))


class _Hidden:
    """Sums over sequences, as in `best_response`."""

    def __init__(self, tree: Tree, device: torch.device) -> None:
        form, self.seats = compact_form(tree), tree.game.seats
        self.entry = _tensor(form.entry, device)
        self.layers = [
            (
                layer.sequences,
                _tensor(layer.before, device),
                _lengths(layer.set_begin, len(layer.before), device),
                _tensor(layer.parents, device),
                _lengths(layer.parent_begin, len(layer.set_begin), device),
            )
            for layer in form.layers
        ]
        self.owner = _tensor(form.owner, device)
        self.endings = _lengths(form.owner_begin, len(form.payoff), device)
        self.others = [_tensor(others, device) for others in form.others]
        self.payoff = _tensor(form.payoff, device)
        size = self.seats + len(form.entry)
        self.whose = _tensor(np.repeat(form.run_seat, np.diff(form.run_begin, append=size)), device)

    @torch.no_grad()
    def best_responses(self, policy: Tensor) -> Exact:
        plan = policy.new_ones(len(self.whose))
        plan[self.seats :] = policy.flatten()[self.entry]
        for sequences, before, _, _, _ in self.layers:
            plan[sequences] *= plan[before]
        earned = self.payoff
        for others in self.others:
            earned = earned * plan[others]
        gain = torch.zeros_like(plan)
        gain[self.owner] = _reduce(earned, "sum", self.endings)
        values = policy.new_zeros(self.seats).index_add_(0, self.whose, plan * gain)
        for sequences, _, sets, parents, after_parent in reversed(self.layers):
            best = _reduce(gain[sequences], "max", sets)
            gain[parents] += _reduce(best, "sum", after_parent)
        return Exact(values, gain[: self.seats])


class _Open:
    """Backward induction over nodes, as in `best_response`."""

    def __init__(self, tree: Tree, device: torch.device) -> None:
        self.child = _tensor(tree.branch_child.astype(np.int64), device)
        self.chance = _tensor(branch_law(tree, np.zeros(tree.mask.shape)), device)
        self.actions = _tensor(tree.action_branches, device)
        self.entry = _tensor(tree.policy_entry, device)
        self.returns = _tensor(np.concatenate([tree.returns, tree.returns], axis=1), device)
        seats = np.arange(tree.game.seats)
        self.levels = [
            (
                _tensor(nodes, device),
                branches,
                _lengths(begin, branches.stop - branches.start, device),
                _tensor(tree.mover[nodes, None] == seats, device),
            )
            for nodes, branches, begin in tree.inner_levels
        ]

    @torch.no_grad()
    def best_responses(self, policy: Tensor) -> Exact:
        law = self.chance.index_copy(0, self.actions, policy.flatten()[self.entry])[:, None]
        values = self.returns.clone()  # (N, 2P): with the policy, and with the best response
        seats = values.shape[1] // 2
        for nodes, branches, lengths, own in reversed(self.levels):
            below = values[self.child[branches]]
            mean = _reduce(law[branches] * below, "sum", lengths)
            best = _reduce(below[:, seats:], "max", lengths)
            values[nodes] = torch.cat([mean[:, :seats], torch.where(own, best, mean[:, seats:])], dim=1)
        return Exact(values[0, :seats], values[0, seats:])


def _tensor(array: NDArray[Any], device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(device)


def _lengths(begin: NDArray[np.int64], total: int, device: torch.device) -> Tensor:
    return _tensor(np.diff(begin, append=total), device)


def _reduce(data: Tensor, by: str, lengths: Tensor) -> Tensor:
    """Return the sum or the maximum of every run of neighbours along the first axis."""
    return torch.segment_reduce(data.contiguous(), by, lengths=lengths, unsafe=True)
