"""The parts of training that compute: run in the trainer's environment, python -m unittest discover -s tests."""

import importlib.util
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

if importlib.util.find_spec('torch') is None:
    raise unittest.SkipTest('PyTorch is not installed')

import numpy as np
import torch

from assignment import assign, pairwise_iou
from augmentation import boxes_in, cut
from average_precision import annotations, average_precision, select
from export import metadata
from loss import complete_iou, corners, detection_loss
from network import Detector, cells
from optimisation import rate
from pictures import LabelledPicture, Size, fitted_shape, letterbox, resize


class Boxes(unittest.TestCase):
    def test_overlaps_computed_by_hand(self) -> None:
        a = torch.tensor([[0.0, 0, 2, 2], [0, 0, 1, 1]])
        b = torch.tensor([[1.0, 1, 3, 3], [0, 0, 2, 2], [5, 5, 6, 6]])
        expected = torch.tensor([[1 / 7, 1, 0], [0, 1 / 4, 0]])
        torch.testing.assert_close(pairwise_iou(a, b), expected)

    def test_complete_iou_computed_by_hand(self) -> None:
        # Same shape, one of two columns shared: IoU 1/3, distance (1/3)^2 of a diagonal of sqrt(13): 1/13.
        moved = complete_iou(torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 0, 3, 2]]))
        self.assertAlmostEqual(moved.item(), 1 / 3 - 1 / 13, places=5)
        # Same middle, other shape: IoU 1/2; v = 4/pi^2 (atan 2 - atan 1)^2 = 0.04196, weighed by v / (1/2 + v).
        wider = complete_iou(torch.tensor([[0.0, 0, 4, 2]]), torch.tensor([[1.0, 0, 3, 2]]))
        self.assertAlmostEqual(wider.item(), 0.5 - 0.04196**2 / 0.54196, places=4)


class Assigns(unittest.TestCase):
    def setUp(self) -> None:
        self.centres, self.strides = cells(64, 64)
        self.boxes = torch.cat((self.centres - 8, self.centres + 8), 1)
        self.scores = torch.full((len(self.boxes), 2), 0.01)

    def assign(self, boxes: list, classes: list):
        return assign(
            self.boxes,
            self.scores,
            self.centres,
            self.strides,
            torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
            torch.tensor(classes, dtype=torch.long),
        )

    def cell(self, x: float, y: float, stride: int) -> int:
        return int(((self.centres == torch.tensor([x, y])).all(1) & (self.strides == stride)).nonzero().item())

    def test_cells_around_the_middle_answer_and_the_one_whose_box_fits_is_asked_for_a_score_of_one(self) -> None:
        # 16 pixels are for stride 4, whose cells have their middles at 2, 6, 10 …: nine of them are near 22, 22.
        answer = self.assign([[14, 14, 30, 30]], [1])
        self.assertEqual(answer.worth.count_nonzero().item(), 9)
        self.assertTrue((self.strides[answer.worth > 0] == 4).all())
        self.assertEqual(answer.scores[:, 0].sum().item(), 0)
        self.assertEqual(answer.scores[:, 1].argmax().item(), self.cell(22, 22, 4))
        self.assertAlmostEqual(answer.scores[:, 1].max().item(), 1, places=5)

    def test_a_wide_object_is_left_to_the_coarse_level(self) -> None:
        answer = self.assign([[-100, 8, 150, 40]], [1])
        self.assertTrue((self.strides[answer.worth > 0] == 16).all())

    def test_a_ball_of_four_pixels_between_cells_is_answered_for(self) -> None:
        answer = self.assign([[30.5, 30.5, 33.5, 33.5]], [0])
        self.assertGreaterEqual(answer.worth.count_nonzero().item(), 2)
        self.assertTrue((self.strides[answer.worth > 0] == 4).all())

    def test_a_picture_of_background_asks_for_nothing(self) -> None:
        answer = self.assign([], [])
        self.assertEqual((answer.worth.sum().item(), answer.scores.sum().item()), (0, 0))

    def test_a_cell_that_two_objects_want_answers_for_the_one_it_overlaps_more(self) -> None:
        # The box of the cell at 22, 22 overlaps them by 1 and 224 / 432, that of the cell at 26, 22 by 0.6 and 0.64.
        answer = self.assign([[14, 14, 30, 30], [16, 12, 36, 32]], [0, 1])
        self.assertEqual(answer.objects[self.cell(22, 22, 4)].item(), 0)
        self.assertEqual(answer.objects[self.cell(26, 22, 4)].item(), 1)
        self.assertEqual((answer.scores > 0).sum(1).max().item(), 1)


