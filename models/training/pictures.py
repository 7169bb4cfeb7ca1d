"""Loads pictures at the scale in which the network sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image, ImageOps

from yolo_dataset import Box, DatasetError, Sample

# The grey that pads pictures to the network's shape, as YOLO detectors are fed.
GREY = 114


@dataclass(frozen=True)
class Size:
    """Of the network's input, in pixels."""

    height: int
    width: int


@dataclass(frozen=True)
class LabelledPicture:
    """A picture scaled to fit the network's input [height, width, 3], with its boxes in the pixels of that."""

    pixels: np.ndarray
    # x1, y1, x2, y2 [boxes, 4]
    boxes: np.ndarray
    classes: np.ndarray


@contextmanager
def opened(file: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(file) as image:
            yield image
    # Pillow's decoders raise several kinds of errors for a damaged file; each means the same here.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DatasetError(f'{file} is not a readable picture: {error}') from error


def read_pixels(file: Path) -> np.ndarray:
    """RGB bytes [height, width, 3], turned as the camera was held. Raises DatasetError naming the file."""
    with opened(file) as image:
        return np.array(ImageOps.exif_transpose(image).convert('RGB'))


def resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear between the nearest four pixels, without smoothing: as detectors scale pictures when they are used."""
    if pixels.shape[:2] == (height, width):
        return pixels
    planes = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    scaled = torch.nn.functional.interpolate(planes, (height, width), mode='bilinear', align_corners=False)
    return scaled[0].round().clamp(0, 255).byte().permute(1, 2, 0).contiguous().numpy()


def read_shape(file: Path) -> tuple[int, int]:
    """Height and width of a picture, as the camera was held. Raises DatasetError naming the file."""
    with opened(file) as image:
        # Orientations from 5 on are turned by a quarter.
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= 5
        return (image.width, image.height) if turned else (image.height, image.width)


def fitted_shape(shape: tuple[int, int], size: Size) -> tuple[int, int]:
    """Height and width of a picture that is scaled so that it just fits into `size`."""
    height, width = shape
    scale = min(size.height / height, size.width / width)
    return max(round(height * scale), 1), max(round(width * scale), 1)


def load(sample: Sample, size: Size) -> LabelledPicture:
    """Raises DatasetError where the picture cannot be read."""
    pixels = read_pixels(sample.picture)
    pixels = resize(pixels, *fitted_shape(pixels.shape[:2], size))
    return LabelledPicture(pixels, *pixel_boxes(sample.boxes, *pixels.shape[:2]))


def pixel_boxes(boxes: tuple[Box, ...], height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Corners [boxes, 4] in pixels, clipped to the picture, and class numbers [boxes]."""
    numbers = np.array([(box.x, box.y, box.width, box.height) for box in boxes], np.float32).reshape(-1, 4)
    scale = np.array([width, height, width, height], np.float32)
    middle, half = numbers[:, :2], numbers[:, 2:] / 2
    corners = np.concatenate((middle - half, middle + half), 1).clip(0, 1) * scale
    return corners, np.array([box.class_id for box in boxes], np.int64)


def letterbox(pixels: np.ndarray, size: Size) -> tuple[np.ndarray, int, int]:
    """A fitted picture in the middle of the network's input, and the columns left of it and rows above it."""
    height, width = pixels.shape[:2]
    # An odd remainder goes to the right and to the bottom.
    left, top = (size.width - width) // 2, (size.height - height) // 2
    canvas = np.full((size.height, size.width, 3), GREY, np.uint8)
    canvas[top : top + height, left : left + width] = pixels
    return canvas, left, top


class PictureStore:
    """Gives pictures by number, and keeps those in memory that fit into `most_bytes`."""

    def __init__(self, samples: tuple[Sample, ...], size: Size, most_bytes: int = 4 * 2**30) -> None:
        self._samples = samples
        self._size = size
        self._room = most_bytes
        self._kept: dict[int, LabelledPicture] = {}

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> LabelledPicture:
        picture = self._kept.get(index)
        if picture is None:
            picture = load(self._samples[index], self._size)
            if picture.pixels.nbytes <= self._room:
                self._room -= picture.pixels.nbytes
                self._kept[index] = picture
        return picture
