"""The weights of one member of a module, to be learned or compared with: what they say of answers that were drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from arena.causal import answers
from arena.player import TokenEvaluation
from arena.players.value_head import ValueHead

if TYPE_CHECKING:
    from arena.batch import TokenBatch
    from arena.players.engines.module import Module


class Weights:
    """One member's weights. `checkpointing` computes activations again where gradients need them.

    With `value` they have a head that predicts payoffs.
    """

    def __init__(self, module: Module, member: str, checkpointing: bool = False, value: bool = False) -> None:
        self._module, self._member, self._checkpointing = module, member, checkpointing
        self._head = ValueHead(module.width, module.device) if value else None
        self._parameters: list[torch.nn.Parameter] = module.parameters(member)
        if self._head is not None:
            self._parameters += self._head.parameters()

    def parameters(self) -> list[torch.nn.Parameter]:
        """Return the weights, always in one order, those of the head last."""
        return self._parameters

    def evaluate(self, batch: TokenBatch) -> TokenEvaluation:
        """Return log-probabilities of all sampled tokens of the batch, and what is predicted; see `TokenPolicy`.

        Computed in the precision of the module, on a GPU in bfloat16; what is returned is in float32.
        """
        pairs = [batch.pair(n) for n in range(len(batch))]
        with self._module.using(self._member) as model, self._module.learning(self._checkpointing):
            said = answers(model, pairs, share=not self._checkpointing, hidden=self._head is not None)
        log_policy = torch.log_softmax(said.logits, dim=-1)
        value = self._head(said.hidden) if self._head is not None and said.hidden is not None else None
        return TokenEvaluation(log_policy.gather(1, said.ids[:, None])[:, 0], log_policy, value)

    def frozen(self) -> Weights:
        """Return a copy of the weights as they are now, to be compared with; it predicts nothing."""
        module, member = self._module.copy(self._member)
        return Weights(module, member)

    def write(self, folder: Path) -> None:
        """Write them into a folder as peft or transformers do, and the head beside them."""
        self._module.write(self._member, folder)
        if self._head is not None:
            self._head.write(folder)

    def read(self, folder: Path) -> None:
        """Take those that `write` has put into a folder. Raises CheckpointError where they do not fit."""
        self._module.read(self._member, folder)
        if self._head is not None:
            self._head.read(folder)

    def forget(self) -> None:
        """Let an adapter go."""
        self._module.forget(self._member)


def elsewhere(model: str, device: str, dtype: str, rank: int, checkpointing: bool, value: bool, place: int) -> Weights:
    """Return weights of the same shape in another process, the `place`th beside the first: see `replica`.

    They are on a GPU of their own where there are enough of them.
    """
    from arena.players.engines.module import Module

    gpus = torch.cuda.device_count() if device == "cuda" else 0
    module = Module(model, f"cuda:{place % gpus}" if gpus else device, dtype)
    return Weights(module, module.begin(rank, seed=0) if rank else "", checkpointing, value)
