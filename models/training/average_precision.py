"""Measures an exported model on labelled pictures, as Ultralytics' `val` feeds and reads it, with pycocotools' AP."""

import contextlib
import io
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from pictures import Size, letterbox, load
from yolo_dataset import Sample

# What Ultralytics' `val` uses.
CONFIDENCE = 0.001
IOU = 0.7
MOST_DETECTIONS = 300
MOST_CANDIDATES = 30_000


def input_size(model: Path) -> Size:
    shape = onnx.load(model, load_external_data=False).graph.input[0].type.tensor_type.shape.dim
    return Size(shape[2].dim_value, shape[3].dim_value)


def evaluate(model: Path, samples: tuple[Sample, ...], names: tuple[str, ...]) -> dict:
    """mAP50 and mAP50-95, overall and per class (None where no picture shows one), of an ONNX file."""
    options = onnxruntime.SessionOptions()
    # One thread: the sums are then the same on each machine of a kind.
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=['CPUExecutionProvider'])
    size = input_size(model)
    truth, detections = [], []
    for number, sample in enumerate(samples, 1):
        picture = load(sample, size)
        canvas, left, top = letterbox(picture.pixels, size)
        images = np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32) / 255
        (output,) = session.run(['output0'], {'images': images})
        boxes, scores, classes = select(output[0])
        boxes = boxes - np.array([left, top, left, top])
        height, width = picture.pixels.shape[:2]
        boxes = boxes.clip(0, [width, height, width, height])
        truth += annotations(number, picture.boxes, picture.classes, len(truth))
        detections += [
            {'image_id': number, 'category_id': int(class_id), 'bbox': as_xywh(box), 'score': float(score)}
            for box, score, class_id in zip(boxes, scores, classes)
        ]
    return average_precision(len(samples), truth, detections, names)


def annotations(picture: int, boxes: np.ndarray, classes: np.ndarray, before: int) -> list[dict]:
    return [
        {
            'id': before + index,
            'image_id': picture,
            'category_id': int(class_id),
            'bbox': as_xywh(box),
            'area': float((box[2] - box[0]) * (box[3] - box[1])),
            'iscrowd': 0,
        }
        # pycocotools takes an annotation with the number 0 for none.
        for index, (box, class_id) in enumerate(zip(boxes, classes), 1)
    ]


def as_xywh(box: np.ndarray) -> list[float]:
    return [float(box[0]), float(box[1]), float(box[2] - box[0]), float(box[3] - box[1])]


def select(output: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes (corners), scores and classes after non-maximum suppression per class, best first.

    `output` [4 + classes, cells]. A cell may speak for several classes, as in Ultralytics' `val`.
    """
    classes, index = np.nonzero(output[4:] > CONFIDENCE)
    scores = output[4:][classes, index]
    order = np.argsort(-scores, kind='stable')[:MOST_CANDIDATES]
    classes, index, scores = classes[order], index[order], scores[order]
    middle, half = output[:2, index].T, output[2:4, index].T / 2
    boxes = np.concatenate((middle - half, middle + half), 1)
    kept = [
        np.flatnonzero(classes == class_id)[suppress(boxes[classes == class_id])] for class_id in np.unique(classes)
    ]
    # Positions are in the order of scores.
    best = np.sort(np.concatenate(kept))[:MOST_DETECTIONS] if kept else np.zeros(0, np.int64)
    return boxes[best], scores[best], classes[best]


def suppress(boxes: np.ndarray) -> np.ndarray:
    """Positions of the boxes (best first) that no better kept one overlaps by more than IOU."""
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    left = np.arange(len(boxes))
    kept = []
    while len(left) and len(kept) < MOST_DETECTIONS:
        best, left = left[0], left[1:]
        kept.append(best)
        overlap = np.minimum(boxes[left, 2:], boxes[best, 2:]) - np.maximum(boxes[left, :2], boxes[best, :2])
        shared = overlap.clip(0).prod(1)
        left = left[shared <= IOU * (areas[left] + areas[best] - shared)]
    return np.array(kept, np.int64)


def average_precision(pictures: int, truth: list[dict], detections: list[dict], names: tuple[str, ...]) -> dict:
    """COCO's average precision of detections, at an overlap of one half and over 0.5 to 0.95."""
    coco = COCO()
    coco.dataset = {
        'info': {},
        'images': [{'id': number} for number in range(1, pictures + 1)],
        'categories': [{'id': number, 'name': name} for number, name in enumerate(names)],
        'annotations': truth,
    }
    # pycocotools reports its progress on standard output, where the results go.
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        results = coco.loadRes(detections) if detections else None
        precision = precision_table(coco, results) if results and truth else None
    per_class = {}
    for number, name in enumerate(names):
        boxes = sum(annotation['category_id'] == number for annotation in truth)
        curves = precision[:, :, number] if precision is not None else np.zeros((10, 101))
        per_class[name] = {
            'boxes': boxes,
            'mAP50': float(curves[0].mean()) if boxes else None,
            'mAP50-95': float(curves.mean()) if boxes else None,
        }
    present = [entry for entry in per_class.values() if entry['boxes']]
    overall = {
        key: float(np.mean([entry[key] for entry in present])) if present else None for key in ('mAP50', 'mAP50-95')
    }
    return {'pictures': pictures, **overall, 'classes': per_class}


def precision_table(coco: COCO, results: COCO) -> np.ndarray:
    """Precision by overlap (0.5 first), recall and class [10, 101, classes], over objects of all sizes."""
    evaluation = COCOeval(coco, results, 'bbox')
    evaluation.params.maxDets = [MOST_DETECTIONS]
    evaluation.params.areaRng = [[0, 1e10]]
    evaluation.params.areaRngLbl = ['all']
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation.eval['precision'][:, :, :, 0, 0]
