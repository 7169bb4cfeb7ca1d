"""Makes the random crops that each epoch is learned from."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from augmentation import Crop, cut
from pictures import PictureStore


class Batches:
    """Batches of square crops, one from each picture per epoch, in random order.

    `side`: of the crops in pixels; `attraction`: how much an object of each class draws crops to it.
    """

    def __init__(self, pictures: PictureStore, attraction: np.ndarray, side: int, size: int, seed: int) -> None:
        self._pictures = pictures
        self._attraction = attraction
        self._side = side
        self._size = size
        self._seed = seed

    def __len__(self) -> int:
        return math.ceil(len(self._pictures) / self._size)

    def epoch(self, epoch: int) -> Iterator[list[Crop]]:
        """The batches of an epoch; the next one is prepared while the last one is learned from."""
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._pictures)).tolist()
        batches = [order[start : start + self._size] for start in range(0, len(order), self._size)]
        with ThreadPoolExecutor(1) as pool:
            upcoming = pool.submit(self._batch, epoch, batches[0])
            for following in batches[1:]:
                batch = upcoming.result()
                upcoming = pool.submit(self._batch, epoch, following)
                yield batch
            yield upcoming.result()

    def _batch(self, epoch: int, numbers: list[int]) -> list[Crop]:
        """Each crop has its own random numbers, so that it is the same wherever and whenever it is made."""
        return [
            cut(self._pictures[number], self._side, self._attraction, np.random.default_rng([self._seed, epoch, number]))
            for number in numbers
        ]
