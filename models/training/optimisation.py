"""Trains the detector on random crops: AdamW, warm-up and cosine schedule, an averaged model.

Each batch is divided over SHARDS copies of the network that share their weights; each works in a thread of its own with
single-threaded kernels, and their gradients are added in a fixed order. So the result depends on the seed and not on
how many cores there are, and a busy core holds the other up once per batch instead of once per operation.
"""

import copy
import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from augmentation import Crop
from batches import Batches
from loss import detection_loss
from network import Detector, cells

SHARDS = 2
WARM_UP_STEPS = 60
WEIGHT_DECAY = 0.02
LARGEST_GRADIENT = 10.0
# The averaged weights look back over about this many steps.
AVERAGED_STEPS = 300


@dataclass(frozen=True)
class Settings:
    epochs: int
    learning_rate: float
    # Train for fewer epochs where all of them would take longer. None: train for all, however long it takes.
    minutes: float | None


def optimise(model: Detector, batches: Batches, settings: Settings) -> tuple[Detector, int]:
    """Trains `model`; returns the averaged model and the number of epochs trained."""
    epochs = settings.epochs
    replicas = [model, *(replica_of(model) for _ in range(SHARDS - 1))]
    averaged = copy.deepcopy(model).eval()
    parameters = list(model.parameters())
    optimiser = torch.optim.AdamW(
        [
            {'params': [weight for weight in parameters if weight.ndim > 1], 'weight_decay': WEIGHT_DECAY},
            {'params': [weight for weight in parameters if weight.ndim == 1], 'weight_decay': 0.0},
        ],
        lr=settings.learning_rate,
    )
    started = time.monotonic()
    with ThreadPoolExecutor(SHARDS, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        epoch = 0
        while epoch < epochs:
            total = 0.0
            for index, batch in enumerate(batches.epoch(epoch)):
                step = epoch * len(batches) + index
                for group in optimiser.param_groups:
                    group['lr'] = settings.learning_rate * rate(step, epochs * len(batches))
                total += train_step(pool, replicas, parameters, optimiser, batch)
                average(averaged, replicas, step)
            epoch += 1
            elapsed = time.monotonic() - started
            if epoch == 1 and settings.minutes is not None:
                epochs = max(1, min(epochs, int(settings.minutes * 60 / elapsed)))
            left = elapsed / epoch * (epochs - epoch)
            print(
                f'epoch {epoch}/{epochs} loss {total / len(batches):.4f} elapsed {elapsed:.0f} s left {left:.0f} s',
                file=sys.stderr,
                flush=True,
            )
    return averaged, epochs


def replica_of(model: Detector) -> Detector:
    """A copy that shares the weights, and has batch statistics of its own."""
    memo = {id(parameter): parameter for parameter in model.parameters()}
    return copy.deepcopy(model, memo)


def rate(step: int, steps: int) -> float:
    """Share of the learning rate: rises over the warm-up, then falls along half a cosine to a hundredth."""
    warm_up = min(1.0, (step + 1) / min(WARM_UP_STEPS, max(1, steps // 4)))
    return warm_up * (0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, step / steps))) / 2)


def train_step(
    pool: ThreadPoolExecutor,
    replicas: list[Detector],
    parameters: list[nn.Parameter],
    optimiser: torch.optim.Optimizer,
    batch: list[Crop],
) -> float:
    """One step over a batch; returns its loss."""
    # Normalisation by batch statistics needs more than one picture: a small batch is not divided.
    shards = len(replicas) if len(batch) >= 2 * len(replicas) else 1
    results = list(pool.map(gradients, replicas[:shards], [batch[shard::shards] for shard in range(shards)]))
    wanted = max(1.0, sum(result[2] for result in results))
    for parameter, *shares in zip(parameters, *(result[0] for result in results)):
        parameter.grad = torch.stack(shares).sum(0) / wanted
    nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
    optimiser.step()
    return sum(result[1] for result in results) / wanted


def gradients(replica: Detector, crops: list[Crop]) -> tuple[list[Tensor], float, float]:
    """The gradients of the summed loss of some crops, that loss, and what both are to be divided by."""
    pixels = torch.from_numpy(np.stack([crop.pixels for crop in crops])).permute(0, 3, 1, 2)
    # Pixels lie in memory as [height, width, colour] already, which is also how the kernels are fastest.
    boxes, logits = replica(pixels.float().div(255).contiguous(memory_format=torch.channels_last))
    centres, strides = cells(*pixels.shape[2:])
    labels = [(torch.from_numpy(crop.boxes), torch.from_numpy(crop.classes)) for crop in crops]
    loss, wanted = detection_loss(boxes, logits, centres, strides, labels)
    # Crops without objects leave the weights of the boxes out.
    slopes = torch.autograd.grad(loss, list(replica.parameters()), materialize_grads=True)
    return list(slopes), loss.item(), wanted.item()


@torch.no_grad()
def average(averaged: Detector, replicas: list[Detector], step: int) -> None:
    """Moves the averaged model towards the trained one: weights, and the mean of the replicas' statistics."""
    # Early on the weights change fast: the average then looks back over a tenth of the steps.
    share = max(1 / AVERAGED_STEPS, 10 / (10 + step))
    for mean, weight in zip(averaged.parameters(), replicas[0].parameters()):
        mean.lerp_(weight, share)
    for mean, *statistics in zip(averaged.buffers(), *(replica.buffers() for replica in replicas)):
        if mean.is_floating_point():
            mean.lerp_(torch.stack(statistics).mean(0), share)
