"""Nets as the public code of hidden networks and Hidden-Fold Networks builds them, in modules of torch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

TOP_K = 0.3
SHAPE = (3, 16, 16)


class MaskedConv(nn.Conv2d):
    """A convolution of signed constants of which the best scores keep some."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.scores = nn.Parameter(torch.randn(self.weight.shape))
        self.weight.data = self.weight.data.sign() * (2 / (inputs * kernel**2 * TOP_K)) ** 0.5
        self.kept: Tensor | None = None  # in place of what the scores say

    def forward(self, x: Tensor) -> Tensor:
        mask = self.mask() if self.kept is None else self.kept
        return F.conv2d(x, self.weight * mask, None, self.stride, self.padding)

    def mask(self) -> Tensor:
        order = self.scores.abs().flatten().argsort()
        mask = torch.ones(order.numel())
        mask[order[: int((1 - TOP_K) * order.numel())]] = 0
        return mask.view_as(self.weight)


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, affine=False)


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, planes: int, stride: int, shortcut: str) -> None:
        super().__init__()
        self.conv1, self.bn1 = MaskedConv(inputs, planes, 1), norm(planes)
        self.conv2, self.bn2 = MaskedConv(planes, planes, 3, stride), norm(planes)
        self.conv3, self.bn3 = MaskedConv(planes, 4 * planes, 1), norm(4 * planes)
        self.word = shortcut
        if stride != 1 or inputs != 4 * planes:
            setattr(self, shortcut, nn.Sequential(MaskedConv(inputs, 4 * planes, 1, stride), norm(4 * planes)))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(F.relu(self.bn2(self.conv2(y)))))
        return F.relu(y + (getattr(self, self.word)(x) if hasattr(self, self.word) else x))


class FoldedBottleneck(nn.Module):
    def __init__(self, channels: int, planes: int, iterations: int) -> None:
        super().__init__()
        self.iterations = iterations
        self.conv1, self.conv2 = MaskedConv(channels, planes, 1), MaskedConv(planes, planes, 3)
        self.conv3 = MaskedConv(planes, channels, 1)
        for t in range(iterations):
            for number, width in ((1, planes), (2, planes), (3, channels)):
                setattr(self, f"bnorm{number}_{t}", nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        for t in range(self.iterations):
            y = x
            for number in (1, 2, 3):
                y = getattr(self, f"bnorm{number}_{t}")(getattr(self, f"conv{number}")(y))
                y = F.relu(y + x if number == 3 else y)
            x = y
        return x


class ResNet50(nn.Module):
    """Of bottlenecks; ``folds`` are the numbers of the stages with one block iterated behind the first."""

    def __init__(
        self, folds: tuple[int, ...], stage: str = "stage_", shortcut: str = "shortcut", width: int = 4
    ) -> None:
        super().__init__()
        self.conv1, self.bn1 = MaskedConv(3, width, 3), norm(width)
        self.stages, inputs = [], width
        for number, count in enumerate((3, 4, 6, 3), start=1):
            planes = width << (number - 1)
            blocks: list[nn.Module] = [Bottleneck(inputs, planes, 1 if number == 1 else 2, shortcut)]
            inputs = 4 * planes
            if number in folds:
                blocks.append(FoldedBottleneck(inputs, planes, count - 1))
            else:
                blocks += [Bottleneck(inputs, planes, 1, shortcut) for _ in range(count - 1)]
            setattr(self, f"{stage}{number}", nn.Sequential(*blocks))
            self.stages.append(f"{stage}{number}")
        self.fc = MaskedConv(inputs, 7, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        for stage in self.stages:
            x = getattr(self, stage)(x)
        return torch.flatten(self.fc(F.adaptive_avg_pool2d(x, 1)), 1)


def lived_in(net: ResNet50, images: Tensor | None = None) -> ResNet50:
    """Norms such as training leaves behind."""
    torch.manual_seed(3)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.uniform_(module.weight, 0.2, 0.8)
            nn.init.normal_(module.bias, std=0.1)
    for _ in range(20):
        net.train()(real(raw(32)) if images is None else images)
    return net.eval()


def raw(count: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, *SHAPE), np.uint8)


def real(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images >> 1).float() / 127
