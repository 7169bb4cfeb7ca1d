"""Measures an exported model on the val pictures of a dataset in YOLO format.

    python evaluate.py --model model.onnx --data data.yaml [--metrics metrics.json]
"""

import argparse
import sys
from pathlib import Path

from average_precision import evaluate
from files import report
from yolo_dataset import DatasetError, read_dataset


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', type=Path, required=True, help='an ONNX file that train.py wrote')
    parser.add_argument('--data', type=Path, required=True, help='the data.yaml of a dataset with the same classes')
    parser.add_argument('--metrics', type=Path, help='writes the metrics to this JSON file too')
    options = parser.parse_args()
    try:
        dataset = read_dataset(options.data)
        report(evaluate(options.model, dataset.val, dataset.names), options.metrics)
    except DatasetError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
