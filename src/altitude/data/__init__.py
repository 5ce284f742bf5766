"""Datasets: where examples come from, how they are split, and the pipelines over them."""

from altitude.data.arrays import Examples, Splits
from altitude.data.dataset import ArrayDataset
from altitude.data.digits import Digits
from altitude.data.fashion_mnist import FashionMnist
from altitude.data.npz import Npz
from altitude.data.spec import DataSpec, Declared, LabelSpec

__all__ = [
    "ArrayDataset",
    "DataSpec",
    "Declared",
    "Digits",
    "Examples",
    "FashionMnist",
    "LabelSpec",
    "Npz",
    "Splits",
]
