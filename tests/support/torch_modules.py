"""Modules as users write them, in plain PyTorch: from_torch takes them over."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm


class BasicBlock(nn.Module):
    """As in torchvision: the sum and the ReLU work in place."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)  # type: ignore[no-any-return]


class ResNet(nn.Module):
    """A stem, two stages, an average and a classifier."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(BasicBlock(8, 8), BasicBlock(8, 8))
        self.layer2 = nn.Sequential(BasicBlock(8, 16, 2))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(16, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))
        return self.fc(torch.flatten(self.avgpool(x), 1))  # type: ignore[no-any-return]


def separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A depthwise and a pointwise convolution, each with ReLU6."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU6(inplace=True),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class DsCnn(nn.Module):
    """The keyword net's shape: a rectangular first kernel, separable blocks, dropout before the classifier."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.ZeroPad2d((0, 1, 1, 2)),
            nn.Conv2d(1, 16, (4, 2), bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU6(inplace=True),
            separable(16, 24, 2),
            separable(24, 32),
            nn.Dropout(0.1),
        )
        self.classifier = nn.Linear(32, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean([2, 3]))  # type: ignore[no-any-return]


def mlp(classes: int = 10) -> nn.Module:
    """Vectors in, norms between."""
    return nn.Sequential(
        nn.Linear(64, 32),
        nn.BatchNorm1d(32),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(32, 32),
        nn.ReLU(),
        nn.Linear(32, classes),
    )


class Chomp(nn.Module):
    """Cuts off what a causal convolution has too much."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, : -self.size].contiguous()


class TemporalBlock(nn.Module):
    """As Bai et al. (2018) have published it: padded on both sides, chomped, its weights normed."""

    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        pad = 2 * dilation
        self.net = nn.Sequential(
            weight_norm(nn.Conv1d(inputs, outputs, 3, padding=pad, dilation=dilation)),
            Chomp(pad),
            nn.ReLU(),
            nn.Dropout(0.1),
            weight_norm(nn.Conv1d(outputs, outputs, 3, padding=pad, dilation=dilation)),
            Chomp(pad),
            nn.ReLU(),
        )
        self.downsample = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        residual = x if self.downsample is None else self.downsample(x)
        return F.relu(self.net(x) + residual)


class Tcn(nn.Module):
    """Series ``(N, L, C)``, as PyTorch's recurrent layers read them, turned for convolutions."""

    def __init__(self, channels: int = 3, classes: int = 4) -> None:
        super().__init__()
        self.blocks = nn.Sequential(TemporalBlock(channels, 12, 1), TemporalBlock(12, 12, 2), TemporalBlock(12, 12, 4))
        self.fc = nn.Linear(12, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.blocks(x.transpose(1, 2)).mean(-1))  # type: ignore[no-any-return]


class Lstm(nn.Module):
    """Recurrent, which no layer computes."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 8, batch_first=True)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        y, _ = self.rnn(x)
        return self.fc(y[:, -1])  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Softmax attention over places."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key = nn.Conv1d(3, 4, 1), nn.Conv1d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(self.query(x).transpose(1, 2) @ self.key(x), -1)
        return (x @ weights).mean(-1)


def fit(module: nn.Module, x: Tensor, y: Tensor, epochs: int, lr: float = 1e-2) -> nn.Module:
    """Train in plain PyTorch: Adam, batches of 64."""
    optimiser = torch.optim.Adam(module.parameters(), lr)
    module.train()
    for _ in range(epochs):
        for part in torch.randperm(len(x)).split(64):
            optimiser.zero_grad()
            F.cross_entropy(module(x[part]), y[part]).backward()
            optimiser.step()
    return module.eval()


def waves(count: int, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Series of four frequencies in noise, ``(N, 3, 1, 32)``, and which frequency each has."""
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 4, count)
    angle = np.arange(32) * (0.3 + 0.4 * y[:, None, None]) + draw.uniform(0, 6.3, (count, 1, 1)) + np.arange(3)[:, None]
    x = 127 + 80 * np.sin(angle) + draw.normal(0, 20, (count, 3, 32))
    return np.clip(x, 0, 255).astype(np.uint8)[:, :, None], y
