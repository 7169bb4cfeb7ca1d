"""Trains the detector on random crops: AdamW, warm-up and cosine schedule, an averaged model.

Each batch is divided over SHARDS copies of the network that share their weights; each works in a thread of its own with
single-threaded kernels, and their gradients are added in a fixed order. So the result depends on the seed and not on
how many cores there are, and a busy core holds the other up once per batch instead of once per operation.
"""

import copy
import math
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from augmentation import Crop, cut
from loss import detection_loss
from network import Detector, cells
from pictures import PictureStore

SHARDS = 2
WARM_UP_STEPS = 60
WEIGHT_DECAY = 0.02
LARGEST_GRADIENT = 10.0
# The averaged weights look back over about this many steps.
AVERAGED_STEPS = 300


@dataclass(frozen=True)
class Settings:
    epochs: int
    # Pictures per step.
    batch: int
    # Side of the square crops in pixels, a multiple of 32.
    crop: int
    seed: int
    learning_rate: float
    # In which the network computes; its weights are float32.
    precision: torch.dtype
    # Train for fewer epochs where all of them would take longer. None: train for all, however long it takes.
    minutes: float | None


def optimise(model: Detector, pictures: PictureStore, attraction: np.ndarray, settings: Settings) -> tuple[Detector, int]:
    """Trains `model`; returns the averaged model and the number of epochs trained.

    `attraction`: how much an object of each class draws crops to it.
    """
    epochs = settings.epochs
    steps_per_epoch = math.ceil(len(pictures) / settings.batch)
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
        for epoch in range(10**9):
            if epoch == epochs:
                break
            total = 0.0
            for index, batch in enumerate(epoch_batches(pictures, attraction, settings, epoch)):
                step = epoch * steps_per_epoch + index
                for group in optimiser.param_groups:
                    group['lr'] = settings.learning_rate * rate(step, epochs * steps_per_epoch)
                total += train_step(pool, replicas, parameters, optimiser, batch, settings.precision)
                average(averaged, replicas, step)
            elapsed = time.monotonic() - started
            if epoch == 0 and settings.minutes is not None:
                epochs = max(1, min(epochs, int(settings.minutes * 60 / elapsed)))
            left = elapsed / (epoch + 1) * (epochs - epoch - 1)
            print(
                f'epoch {epoch + 1}/{epochs} loss {total / steps_per_epoch:.4f} '
                f'elapsed {elapsed:.0f} s left {left:.0f} s',
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
    precision: torch.dtype,
) -> float:
    """One step over a batch; returns its loss."""
    # Normalisation by batch statistics needs more than one picture: a small batch is not divided.
    shards = len(replicas) if len(batch) >= 2 * len(replicas) else 1
    results = list(
        pool.map(
            gradients,
            replicas[:shards],
            [batch[shard::shards] for shard in range(shards)],
            [precision] * shards,
        )
    )
    wanted = max(1.0, sum(result[2] for result in results))
    for parameter, *shares in zip(parameters, *(result[0] for result in results)):
        parameter.grad = torch.stack(shares).sum(0) / wanted
    nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
    optimiser.step()
    return sum(result[1] for result in results) / wanted


def gradients(replica: Detector, crops: list[Crop], precision: torch.dtype) -> tuple[list[Tensor], float, float]:
    """Of the summed loss of some crops: the gradient of each parameter, the loss, and what both are to be divided by."""
    pixels = torch.from_numpy(np.stack([crop.pixels for crop in crops])).permute(0, 3, 1, 2)
    # Pixels lie in memory as [height, width, colour] already, which is also how the kernels are fastest.
    pixels = pixels.float().div(255).contiguous(memory_format=torch.channels_last)
    with torch.autocast('cpu', precision, enabled=precision != torch.float32):
        boxes, logits = replica(pixels)
    centres, strides = cells(*pixels.shape[2:])
    labels = [(torch.from_numpy(crop.boxes), torch.from_numpy(crop.classes)) for crop in crops]
    loss, wanted = detection_loss(boxes.float(), logits.float(), centres, strides, labels)
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


def epoch_batches(pictures: PictureStore, attraction: np.ndarray, settings: Settings, epoch: int) -> Iterator[list[Crop]]:
    """The batches of an epoch; the next one is prepared while the last one is learned from."""
    order = np.random.default_rng([settings.seed, epoch]).permutation(len(pictures))
    batches = [order[start : start + settings.batch] for start in range(0, len(order), settings.batch)]
    with ThreadPoolExecutor(1) as pool:
        upcoming = pool.submit(make_batch, pictures, attraction, settings, epoch, batches[0])
        for following in [*batches[1:], None]:
            batch = upcoming.result()
            if following is not None:
                upcoming = pool.submit(make_batch, pictures, attraction, settings, epoch, following)
            yield batch


def make_batch(pictures: PictureStore, attraction: np.ndarray, settings: Settings, epoch: int, numbers: np.ndarray) -> list[Crop]:
    """Each crop has its own generator, so that it is the same wherever and whenever it is made."""
    return [
        cut(
            pictures[number],
            settings.crop,
            attraction,
            np.random.default_rng([settings.seed, epoch, number]),
        )
        for number in map(int, numbers)
    ]
