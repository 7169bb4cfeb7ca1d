"""Trains a small detector on a dataset in YOLO format and writes it as an ONNX file.

    python train.py --data data.yaml --output model.onnx [--metrics metrics.json]

Without --data and --output, the environment says where (FRAMELOOP_DATASET, FRAMELOOP_MODEL_OUTPUT), as it does for
Frameloop's `train.command`. Progress goes to standard error, the metrics on the val pictures to standard output.
"""

import argparse
import io
import math
import os
import pickle
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from augmentation import class_weights
from average_precision import evaluate
from batches import Batches
from export import export
from files import report, write_atomically
from network import STEP, Detector
from optimisation import Settings, optimise
from pictures import PictureStore, Size, fitted_shape, read_pixels, read_shape
from yolo_dataset import Dataset, DatasetError, read_dataset

# As many crops as make a useful model, whatever the number of pictures: a few minutes on two cores.
DEFAULT_CROPS = 12_000
DEFAULT_EPOCHS = (10, 100)

# Side of the square crops: what a batch of is quick, and large enough for most objects to be whole.
CROP = 320


def main() -> int:
    options = parse_options()
    warnings.showwarning = lambda message, *_: print(f'warning: {message}', file=sys.stderr)
    try:
        dataset = read_dataset(options.data)
        if not dataset.train:
            raise DatasetError(f'{options.data} has no train pictures.')
        metrics = train(dataset, options)
    except DatasetError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    report(metrics, options.metrics)
    return 0


def train(dataset: Dataset, options: argparse.Namespace) -> dict:
    """Trains, exports and measures; returns the metrics and what they were reached with."""
    torch.manual_seed(options.seed)
    # Sums over several threads depend on their number; the work is divided elsewhere.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    size = network_size(options.image_size, dataset)
    pictures = PictureStore(dataset.train, size)
    check_pictures(dataset, pictures)
    boxes = [box.class_id for sample in dataset.train for box in sample.boxes]
    counts = np.bincount(np.array(boxes, np.int64), minlength=len(dataset.names))
    print(f'{len(dataset.train)} train and {len(dataset.val)} val pictures, {len(boxes)} boxes', file=sys.stderr)

    model = Detector(len(dataset.names)).to(memory_format=torch.channels_last)
    if options.weights:
        start_from(model, options.weights)
    side = min(CROP, size.height, size.width)
    batches = Batches(pictures, class_weights(counts), side, options.batch, options.seed)
    started = time.monotonic()
    model, epochs = optimise(
        model,
        batches,
        Settings(
            epochs=options.epochs or default_epochs(len(dataset.train)),
            learning_rate=options.learning_rate,
            minutes=options.minutes,
        ),
    )
    seconds = time.monotonic() - started
    if options.checkpoint:
        save_checkpoint(model, options.checkpoint)
    export(model, dataset.names, size, options.output)
    return {
        **evaluate(options.output, dataset.val, dataset.names),
        'training': {
            'pictures': len(dataset.train),
            'epochs': epochs,
            'batch': options.batch,
            'seed': options.seed,
            'imgsz': [size.height, size.width],
            'parameters': sum(parameter.numel() for parameter in model.parameters()),
            'seconds': round(seconds),
            'torch': torch.__version__,
        },
    }


def check_pictures(dataset: Dataset, pictures: PictureStore) -> None:
    """Reads all of them: a damaged one is to be known now and not after the training. Raises DatasetError."""
    for index in range(len(pictures)):
        pictures[index]
    for sample in dataset.val:
        read_pixels(sample.picture)


def default_epochs(pictures: int) -> int:
    fewest, most = DEFAULT_EPOCHS
    return min(max(round(DEFAULT_CROPS / pictures), fewest), most)


def network_size(wanted: tuple[int] | tuple[int, int], dataset: Dataset) -> Size:
    """Height and width as given; of one given side, the longest: as the pictures need, square if they differ."""
    if len(wanted) == 2:
        return Size(*wanted)
    (longest,) = wanted
    shapes = {read_shape(sample.picture) for sample in (*dataset.train, *dataset.val)}
    fitted = {fitted_shape(shape, Size(longest, longest)) for shape in shapes}
    if len(fitted) > 1:
        return Size(longest, longest)
    return Size(*(math.ceil(side / STEP) * STEP for side in fitted.pop()))


def save_checkpoint(model: Detector, file: Path) -> None:
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    write_atomically(file, buffer.getvalue())


def start_from(model: Detector, file: Path) -> None:
    """Takes the weights of a checkpoint; layers of another shape (other classes) begin anew."""
    try:
        saved = torch.load(file, weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise DatasetError(f'{file} is not a checkpoint of this trainer: {error}') from error
    own = model.state_dict()
    fitting = {name: value for name, value in saved.items() if name in own and own[name].shape == value.shape}
    model.load_state_dict({**own, **fitting})
    print(f'{len(fitting)} of {len(own)} weights are from {file}', file=sys.stderr)


def image_size(text: str) -> tuple[int] | tuple[int, int]:
    sides = tuple(int(side) for side in text.lower().split('x'))
    if len(sides) > 2 or any(side < STEP or side % STEP for side in sides):
        raise argparse.ArgumentTypeError(f'is one side or HEIGHTxWIDTH, each a multiple of {STEP}')
    return sides


def positive(kind: type) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError('must be more than 0')
        return value

    return parse


def parse_options() -> argparse.Namespace:
    dataset, output = os.environ.get('FRAMELOOP_DATASET'), os.environ.get('FRAMELOOP_MODEL_OUTPUT')
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add(
        '--data',
        type=Path,
        default=Path(dataset, 'data.yaml') if dataset else None,
        help='the data.yaml of the dataset (default: the one in the folder FRAMELOOP_DATASET)',
    )
    add('--output', type=Path, default=output, help='the ONNX file to write (default: FRAMELOOP_MODEL_OUTPUT)')
    add('--metrics', type=Path, help='writes the metrics to this JSON file too')
    add('--epochs', type=positive(int), help=f'default: as many as make about {DEFAULT_CROPS} crops')
    add('--minutes', type=positive(float), help='fewer epochs where all would train for longer')
    add(
        '--image-size',
        type=image_size,
        default='640',
        help='longest side of the network input, or HEIGHTxWIDTH (default: %(default)s)',
    )
    add('--batch', type=positive(int), default=8, help='crops per step (default: %(default)s)')
    add('--learning-rate', type=positive(float), default=3e-3, help='at its highest (default: %(default)s)')
    add('--seed', type=int, default=0, help='same seed, same model (default: %(default)s)')
    add('--checkpoint', type=Path, help='writes the weights to this file, for --weights')
    add('--weights', type=Path, help='starts from the weights of an earlier training')
    options = parser.parse_args()
    if options.data is None or options.output is None:
        parser.error('--data and --output are needed where the environment has no FRAMELOOP_DATASET and _MODEL_OUTPUT')
    return options


if __name__ == '__main__':
    sys.exit(main())
