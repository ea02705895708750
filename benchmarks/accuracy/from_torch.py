"""What rounding costs nets that plain PyTorch has trained, two of CIFAR-10 and one of digits:
``python -m benchmarks.accuracy.from_torch`` prints the table of docs/YOUR_NET.md.

The trained modules are kept in runs/from_torch; delete one to train it again (10 minutes of a quiet core).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import calibrate
import edgehfn as hfn
from benchmarks.common.table import table
from edgehfn.data.sets import Dataset
from edgehfn.nn.builder import Weights

FOLDER = Path(__file__).parents[2] / "runs" / "from_torch"
BATCH, RATE = 128, 0.1
TUNED = 8  # epochs of fine-tuning
KINDS: tuple[Weights, ...] = ("int8", "int4", "ternary", "binary")
MEAN, DEVIATION = (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616)


class Residual(nn.Module):
    """Two 3x3 convolutions and what goes round them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.around = nn.Sequential()
        if stride > 1:
            self.around = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(y + self.around(x))


def separable(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """A depthwise and a 1x1 convolution, as in MobileNet."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU6(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


def stem(channels: int) -> list[nn.Module]:
    return [nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU6(), nn.MaxPool2d(2)]


def head(channels: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]


def resnet() -> nn.Module:
    blocks = [Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2)]
    return nn.Sequential(*stem(16), *blocks, *head(64))


def mobilenet() -> nn.Module:
    blocks = [separable(16, 32, 1), separable(32, 64, 2), separable(64, 64, 1), separable(64, 128, 2)]
    return nn.Sequential(*stem(16), *blocks, *head(128))


def small() -> nn.Module:
    first = [nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
    return nn.Sequential(*first, Residual(8, 8, 1), Residual(8, 16, 2), *head(16))


# Each with its epochs, its data, and whether its weights are fine-tuned, too.
NETS: dict[str, tuple[Callable[[], nn.Module], int, str, bool]] = {
    "resnet": (resnet, 8, "cifar10", False),
    "mobilenet": (mobilenet, 4, "cifar10", False),
    "digits": (small, 20, "digits", True),
}


def scaled(x: Tensor) -> Tensor:
    """What the modules read of raw bytes."""
    if x.shape[1] == 1:
        return x.float() / 255
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
    return (x.float() / 255 - mean) / deviation


def train(module: nn.Module, data: Dataset, epochs: int) -> None:
    """SGD along a cosine, images mirrored: nothing of this package."""
    x, y = torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)
    optimiser = torch.optim.SGD(module.parameters(), RATE, momentum=0.9, weight_decay=5e-4, nesterov=True)
    steps = epochs * (len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    for epoch in range(epochs):
        total = 0.0
        for part in torch.randperm(len(x))[: len(x) // BATCH * BATCH].split(BATCH):
            images = scaled(x[part]).to(memory_format=torch.channels_last)
            mirrored = torch.where(torch.rand(len(part), 1, 1, 1) < 0.5 * (images.shape[1] > 1), images.flip(3), images)
            optimiser.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                loss = F.cross_entropy(module(mirrored), y[part])
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        print(f"epoch {epoch + 1}: loss {total * BATCH / len(x):.3f}", file=sys.stderr, flush=True)


def trained(name: str, data: Dataset) -> nn.Module:
    """The module, trained or as it was kept."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    make, epochs, *_ = NETS[name]
    kept = FOLDER / f"{name}.pt"
    module = make()
    if kept.exists():
        module.load_state_dict(torch.load(kept, weights_only=True))
    else:
        train(module, data, epochs)
        FOLDER.mkdir(parents=True, exist_ok=True)
        torch.save(module.state_dict(), kept)
    return module.eval()


def rows(name: str) -> list[list[str]]:
    """Accuracies on all test images: of the module in floats, and of integers by the bits of its weights."""
    *_, source, tuned = NETS[name]
    data = hfn.data.load(source)
    assert isinstance(data, Dataset)
    module = trained(name, data)
    with torch.no_grad():
        parts = torch.from_numpy(data.x_test).split(1000)
        found = torch.cat([module(scaled(part)).argmax(1) for part in parts])
    floats = f"{100 * float((found == torch.from_numpy(data.y_test)).float().mean()):.2f} %"
    made = [[name, floats, *(rounded(module, data, kind, 0) for kind in KINDS)]]
    if tuned:
        made.append([f"{name}, fine-tuned", "", *(rounded(module, data, kind, TUNED) for kind in KINDS)])
    return made


def rounded(module: nn.Module, data: Dataset, kind: Weights, epochs: int) -> str:
    """The accuracy in integers, after so many epochs of training through the rounding."""
    shape = data.shape
    spec = None if shape[0] == 1 else hfn.nn.InputSpec(shape, mean=MEAN, deviation=DEVIATION)
    net = hfn.from_torch(module, torch.zeros(1, *shape), weights=kind, input=spec, classes=data.classes)
    if epochs:
        hfn.train(net, data, epochs=epochs, lr=0.2, batch=64)
    graph = hfn.lower(net, calibrate.calibrate(net, calibrate.batches(data.x_train), "mse").scales)
    return f"{100 * hfn.accuracy(graph, data):.2f} %"


def main() -> None:
    made = [cells for name in sys.argv[1:] or NETS for cells in rows(name)]
    print(table(["net", "PyTorch, floats", *(f"integers, {kind}" for kind in KINDS)], made))


if __name__ == "__main__":
    main()
