"""What training makes small: wrong class scores and boxes that lie beside their objects."""

import math

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from assignment import assign

BOX_WEIGHT = 2.0
FOCUS = 2.0


def corners(boxes: Tensor) -> Tensor:
    """Centre x, centre y, width, height to x1, y1, x2, y2 (last dimension)."""
    middle, size = boxes.split(2, -1)
    return torch.cat((middle - size / 2, middle + size / 2), -1)


def complete_iou(a: Tensor, b: Tensor) -> Tensor:
    """CIoU of boxes a and b [n, 4] (corners), pair by pair: Zheng et al., "Distance-IoU Loss", 2020."""
    size_a, size_b = a[:, 2:] - a[:, :2], b[:, 2:] - b[:, :2]
    overlap = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0).prod(1)
    iou = overlap / (size_a.prod(1) + size_b.prod(1) - overlap + 1e-7)
    around = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    between = (a[:, :2] + a[:, 2:] - b[:, :2] - b[:, 2:]) / 2
    distance = between.square().sum(1) / (around.square().sum(1) + 1e-7)
    angle_a, angle_b = (torch.atan2(size[:, 0], size[:, 1] + 1e-7) for size in (size_a, size_b))
    shape = 4 / math.pi**2 * (angle_a - angle_b).square()
    with torch.no_grad():
        shape_weight = shape / (1 - iou + shape + 1e-7)
    return iou - distance - shape_weight * shape


def quality_focal_loss(logits: Tensor, scores: Tensor) -> Tensor:
    """Cross-entropy with scores between 0 and 1, weighed by how wrong the detector is (Li et al., "Generalized Focal
    Loss", 2020): the cells that are rightly empty, nearly all, would else drown the others.
    """
    wrongness = (logits.sigmoid() - scores).abs() ** FOCUS
    return (wrongness * binary_cross_entropy_with_logits(logits, scores, reduction='none')).sum()


def detection_loss(
    boxes: Tensor,
    logits: Tensor,
    centres: Tensor,
    strides: Tensor,
    labels: list[tuple[Tensor, Tensor]],
) -> tuple[Tensor, Tensor]:
    """Sum over a batch, and what to divide it by: the sum of the scores that were asked for.

    `boxes` [batch, 4, cells] and `logits` [batch, classes, cells] come from the detector; `labels` are the true boxes
    (corners) and classes of each picture.
    """
    loss, wanted = boxes.new_zeros(()), boxes.new_zeros(())
    for predicted, picture_logits, (true_boxes, true_classes) in zip(
        corners(boxes.transpose(1, 2)), logits.transpose(1, 2), labels
    ):
        answer = assign(
            predicted.detach(), picture_logits.detach().sigmoid(), centres, strides, true_boxes, true_classes
        )
        loss = loss + quality_focal_loss(picture_logits, answer.scores)
        wanted = wanted + answer.scores.sum()
        index = answer.worth.nonzero()[:, 0]
        if len(index):
            ciou = complete_iou(predicted[index], true_boxes[answer.objects[index]])
            loss = loss + BOX_WEIGHT * ((1 - ciou) * answer.worth[index]).sum()
    return loss, wanted