class Learns(unittest.TestCase):
    def test_network_and_loss_agree_on_cells(self) -> None:
        torch.manual_seed(0)
        boxes, logits = Detector(3)(torch.zeros(2, 3, 64, 96))
        centres, strides = cells(64, 96)
        self.assertEqual((boxes.shape, logits.shape), ((2, 4, 504), (2, 3, 504)))
        # Untrained, each box is about its cell.
        self.assertLess(((boxes[0, :2].T - centres).abs().amax(1) / strides).max().item(), 1)
        labels = [(torch.tensor([[10.0, 10, 40, 40]]), torch.tensor([2])), (torch.zeros(0, 4), torch.zeros(0).long())]
        loss, wanted = detection_loss(boxes, logits, centres, strides, labels)
        loss.backward()
        self.assertGreater(loss.item(), 0)
        self.assertGreater(wanted.item(), 0)

    def test_middle_and_size_to_corners(self) -> None:
        self.assertEqual(corners(torch.tensor([5.0, 6, 2, 4])).tolist(), [4, 4, 6, 8])

    def test_the_learning_rate_rises_and_falls(self) -> None:
        rates = [rate(step, 1000) for step in range(1000)]
        self.assertEqual(max(range(1000), key=rates.__getitem__), 59)
        self.assertLess(rates[0], 0.02)
        self.assertLess(rates[-1], 0.02)


class Cuts(unittest.TestCase):
    def test_boxes_follow_what_they_are_around(self) -> None:
        """A white square on black is where its box says, wherever the crop lies, mirrored and scaled."""
        pixels = np.zeros((360, 640, 3), np.uint8)
        pixels[100:140, 300:330] = 255
        picture = LabelledPicture(pixels, np.array([[300, 100, 330, 140]], np.float32), np.array([1]))
        seen = 0
        for seed in range(30):
            crop = cut(picture, 256, np.ones(2), np.random.default_rng(seed))
            for x1, y1, x2, y2 in crop.boxes:
                # The grey outside of the picture is at most 148 after its brightness changed, the square at least 178.
                rows, columns = np.nonzero(crop.pixels.min(2) > 165)
                found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
                np.testing.assert_allclose(found, [x1, y1, x2, y2], atol=1.5)
                seen += 1
        self.assertGreater(seen, 15)

    def test_the_same_generator_cuts_the_same_crop(self) -> None:
        picture = LabelledPicture(np.zeros((90, 160, 3), np.uint8), np.zeros((0, 4), np.float32), np.zeros(0, int))
        first, second = (cut(picture, 64, np.ones(1), np.random.default_rng(5)).pixels for _ in range(2))
        np.testing.assert_array_equal(first, second)

    def test_what_is_hardly_in_sight_is_not_labelled(self) -> None:
        boxes = np.array([[0, 0, 20, 20], [14, 0, 34, 20], [50, 50, 60, 60]], np.float32)
        picture = LabelledPicture(np.zeros((100, 100, 3), np.uint8), boxes, np.array([0, 1, 2]))
        # The crop shows x and y from 10 on, 20 pixels: half of the first in each direction, most of the second.
        kept, classes = boxes_in(picture, 10, 0, 1, 20)
        self.assertEqual(classes.tolist(), [0, 1])
        self.assertEqual(kept.tolist(), [[0, 0, 10, 20], [4, 0, 20, 20]])


