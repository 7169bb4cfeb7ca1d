"""Decides which cells of the detector answer for which object: task-aligned assignment.

Feng et al., "TOOD: Task-aligned One-stage Object Detection", 2021: an object goes to the cells that already find it
best, measured by score^ALPHA * IoU^BETA, and the score they are to give is that measure, scaled per object. Here the
best cell of an object is asked for a score between LEAST_SCORE (no overlap yet) and 1, and not for the IoU itself: that
of a ball stays low for long, and it would be learned last.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

ALPHA = 0.5
BETA = 2.0
CELLS_PER_OBJECT = 10
LEAST_SCORE = 0.5

# Cells up to this many of their strides from an object's middle are candidates, even outside of it: a ball of five
# pixels would else have one.
REACH_IN_STRIDES = 1.5

# The longer sides of the objects (pixels) that a level answers for, by its stride. Neighbours share a range, so that no
# object is between two.
SIZES = {4: (0.0, 48.0), 8: (32.0, 112.0), 16: (80.0, math.inf)}


@dataclass(frozen=True)
class Assignment:
    """What each cell is to say. Shapes: [cells, classes], [cells], [cells]."""

    scores: Tensor
    # How much the cell's box counts: 1 for the best cell of an object, 0 for cells that answer for none.
    worth: Tensor
    objects: Tensor


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of all boxes x1, y1, x2, y2 of `a` [n, 4] with all of `b` [m, 4]: [n, m]."""
    overlap = (torch.minimum(a[:, None, 2:], b[:, 2:]) - torch.maximum(a[:, None, :2], b[:, :2])).clamp(min=0).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1) for boxes in (a, b)]
    return overlap / (areas[0][:, None] + areas[1] - overlap).clamp(min=1e-9)


@torch.no_grad()
def assign(
    boxes: Tensor, scores: Tensor, centres: Tensor, strides: Tensor, true_boxes: Tensor, true_classes: Tensor
) -> Assignment:
    """Assigns the cells of one picture.

    `boxes` [cells, 4] (corners) and `scores` [cells, classes] (0..1) are what the detector says now; `centres`
    [cells, 2] and `strides` [cells] are its cells; `true_boxes` [objects, 4] and `true_classes` [objects] the labels.
    """
    cells, objects = len(boxes), len(true_boxes)
    wanted = torch.zeros_like(scores)
    if objects == 0:
        none = torch.zeros(cells)
        return Assignment(wanted, none, none.long())

    overlap = pairwise_iou(true_boxes, boxes)
    alignment = scores[:, true_classes].T ** ALPHA * overlap**BETA
    alignment = (alignment + 1e-12) * nearness(centres, strides, true_boxes)

    best, chosen = alignment.topk(min(CELLS_PER_OBJECT, cells), 1)
    taken = torch.zeros_like(alignment).scatter_(1, chosen, best)
    # A cell that several objects want answers for the one that it overlaps most.
    owner = torch.where(taken > 0, overlap + 1e-6, 0).argmax(0)
    taken = taken * (torch.arange(objects)[:, None] == owner)

    worth = taken / taken.amax(1, keepdim=True).clamp(min=1e-12)
    best_overlap = (overlap * (taken > 0)).amax(1, keepdim=True)
    quality = worth * (LEAST_SCORE + (1 - LEAST_SCORE) * best_overlap)
    index = worth.amax(0).nonzero()[:, 0]
    wanted[index, true_classes[owner[index]]] = quality.amax(0)[index]
    return Assignment(wanted, worth.amax(0), owner)


def nearness(centres: Tensor, strides: Tensor, true_boxes: Tensor) -> Tensor:
    """How near each cell is to an object's middle [objects, cells]: 1 in the middle, 0 where it may not answer for it.

    Cells may answer on the levels for the object's size (Tian et al., "FCOS", 2019), and those in the middle come first
    (Zhu et al., "AutoAssign", 2020). Which cell finds an object best is noise in an untrained network; without this the
    cells and levels would long compete for it.
    """
    middle = (true_boxes[:, :2] + true_boxes[:, 2:]) / 2
    distance = (centres - middle[:, None]).abs() / strides[:, None]
    longest = (true_boxes[:, 2:] - true_boxes[:, :2]).amax(1, keepdim=True)
    smallest, largest = torch.zeros_like(strides), torch.zeros_like(strides)
    for stride, (smallest_side, largest_side) in SIZES.items():
        smallest[strides == stride], largest[strides == stride] = smallest_side, largest_side
    allowed = (distance < REACH_IN_STRIDES).all(2) & (longest >= smallest) & (longest < largest)
    return torch.where(allowed, (-distance.square().sum(2) / 2).exp(), 0)
