"""The loop that trains a quantile network: pinball loss, averaged weights, early stopping."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from ml.artifacts import Artifact, pack, require, unpack
from ml.training.checkpoints import Checkpoints
from ml.training.progress import Progress, ProgressSink

KIND, FORMAT = "quantile-training", 1
_STATE = "state.safetensors"
_EVALUATED = 8192


@dataclass(frozen=True)
class Settings:
    """How long and how fast.

    Attributes:
        epochs: at most.
        patience: epochs without a better validation loss before it ends.
        batch: windows a step.
        rate: of AdamW at its height; half a cosine down to a twentieth.
        decay: of weights.
        average: share that the averaged weights keep each step; these are what is used.
        squared: weight of the squared error of the middle beside the pinball loss.
    """

    epochs: int = 16
    patience: int = 4
    batch: int = 512
    rate: float = 2e-3
    decay: float = 1e-3
    average: float = 0.99
    squared: float = 0.25


@dataclass(frozen=True, eq=False)
class Examples:
    """What a network learns from.

    Attributes:
        inputs: the network's inputs, each of shape (n, …).
        target: mg/dL, shape (n, steps), NaN where unknown.
        unit: mg/dL in which an error of this window counts one, by step, shape (n, steps).
    """

    inputs: tuple[Tensor, ...]
    target: Tensor
    unit: Tensor

    def __len__(self) -> int:
        return len(self.target)

    def take(self, which: Tensor) -> "Examples":
        """The examples at these indices."""
        return Examples(
            tuple(values[which] for values in self.inputs), self.target[which], self.unit[which]
        )


def quantile_loss(quantiles: Tensor, examples: Examples, levels: Tensor, squared: float) -> Tensor:
    """Mean over known targets of pinball loss plus `squared` × squared error of the middle."""
    known = torch.isfinite(examples.target)
    target = torch.where(known, examples.target, quantiles[:, :, len(levels) // 2].detach())
    above = (target[:, :, None] - quantiles) / examples.unit[:, :, None]
    pinball = torch.maximum(levels * above, (levels - 1.0) * above).mean(dim=2)
    middle = above[:, :, len(levels) // 2]
    loss = (pinball + squared * middle**2) * known
    return loss.sum() / known.sum().clamp(min=1)


def train_quantiles(
    network: nn.Module,
    train: Examples,
    validation: Examples,
    *,
    levels: Sequence[float],
    settings: Settings,
    seed: int,
    progress: ProgressSink,
    checkpoints: Checkpoints,
) -> dict[str, float]:
    """Leaves `network` with the averaged weights of its best epoch.

    One that was interrupted goes on after its last whole epoch and ends the same. A checkpoint
    names what it was made from (`_training_of`); one of another training is left unused.

    Returns:
        ``epochs`` run, ``best_epoch``, ``validation_loss`` and ``loss_before`` training.

    Raises:
        BrokenArtifact: the checkpoint is damaged; remove it to begin anew.
        NewerArtifact: a newer release has written it.
    """
    own = _training_of(network, train, validation, levels, settings, seed)
    loop = _Loop(network, settings, torch.tensor(levels, dtype=torch.float32), own)
    loop.resume(checkpoints.load(), validation)
    while loop.epoch < settings.epochs and loop.waited < settings.patience:
        loop.run_epoch(train, seed, progress)
        loop.judge(validation)
        figures = (("validation loss", loop.loss), ("best", loop.best_loss))
        progress(Progress("training", loop.epoch, settings.epochs, figures))
        checkpoints.save(loop.state())
    network.load_state_dict(loop.best)
    network.eval()
    return {
        "epochs": loop.epoch,
        "best_epoch": loop.best_epoch,
        "validation_loss": round(loop.best_loss, 6),
        "loss_before": round(loop.first_loss, 6),
    }


class _Loop:
    """One training: the network, its average, its optimiser, and where it is."""

    def __init__(
        self, network: nn.Module, settings: Settings, levels: Tensor, training: str
    ) -> None:
        self.network, self.settings, self.levels = network, settings, levels
        self.training = training
        self.optimiser = torch.optim.AdamW(
            network.parameters(), lr=settings.rate, weight_decay=settings.decay
        )
        self.average = _copy(network)
        self.best = _copy(network)
        self.epoch = self.best_epoch = self.waited = 0
        self.loss = self.best_loss = self.first_loss = math.inf

    def run_epoch(self, train: Examples, seed: int, progress: ProgressSink) -> None:
        settings, steps = self.settings, math.ceil(len(train) / self.settings.batch)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed((seed + 7919 * self.epoch) % 2**63)
            order = torch.randperm(len(train))
            self.network.train()
            for step in range(steps):
                done = self.epoch + step / steps
                self._set_rate(done / settings.epochs)
                batch = train.take(order[step * settings.batch : (step + 1) * settings.batch])
                self._step(batch)
                if step % 16 == 0:
                    progress(Progress("training", int(done), settings.epochs))
        self.epoch += 1

    def judge(self, validation: Examples) -> None:
        """Measure the averaged weights, keep them if they are the best so far."""
        self.loss = self._validation_loss(self.average, validation)
        self.waited += 1
        if self.loss < self.best_loss:
            self.best_loss, self.best_epoch, self.waited = self.loss, self.epoch, 0
            self.best = {name: values.clone() for name, values in self.average.items()}

    def state(self) -> bytes:
        tensors = {f"network.{n}": v for n, v in self.network.state_dict().items()}
        tensors |= {f"average.{n}": v for n, v in self.average.items()}
        tensors |= {f"best.{n}": v for n, v in self.best.items()}
        for index, own in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{n}": v for n, v in own.items()}
        where = [self.epoch, self.best_epoch, self.waited, self.best_loss, self.first_loss]
        tensors["where"] = torch.tensor(where, dtype=torch.float64)
        content = bytes(save({name: values.clone() for name, values in tensors.items()}))
        return pack(Artifact(KIND, FORMAT, {"training": self.training}, {_STATE: content}))

    def resume(self, state: bytes | None, validation: Examples) -> None:
        """From its own checkpoint, or from the start, which counts as the first thing to beat."""
        kept = None if state is None else unpack(state)
        if kept is not None:
            require(kept, KIND, FORMAT)
        if kept is None or kept.card.get("training") != self.training:
            self.first_loss = self.best_loss = self._validation_loss(self.average, validation)
            return
        tensors = load(kept.files[_STATE])
        self.network.load_state_dict(_part(tensors, "network."))
        self.average, self.best = _part(tensors, "average."), _part(tensors, "best.")
        own: dict[int, dict[str, Tensor]] = {}
        for name, values in _part(tensors, "optimiser.").items():
            index, _, field = name.partition(".")
            own.setdefault(int(index), {})[field] = values
        whole = self.optimiser.state_dict()
        self.optimiser.load_state_dict({"state": own, "param_groups": whole["param_groups"]})
        epoch, best_epoch, waited, self.best_loss, self.first_loss = tensors["where"].tolist()
        self.epoch, self.best_epoch, self.waited = int(epoch), int(best_epoch), int(waited)

    def _step(self, batch: Examples) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        quantiles = self.network(*batch.inputs)
        quantile_loss(quantiles, batch, self.levels, self.settings.squared).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        keep = self.settings.average
        with torch.no_grad():
            for name, values in self.network.state_dict().items():
                self.average[name].mul_(keep).add_(values, alpha=1.0 - keep)

    def _set_rate(self, share: float) -> None:
        cosine = 0.05 + 0.95 * 0.5 * (1.0 + math.cos(math.pi * min(share, 1.0)))
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate * cosine

    def _validation_loss(self, weights: dict[str, Tensor], validation: Examples) -> float:
        kept = _copy(self.network)
        self.network.load_state_dict(weights)
        self.network.eval()
        total, known = 0.0, 0
        with torch.no_grad():
            for start in range(0, len(validation), _EVALUATED):
                part = validation.take(
                    torch.arange(start, min(start + _EVALUATED, len(validation)))
                )
                loss = quantile_loss(
                    self.network(*part.inputs), part, self.levels, self.settings.squared
                )
                count = int(torch.isfinite(part.target).sum())
                total, known = total + float(loss) * count, known + count
        self.network.load_state_dict(kept)
        return total / max(known, 1)


def _training_of(
    network: nn.Module,
    train: Examples,
    validation: Examples,
    levels: Sequence[float],
    settings: Settings,
    seed: int,
) -> str:
    """SHA-256 of all that a training's end depends on: settings, seed, first weights and data."""
    told = {"settings": asdict(settings), "seed": seed, "levels": [float(v) for v in levels]}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    tensors = [(name, values) for name, values in sorted(network.state_dict().items())]
    for side, examples in (("train", train), ("validation", validation)):
        for index, values in enumerate((*examples.inputs, examples.target, examples.unit)):
            tensors.append((f"{side} {index}", values))
    for name, values in tensors:
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
        digest.update(values.detach().contiguous().cpu().numpy().data)
    return digest.hexdigest()


def _copy(network: nn.Module) -> dict[str, Tensor]:
    return {name: values.detach().clone() for name, values in network.state_dict().items()}


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
