"""Parts of an update that are computed side by side: in this process, and in others with copies of the same weights.

The others remember nothing. Before every step they are given the weights, and what they hand back are the gradients of
their parts, which are added up in the order of the processes. So a run's checkpoints know nothing of them, a run may go
on with another number of them, and the same number gives the same sums. Weights and gradients pass through memory that
the processes of one machine share. A process ends once this one
has ended, however that came about.
"""

from __future__ import annotations

import signal
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

import torch
from torch import multiprocessing

from arena.errors import ConfigError, reason
from arena.player import TokenPolicy, TrainableTokens

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from arena.trainers.optimiser import Adam

Share = TypeVar("Share", contravariant=True)
Result = TypeVar("Result", covariant=True)


class Job(Protocol[Share, Result]):
    """What is to be computed of a part: a loss to go down, if there is one, and a result. It can be pickled."""

    def __call__(
        self, policy: TokenPolicy, reference: TokenPolicy | None, part: Share, /
    ) -> tuple[torch.Tensor | None, Result]:
        """Return both, as the weights are now."""


class _Copy(NamedTuple):
    """Another process, and where it puts its gradients."""

    process: Any
    pipe: Connection
    gradients: torch.Tensor


class _Order(NamedTuple):
    """What a copy is asked for."""

    job: Job[Any, Any]
    parts: Sequence[Any]
    reference_moved: bool


