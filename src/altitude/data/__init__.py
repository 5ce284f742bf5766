"""Datasets: examples, their splits, and the pipelines over them."""

from altitude.data.arrays import Examples, Splits
from altitude.data.cartpole import CartPole
from altitude.data.dataset import ArrayDataset, Dataset
from altitude.data.digits import Digits
from altitude.data.fashion_mnist import FashionMnist
from altitude.data.image_folder import ImageFolder
from altitude.data.mixup import Mixup
from altitude.data.npz import Npz
from altitude.data.spec import DataSpec, Declared, LabelSpec
from altitude.data.transform import Transform
from altitude.data.weighted_fashion_mnist import WeightedFashionMnist

__all__ = [
    "ArrayDataset",
    "CartPole",
    "DataSpec",
    "Dataset",
    "Declared",
    "Digits",
    "Examples",
    "FashionMnist",
    "ImageFolder",
    "LabelSpec",
    "Mixup",
    "Npz",
    "Splits",
    "Transform",
    "WeightedFashionMnist",
]
