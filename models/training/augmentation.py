"""Cuts training crops out of pictures: scaled a little, mirrored, with other colours."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pictures import GREY, LabelledPicture

# Around the scale in which the network will see the pictures: objects of five pixels would not outlive much less.
SCALES = (0.75, 1.4)

# An object of which less than this is in the crop is not shown as one: a hand at the edge does not say "player".
LEAST_IN_SIGHT = 0.35
LEAST_SIDE = 2.0

# Crops look at a random object (rarer classes more often), the others at a random place.
LOOK_AT_OBJECT = 0.7

# Colours carry the class (a goalkeeper is known by the shirt), so that hues turn by a few degrees only.
HUE_SHIFT = 5 / 360
SATURATION = (0.7, 1.35)
BRIGHTNESS = (0.7, 1.3)
NOISE = 4.0


@dataclass(frozen=True)
class Crop:
    """Pixels [side, side, 3]; boxes x1, y1, x2, y2 [boxes, 4] in pixels; class numbers [boxes]."""

    pixels: np.ndarray
    boxes: np.ndarray
    classes: np.ndarray


def class_weights(counts: np.ndarray) -> np.ndarray:
    """How much each object of a class draws crops to it: classes of few objects are seen more often than they are."""
    return 1 / np.sqrt(np.maximum(counts, 1))


def cut(picture: LabelledPicture, side: int, weights: np.ndarray, random: np.random.Generator) -> Crop:
    """A random square of the picture; what lies outside of the picture is grey. `weights`: of each class."""
    scale = float(np.exp(random.uniform(*np.log(SCALES))))
    reach = side / scale
    x, y = place(picture, reach, weights, random)
    square = Image.fromarray(picture.pixels).transform(
        (side, side),
        Image.Transform.AFFINE,
        (1 / scale, 0, x, 0, 1 / scale, y),
        Image.Resampling.BILINEAR,
        fillcolor=(GREY, GREY, GREY),
    )
    boxes, classes = boxes_in(picture, x, y, scale, side)
    pixels = recolour(np.asarray(square), random)
    if random.random() < 0.5:
        pixels = pixels[:, ::-1]
        boxes = np.stack((side - boxes[:, 2], boxes[:, 1], side - boxes[:, 0], boxes[:, 3]), 1)
    return Crop(np.ascontiguousarray(pixels), boxes.astype(np.float32), classes)


def place(
    picture: LabelledPicture, reach: float, weights: np.ndarray, random: np.random.Generator
) -> tuple[float, float]:
    """The upper left corner of the crop, in pixels of the picture."""
    height, width = picture.pixels.shape[:2]
    if len(picture.boxes) and random.random() < LOOK_AT_OBJECT:
        likelihood = weights[picture.classes]
        x1, y1, x2, y2 = picture.boxes[random.choice(len(picture.boxes), p=likelihood / likelihood.sum())]
        # The object's middle lands anywhere in the crop.
        x, y = (x1 + x2) / 2 - reach * random.uniform(0.1, 0.9), (y1 + y2) / 2 - reach * random.uniform(0.1, 0.9)
    else:
        x, y = random.uniform(-0.1, 1.1) * (width - reach), random.uniform(-0.1, 1.1) * (height - reach)
    return bounded(x, width - reach), bounded(y, height - reach)


def bounded(start: float, room: float) -> float:
    """Lets a crop leave the picture by little; the grey at its edge is as the network sees it in a letterbox."""
    margin = 16.0
    return float(min(max(start, min(0.0, room) - margin), max(0.0, room) + margin))


def boxes_in(picture: LabelledPicture, x: float, y: float, scale: float, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The boxes that are enough in sight, in pixels of the crop and clipped to it."""
    moved = (picture.boxes - np.array([x, y, x, y], np.float32)) * scale
    clipped = moved.clip(0, side)
    size, whole = clipped[:, 2:] - clipped[:, :2], moved[:, 2:] - moved[:, :2]
    in_sight = size.prod(1) / np.maximum(whole.prod(1), 1e-6)
    kept = (in_sight >= LEAST_IN_SIGHT) & (size.min(1, initial=np.inf) >= LEAST_SIDE)
    return clipped[kept], picture.classes[kept]


def recolour(pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Other hue, saturation and brightness, each a little, and noise as of a sensor or an encoder."""
    colours = pixels.astype(np.float32)
    colours = colours @ hue_rotation(random.uniform(-HUE_SHIFT, HUE_SHIFT))
    grey = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    colours = grey[..., None] + (colours - grey[..., None]) * np.float32(random.uniform(*SATURATION))
    colours *= np.float32(random.uniform(*BRIGHTNESS))
    if random.random() < 0.5:
        strength = np.float32(random.uniform(0, NOISE))
        colours += random.standard_normal(colours.shape[:2], np.float32)[..., None] * strength
    return colours.clip(0, 255).astype(np.uint8)


def hue_rotation(turns: float) -> np.ndarray:
    """Turns colours around the grey axis (Rodrigues' formula); to be multiplied from the right."""
    cosine, sine = np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns) / np.sqrt(3)
    third = (1 - cosine) / 3
    return np.array(
        [
            [cosine + third, third + sine, third - sine],
            [third - sine, cosine + third, third + sine],
            [third + sine, third - sine, cosine + third],
        ],
        np.float32,
    )
