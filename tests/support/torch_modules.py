"""Modules as users write them, in plain PyTorch: from_torch takes them over."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Cnn(nn.Module):
    """Two convolutions and a linear layer, functions and modules mixed."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2)
        self.fc = nn.Linear(16 * 3 * 3, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.norm(self.conv1(x)))
        return self.fc(F.relu(self.conv2(x)).flatten(1))  # type: ignore[no-any-return]


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