class Fits(unittest.TestCase):
    def test_pictures_are_padded_to_the_network_shape(self) -> None:
        size = Size(384, 640)
        self.assertEqual(fitted_shape((360, 640), size), (360, 640))
        self.assertEqual(fitted_shape((1080, 1920), size), (360, 640))
        self.assertEqual(fitted_shape((720, 405), size), (384, 216))
        canvas, left, top = letterbox(np.zeros((360, 640, 3), np.uint8), size)
        self.assertEqual((canvas.shape, left, top), ((384, 640, 3), 0, 12))
        self.assertEqual((canvas[11, 0].tolist(), canvas[12, 0].tolist()), ([114] * 3, [0] * 3))

    def test_halving_takes_the_mean_of_the_nearest_four_pixels(self) -> None:
        pixels = np.repeat(np.array([[0, 10, 100, 120], [20, 30, 100, 120]], np.uint8)[..., None], 3, 2)
        self.assertEqual(resize(pixels, 1, 2)[..., 0].tolist(), [[15, 110]])


class Measures(unittest.TestCase):
    def output(self, *rows: tuple) -> np.ndarray:
        """Each row: centre x, centre y, width, height, scores of two classes."""
        return np.array(rows, np.float32).T

    def test_the_best_of_overlapping_boxes_of_a_class_stays(self) -> None:
        output = self.output(
            (50, 50, 20, 20, 0.9, 0.0),
            (51, 50, 20, 20, 0.8, 0.4),
            (50, 56, 20, 20, 0.7, 0.0),
            (10, 10, 5, 5, 0, 0.0005),
        )
        boxes, scores, classes = select(output)
        # The second box of class 0 has IoU 19/21 with the first, the third 14/26.
        np.testing.assert_allclose(scores, [0.9, 0.7, 0.4], rtol=1e-6)
        self.assertEqual(classes.tolist(), [0, 0, 1])
        self.assertEqual(boxes[0].tolist(), [40, 40, 60, 60])

    def test_average_precision_computed_by_hand(self) -> None:
        # Two objects; found: one, then a false box, then the other. Interpolated precision is 1 up to recall 0.5
        # (51 of 101 points) and 2/3 beyond.
        truth = annotations(1, np.array([[0, 0, 10, 10], [50, 50, 60, 60]]), np.array([0, 0]), 0)
        detections = [
            {'image_id': 1, 'category_id': 0, 'bbox': box, 'score': score}
            for box, score in (([0, 0, 10, 10], 0.9), ([80, 80, 10, 10], 0.8), ([50, 50, 10, 10], 0.7))
        ]
        metrics = average_precision(1, truth, detections, ('player', 'ball'))
        expected = (51 + 50 * 2 / 3) / 101
        self.assertAlmostEqual(metrics['classes']['player']['mAP50'], expected)
        self.assertAlmostEqual(metrics['mAP50'], expected)
        self.assertEqual(metrics['classes']['ball'], {'boxes': 0, 'mAP50': None, 'mAP50-95': None})

    def test_a_model_that_finds_nothing_has_no_precision(self) -> None:
        truth = annotations(1, np.array([[0, 0, 10, 10]]), np.array([0]), 0)
        self.assertEqual(average_precision(1, truth, [], ('player',))['mAP50'], 0)


class Exports(unittest.TestCase):
    def test_the_metadata_are_python_literals_as_yolo_tools_read_them(self) -> None:
        written = metadata(('player', "driver's", 'a "b"'), Size(384, 640))
        self.assertEqual(written['names'], """{0: 'player', 1: "driver's", 2: 'a "b"'}""")
        self.assertEqual((written['imgsz'], written['task'], written['end2end']), ('[384, 640]', 'detect', 'False'))


if __name__ == '__main__':
    unittest.main()
