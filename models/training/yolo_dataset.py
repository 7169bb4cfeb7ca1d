"""Reads datasets in YOLO format: a data.yaml, pictures, and one text file of boxes per picture.

Only the standard library is imported here (PyYAML where the data.yaml is read), so that this part can be tested
without PyTorch.
"""

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PICTURE_SUFFIXES = {'.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'}

# Where the dataset names no val side: each fifth picture of train (in the order of names) is held back.
HELD_BACK = 5


class DatasetError(Exception):
    """The dataset cannot be used; the message names the file and what is wrong with it."""


@dataclass(frozen=True)
class Box:
    """A labelled box: middle and size as shares of the picture's width and height."""

    class_id: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Sample:
    """A picture and its labels; a picture without labels shows background only."""

    picture: Path
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Dataset:
    names: tuple[str, ...]
    train: tuple[Sample, ...]
    val: tuple[Sample, ...]


def read_dataset(data_yaml: Path) -> Dataset:
    """The dataset that a data.yaml describes.

    `train` and `val` may each be a folder (searched with its subfolders), a text file with one picture per line, or a
    list of these; relative paths start at `path`, and that at the folder of data.yaml. `names` may be a list or a
    mapping from number to name.

    Raises DatasetError.
    """
    import yaml

    try:
        description = yaml.safe_load(data_yaml.read_text(encoding='utf-8'))
    except FileNotFoundError:
        raise DatasetError(f'{data_yaml} does not exist.') from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DatasetError(f'{data_yaml} cannot be read: {error}') from error
    if not isinstance(description, dict):
        raise DatasetError(f'{data_yaml} has no keys: it must name train, val and names.')
    return dataset_of(description, data_yaml)


def dataset_of(description: dict[str, Any], data_yaml: Path) -> Dataset:
    """The dataset of a data.yaml that has been parsed; see read_dataset."""
    names = class_names(description.get('names'), data_yaml)
    root = (data_yaml.parent / str(description.get('path') or '.')).resolve()
    train, val = (
        read_samples(root, description[side], len(names)) if description.get(side) else [] for side in ('train', 'val')
    )
    if not val:
        if len(train) < 2:
            raise DatasetError(f'{data_yaml}: there are {len(train)} pictures under train and none under val.')
        step = min(HELD_BACK, len(train))
        warnings.warn(f'{data_yaml} has no val pictures: each {step}th train picture is held back.', stacklevel=2)
        val = train[step - 1 :: step]
        train = [sample for index, sample in enumerate(train) if index % step != step - 1]
    return Dataset(names, tuple(train), tuple(val))


def class_names(names: Any, data_yaml: Path) -> tuple[str, ...]:
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not names:
        raise DatasetError(f'{data_yaml} has no names: it must list the classes.')
    if sorted(names, key=str) != sorted(range(len(names)), key=str):
        raise DatasetError(f'{data_yaml}: the numbers of the names must be 0 to {len(names) - 1}.')
    return tuple(str(names[number]) for number in range(len(names)))


def read_samples(root: Path, sources: Any, classes: int) -> list[Sample]:
    """The pictures of one side in the order of their paths, each once."""
    pictures: dict[Path, None] = {}
    for source in sources if isinstance(sources, list) else [sources]:
        for picture in list_pictures(root / str(source)):
            pictures[picture] = None
    return [Sample(picture, read_labels(label_file(picture), classes)) for picture in sorted(pictures)]


def list_pictures(source: Path) -> list[Path]:
    if source.is_dir():
        return [file for file in source.rglob('*') if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()]
    if source.is_file() and source.suffix == '.txt':
        lines = source.read_text(encoding='utf-8').splitlines()
        pictures = [source.parent / line.strip() for line in lines if line.strip()]
        for picture in pictures:
            if not picture.is_file():
                raise DatasetError(f'{source} lists {picture}, which does not exist.')
        return pictures
    if source.is_file() and source.suffix.lower() in PICTURE_SUFFIXES:
        return [source]
    raise DatasetError(f'{source} is neither a folder nor a list of pictures (.txt).')


def label_file(picture: Path) -> Path:
    """images/…/a.jpg has its boxes in labels/…/a.txt: the last folder called images counts."""
    parts = list(picture.parts)
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] == 'images':
            parts[index] = 'labels'
            break
    return Path(*parts).with_suffix('.txt')


def read_labels(file: Path, classes: int) -> tuple[Box, ...]:
    """The boxes of one label file: `class x y width height` per line. No file means no boxes."""
    try:
        lines = file.read_text(encoding='utf-8').splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f'{file} cannot be read: {error}') from error
    boxes = (parse_label(line, classes, f'{file}:{number}') for number, line in enumerate(lines, 1) if line.strip())
    # A box that is there twice would count as an object that is always missed.
    return tuple(dict.fromkeys(boxes))


def parse_label(line: str, classes: int, where: str) -> Box:
    """A box, or the box around a polygon: `class x y width height` or `class x1 y1 x2 y2 x3 y3 …`."""
    parts = line.split()
    if len(parts) != 5 and (len(parts) < 7 or len(parts) % 2 == 0):
        raise DatasetError(f'{where} has {len(parts)} values; a box has five: class x y width height.')
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise DatasetError(f'{where} has something that is not a number: {line.strip()}') from None
    class_id, *sides = numbers
    if class_id not in range(classes):
        raise DatasetError(f'{where} has class {parts[0]}; data.yaml has {classes} names.')
    if len(sides) > 4:
        left, right, top, bottom = min(sides[::2]), max(sides[::2]), min(sides[1::2]), max(sides[1::2])
        sides = [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
    if not all(math.isfinite(side) and -0.01 <= side <= 1.01 for side in sides) or min(sides[2:]) <= 0:
        raise DatasetError(f'{where} is no box within the picture: {line.strip()}')
    return Box(int(class_id), *sides)
