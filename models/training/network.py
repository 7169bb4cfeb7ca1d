"""The detector: a small convolutional network without anchors, with predictions at strides 4, 8 and 16.

Plain 3x3 convolutions with leaky ReLU, because ONNX Runtime's CPU kernels run these fastest: Conv, BatchNorm and
activation become one. (With plain ReLU the class features died early on, under the many empty cells.) Cross-stage
partial blocks (Wang et al., "CSPNet", 2020), a top-down feature pyramid (Lin et al., "Feature Pyramid Networks", 2017)
with pooled context at stride 32, and heads that predict class and box apart (Ge et al., "YOLOX", 2021). Stride 4 is
there for objects of five pixels, such as a ball seen from the stand.
"""

import math

import torch
from torch import Tensor, nn

STRIDES = (4, 8, 16)

# The backbone halves pictures five times: their sides must be multiples of this.
STEP = 32

# Output channels of the backbone at strides 2, 4, 8, 16 and 32, and of the pyramid at strides 4, 8 and 16.
BACKBONE = (16, 32, 64, 64, 96)
PYRAMID = (32, 48, 64)

# Keeps exp() of an untrained size within 32-bit floats; e^6 strides are more than any picture is wide.
LARGEST_LOG_SIZE = 6.0


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03),
        nn.LeakyReLU(0.1, inplace=True),
    )


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(convolution(channels, channels), convolution(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class CrossStagePartial(nn.Module):
    """Half of the channels go through the residual layers, the other half past them."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        half = channels // 2
        self.deep = nn.Sequential(convolution(channels, half, 1), *(Residual(half) for _ in range(depth)))
        self.straight = convolution(channels, half, 1)
        self.merge = convolution(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.merge(torch.cat((self.deep(x), self.straight(x)), 1))


class PooledContext(nn.Module):
    """Sees about 20 cells around each, for objects as wide as a goal (spatial pyramid pooling, He et al., 2015)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce = convolution(channels, channels // 2, 1)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.merge = convolution(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        levels = [self.reduce(x)]
        for _ in range(3):
            levels.append(self.pool(levels[-1]))
        return self.merge(torch.cat(levels, 1))


class Head(nn.Module):
    """Class logits and the four numbers of a box for each cell of one level."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.class_features = convolution(channels, channels)
        self.classes = nn.Conv2d(channels, classes, 1)
        # Half the channels: at stride 4 the heads cost more than the whole backbone below stride 8.
        half = channels // 2
        self.box_features = convolution(channels, half)
        self.box = nn.Conv2d(half, 4, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        logits, box = self.classes(self.class_features(x)), self.box(self.box_features(x))
        return box.flatten(2), logits.flatten(2)


class Detector(nn.Module):
    """Pictures [batch, 3, height, width] (RGB, 0..1, sides multiples of 32) to boxes and class logits.

    Gives boxes [batch, 4, cells] as centre x, centre y, width and height in pixels, and logits [batch, classes, cells];
    the cells of stride 4 come first, row by row, then those of 8 and 16.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = convolution(3, BACKBONE[0], 3, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(convolution(inputs, outputs, 3, 2), CrossStagePartial(outputs, depth))
            for inputs, outputs, depth in zip(BACKBONE, BACKBONE[1:], (1, 2, 2, 1))
        )
        self.context = PooledContext(BACKBONE[-1])
        self.laterals = nn.ModuleList(
            convolution(inputs, outputs, 1) for inputs, outputs in zip(BACKBONE[1:4], PYRAMID)
        )
        self.reductions = nn.ModuleList(
            convolution(inputs, outputs, 1) for inputs, outputs in zip((*PYRAMID[1:], BACKBONE[-1]), PYRAMID)
        )
        self.merges = nn.ModuleList(convolution(channels, channels) for channels in PYRAMID)
        self.heads = nn.ModuleList(Head(channels, classes) for channels in PYRAMID)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode='fan_out', a=0.1, nonlinearity='leaky_relu')
        for head in self.heads:
            nn.init.normal_(head.classes.weight, std=0.01)
            nn.init.normal_(head.box.weight, std=0.01)
            # Cells begin with a score of 1 %: nearly all are empty (Lin et al., "Focal Loss", 2017).
            nn.init.constant_(head.classes.bias, -math.log(99))
            # Boxes begin about four cells wide, so that each overlaps an object of the sizes of its level.
            head.box.bias.data.copy_(torch.tensor([0.0, 0.0, math.log(4), math.log(4)]))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        x = self.stem(pictures)
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        above = self.context(levels.pop())
        boxes, logits = [], []
        for level in reversed(range(len(STRIDES))):
            above = nn.functional.interpolate(self.reductions[level](above), scale_factor=2.0, mode='nearest')
            above = self.merges[level](self.laterals[level](levels[level]) + above)
            raw, level_logits = self.heads[level](above)
            height, width = pictures.shape[2] // STRIDES[level], pictures.shape[3] // STRIDES[level]
            boxes.insert(0, self._decode(raw, cell_centres(height, width, STRIDES[level]), STRIDES[level]))
            logits.insert(0, level_logits)
        return torch.cat(boxes, 2), torch.cat(logits, 2)

    @staticmethod
    def _decode(raw: Tensor, centres: Tensor, stride: int) -> Tensor:
        """Offsets from the cell's centre and logarithms of the size, both in strides, to pixels."""
        offset, size = raw.split(2, 1)
        return torch.cat((centres + offset * stride, size.clamp(max=LARGEST_LOG_SIZE).exp() * stride), 1)


def cell_centres(height: int, width: int, stride: int) -> Tensor:
    """The middles of the cells [2, height * width] as x and y in pixels."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    return (torch.stack((x, y)).flatten(1).float() + 0.5) * stride


def cells(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Middles [cells, 2] and strides [cells] of all cells of a picture, in the order of the detector's output."""
    centres = [cell_centres(height // stride, width // stride, stride) for stride in STRIDES]
    strides = [torch.full((level.shape[1],), float(stride)) for level, stride in zip(centres, STRIDES)]
    return torch.cat(centres, 1).T.contiguous(), torch.cat(strides)
