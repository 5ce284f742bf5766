"""Strategies: the devices that one run trains on. One file each."""

from altitude.strategies.mirrored import Mirrored
from altitude.strategies.multi_worker import MultiWorker
from altitude.strategies.one_device import OneDevice
from altitude.strategies.strategy import Strategy

__all__ = ["Mirrored", "MultiWorker", "OneDevice", "Strategy"]