class Work:
    """Computes the parts of one learner's updates, in so many `processes`; the others begin when they are needed."""

    def __init__(
        self, policy: TrainableTokens, reference: TokenPolicy | None, optimiser: Adam, processes: int = 1
    ) -> None:
        self._policy, self._reference, self._optimiser, self._processes = policy, reference, optimiser, processes
        self._copies: list[_Copy] = []
        self._weights = self._held = torch.empty(0)
        """What is shared with all copies: the policy's weights, and the reference's."""
        self._moved = True

    def reference_moved(self) -> None:
        """Say that the reference has other weights than before."""
        self._moved = True

    def each(self, job: Job[Share, Result], parts: Sequence[Share]) -> list[Result]:
        """Return the results of all parts in their order; the gradients of their losses are accumulated.

        Raises ConfigError where another process has failed. Whatever is raised, nothing of it is left: the gradients
        go, and so do the other processes, with what they may still have to say.
        """
        shares = [parts[i :: self._processes] for i in range(min(self._processes, len(parts)))]
        try:
            asked = self._ask(job, shares[1:])
            found = [[self._own(job, part) for part in share] for share in shares[:1]]
            found += [self._answer(copy) for copy in asked]
        except BaseException:
            self._optimiser.forget()
            self._end()
            raise
        return [found[i % len(shares)][i // len(shares)] for i in range(len(parts))]

    def _own(self, job: Job[Share, Result], part: Share) -> Result:
        loss, result = job(self._policy, self._reference, part)
        if loss is not None:
            self._optimiser.accumulate(loss)
        return result

    def _ask(self, job: Job[Share, Result], shares: Sequence[Sequence[Share]]) -> Sequence[_Copy]:
        """Give other processes their shares, and the weights of now; return them in the order of the shares."""
        if not shares:
            return []
        if not self._copies:
            self._begin()
        _fill(self._weights, self._policy.parameters())
        if self._reference is not None and self._moved:
            _fill(self._held, self._reference.parameters())
        idle: Sequence[Share] = []
        for copy, share in zip(self._copies, [*shares, *[idle] * self._processes], strict=False):
            try:
                copy.pipe.send(_Order(job, share, self._moved))
            except OSError:
                raise _failed(copy) from None
        self._moved = False
        return self._copies

    def _answer(self, copy: _Copy) -> list[Any]:
        """Return what a copy has found for its share, once its gradients are accumulated."""
        try:
            said = copy.pipe.recv()
        except (EOFError, OSError):
            raise _failed(copy) from None
        if isinstance(said, str):
            raise _failed(copy, said)
        learned, results = cast("tuple[list[bool], list[Any]]", said)
        gradients = _views(copy.gradients, self._policy.parameters())
        self._optimiser.add([g if has else None for g, has in zip(gradients, learned, strict=True)])
        return results

    def _end(self) -> None:
        """Stop the other processes; they begin anew when they are needed again."""
        for copy in self._copies:
            copy.pipe.close()
            copy.process.terminate()
        self._copies.clear()
        self._moved = True

    def _begin(self) -> None:
        """Start the other processes."""
        make, weights = self._policy.replica(), list(self._policy.parameters())
        held = [] if self._reference is None else list(self._reference.parameters())
        self._weights, self._held = _shared(weights), _shared(held)
        context = multiprocessing.get_context("spawn")
        for place in range(1, self._processes):
            ours, theirs = context.Pipe()
            gradients = _shared(weights)
            memory = (self._weights, self._held, gradients)
            arguments = (make, place, self._reference is not None, *memory, torch.get_num_threads(), theirs)
            process = context.Process(target=_serve, args=arguments, name=f"learner {place}", daemon=True)
            process.start()
            theirs.close()
            self._copies.append(_Copy(process, ours, gradients))
            weakref.finalize(self, ours.close)


def _serve(
    make: Callable[[int], TokenPolicy],
    place: int,
    refers: bool,
    weights: torch.Tensor,
    held: torch.Tensor,
    gradients: torch.Tensor,
    threads: int,
    pipe: Connection,
) -> None:
    """Compute whatever is asked for, in another process, until the one that asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks, whose end ends this one
    torch.set_num_threads(threads)
    made: tuple[TokenPolicy, TokenPolicy | None] | None = None
    while True:
        try:
            order: _Order = pipe.recv()
        except EOFError:
            return
        try:
            if made is None:
                policy = make(place)
                made = policy, policy.frozen() if refers else None
            policy, reference = made
            _take(policy.parameters(), weights)
            if reference is not None and order.reference_moved:
                _take(reference.parameters(), held)
            answer: Any = _computed(order, policy, reference, gradients)
        except Exception as error:  # noqa: BLE001 - whatever it is, the process that asked tells it and ends the run
            answer = f"{type(error).__name__}: {reason(error)}"
        try:
            pipe.send(answer)
        except OSError:
            return


def _computed(
    order: _Order, policy: TokenPolicy, reference: TokenPolicy | None, gradients: torch.Tensor
) -> tuple[list[bool], list[Any]]:
    """Return which weights have a gradient, which is in shared memory then, and all results."""
    parameters = list(policy.parameters())
    for parameter in parameters:
        parameter.grad = None
    found = []
    for part in order.parts:
        loss, result = order.job(policy, reference, part)
        if loss is not None:
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own signature is untyped
        found.append(result)
    for view, parameter in zip(_views(gradients, parameters), parameters, strict=True):
        if parameter.grad is not None:
            view.copy_(parameter.grad)
    return [parameter.grad is not None for parameter in parameters], found


def _failed(copy: _Copy, said: str = "") -> ConfigError:
    """Return what there is to say of a process that computes no more."""
    copy.process.join(1.0)
    code = copy.process.exitcode
    why = said or ("it has ended" if code is None else f"it has ended with exit code {code}")
    return ConfigError(
        f"{copy.process.name} has failed, one of training.token_policy_gradient.processes: {why}; start the run again, "
        "it goes on from its last checkpoint, with fewer processes if it lacks memory (a script of your own needs the "
        'usual if __name__ == "__main__":)'
    )


# Memory that processes share: one flat tensor for all weights, since every shared tensor is an open file.


def _shared(like: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return memory for as many numbers as these tensors have."""
    kind = like[0].dtype if like else torch.float32
    for tensor in like:
        kind = torch.promote_types(kind, tensor.dtype)
    memory = torch.zeros(sum(tensor.numel() for tensor in like), dtype=kind)
    return memory.share_memory_()  # type: ignore[no-any-return,no-untyped-call]  # torch's own signature is untyped


def _views(flat: torch.Tensor, like: Iterable[torch.Tensor]) -> list[torch.Tensor]:
    """Return shared memory in the shapes of these tensors."""
    tensors = list(like)
    parts = torch.split(flat, [tensor.numel() for tensor in tensors])
    return [part.view(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


def _fill(flat: torch.Tensor, tensors: Iterable[torch.Tensor]) -> None:
    """Put the numbers of tensors into shared memory."""
    tensors = list(tensors)
    for view, tensor in zip(_views(flat, tensors), tensors, strict=True):
        view.copy_(tensor.detach())


def _take(tensors: Iterable[torch.Tensor], flat: torch.Tensor) -> None:
    """Give tensors the numbers in shared memory."""
    tensors = list(tensors)
    with torch.no_grad():
        for view, tensor in zip(_views(flat, tensors), tensors, strict=True):
            tensor.copy_(view)
