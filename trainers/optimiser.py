"""Adam with a learning rate that falls linearly to zero, and a state that can be saved without pickle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from arena.errors import ConfigError


class Adam:
    """Adam (Kingma and Ba, 2015); the rate falls to 0 over `updates`, so that the last iterate settles."""

    def __init__(
        self,
        parameters: Iterable[torch.nn.Parameter],
        rate: float,
        updates: int,
        clip: float = 1.0,
        warmup: int = 0,
        momentum: float = 0.9,
    ) -> None:
        """`clip` bounds the norm of the whole gradient; over the first `warmup` steps the rate rises to its height.

        Adam's first steps move every weight by the whole rate, whatever it knows of its gradient. With `momentum` 0
        weights rest as soon as their gradient is 0.
        """
        self._parameters = list(parameters)
        self._adam = torch.optim.Adam(self._parameters, lr=rate, betas=(momentum, 0.999))
        self._rate, self._updates, self._clip, self._warmup = rate, updates, clip, warmup
        self._taken = True  # whatever gradient there is has been used, or is somebody else's
        self.steps = 0

    def step(self, loss: torch.Tensor) -> None:
        """Take one step down the gradient of `loss`. Raises ConfigError where that leaves no finite weights."""
        self.accumulate(loss)
        self.apply()

    def accumulate(self, loss: torch.Tensor) -> None:
        """Add the gradient of a part of the loss."""
        self._clear_taken()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own signature is untyped

    def add(self, gradients: Iterable[torch.Tensor | None]) -> None:
        """Add gradients that have been computed elsewhere, in the order of the parameters; None where there is none."""
        self._clear_taken()
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            if gradient is not None:
                begun = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                parameter.grad = begun + gradient.to(parameter.device)

    def _clear_taken(self) -> None:
        """Begin to accumulate anew where a step has been taken."""
        if self._taken:
            self._adam.zero_grad(set_to_none=True)
            self._taken = False

    def forget(self) -> None:
        """Drop what has been accumulated since the last step."""
        self._taken = True

    def apply(self) -> float:
        """Take one step down what has been accumulated; return its norm. Raises ConfigError as `step` does."""
        rising = min(1.0, (self.steps + 1) / (self._warmup + 1))
        self._adam.param_groups[0]["lr"] = self._rate * rising * max(1.0 - self.steps / self._updates, 0.0)
        norm = torch.nn.utils.clip_grad_norm_(self._parameters, self._clip)
        self._adam.step()
        self._taken = True
        self.steps += 1
        if not norm.isfinite():
            raise ConfigError(
                f"the weights are no longer finite numbers: lower training.learning_rate, which is {self._rate:g}"
            )
        return float(norm)

    def state(self, name: str = "adam") -> dict[str, torch.Tensor]:
        """Return the moments of every parameter, named "NAME.POSITION.MOMENT"."""
        return {
            f"{name}.{i}.{key}": self._adam.state[parameter][key].detach().cpu()
            for i, parameter in enumerate(self._parameters)
            for key in ("exp_avg", "exp_avg_sq")
            if parameter in self._adam.state
        }

    def restore(self, tensors: Mapping[str, torch.Tensor], steps: int, name: str = "adam") -> None:
        """Take what `state` returned under `name` after `steps` steps."""
        self.steps = steps
        for i, parameter in enumerate(self._parameters):
            if f"{name}.{i}.exp_avg" in tensors:
                self._adam.state[parameter] = {
                    "step": torch.tensor(float(steps)),
                    "exp_avg": tensors[f"{name}.{i}.exp_avg"].to(parameter.device).clone(),
                    "exp_avg_sq": tensors[f"{name}.{i}.exp_avg_sq"].to(parameter.device).clone(),
                }
