"""Writes the trained detector as an ONNX file in the layout of a YOLOv8 export."""

import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from files import write_atomically
from network import STEP, Detector
from pictures import Size

VERSION = '1.0.0'
OPSET = 17


class Exported(nn.Module):
    """Boxes and class scores in one tensor [batch, 4 + classes, cells], as YOLOv8 gives them."""

    def __init__(self, model: Detector) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        boxes, logits = self.model(images)
        return torch.cat((boxes, logits.sigmoid()), 1)


def export(model: Detector, names: tuple[str, ...], size: Size, file: Path) -> None:
    """Writes `file` whole or not at all."""
    fold_normalisation(model.eval())
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / 'model.onnx'
        with warnings.catch_warnings():
            # The exporter by tracing is deprecated, but needs no further packages and the network has no branches.
            warnings.simplefilter('ignore', DeprecationWarning)
            torch.onnx.export(
                Exported(model).eval(),
                (torch.zeros(1, 3, size.height, size.width),),
                str(plain),
                dynamo=False,
                opset_version=OPSET,
                input_names=['images'],
                output_names=['output0'],
            )
        exported = onnx.load(plain)
    onnx.helper.set_model_props(exported, metadata(names, size))
    onnx.checker.check_model(exported)
    write_atomically(file, exported.SerializeToString(deterministic=True))


def metadata(names: tuple[str, ...], size: Size) -> dict[str, str]:
    """The keys that the exporter of Ultralytics writes, with Python literals as values."""
    arguments = {'batch': 1, 'quantize': None, 'nms': None, 'dynamic': False, 'simplify': False, 'opset': OPSET}
    return {
        'description': 'Frameloop detector',
        'author': 'Frameloop',
        'date': datetime.now(UTC).isoformat(),
        'version': VERSION,
        'license': 'MIT',
        'docs': 'models/training/README.md',
        'stride': str(STEP),
        'task': 'detect',
        'batch': '1',
        'imgsz': str([size.height, size.width]),
        'names': str(dict(enumerate(names))),
        'args': str(arguments),
        'channels': '3',
        'end2end': 'False',
    }


def fold_normalisation(module: nn.Module) -> None:
    """Makes each convolution do what the batch normalisation behind it did."""
    for child in module.modules():
        if isinstance(child, nn.Sequential) and len(child) == 3 and isinstance(child[1], nn.BatchNorm2d):
            child[0] = fuse_conv_bn_eval(child[0], child[1])
            child[1] = nn.Identity()
