"""Epoch after epoch of batches, and going on in the middle of one."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import StoreError
from .counts import check_count
from .order import BatchOrder, epoch_batches
from .segments import Segments


@dataclass
class Position:
    """How far training is: so many batches of an epoch are done."""

    epoch: int
    batches: int = 0


class EpochBatches:
    """The batches of every epoch, and states that name a position among them.

    Parameters
    ----------
    segments
        The segments.
    order
        Their order.

    Raises
    ------
    StoreError
        If there are too few segments for one batch.
    """

    def __init__(self, segments: Segments, order: BatchOrder) -> None:
        self.segments = segments
        self._order = order
        self._shards = segments.shard_numbers()
        self._lengths = None if order.bucket_by is None else segments.lengths(order.bucket_by)
        if not len(self):
            raise StoreError(
                f"{segments.store.path}: {len(segments)} segments make no batch of {order.batch_size} "
                f"on each of {order.world_size} ranks; expected more segments, or remainder='keep'"
            )

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        step = self._order.batch_size * self._order.world_size
        count = len(self.segments)
        return count // step if self._order.remainder == "drop" else -(-count // step)

    def after(self, position: Position) -> list[NDArray[np.int64]]:
        """Return the batches of the position's epoch that are not done, each as places of segments."""
        return epoch_batches(self._shards, self._order, position.epoch, self._lengths)[position.batches :]

    def state(self, position: Position) -> dict[str, Any]:
        """Return a position as plain numbers and texts; behind the last batch of an epoch, the next epoch begins.

        Raises
        ------
        ParameterError
            If an epoch has no such batch.
        """
        check_count("batches", position.batches, 0)
        found = self._position(position.epoch, position.batches)
        return {"epoch": found.epoch, "batches": found.batches, "of": self._identity()}

    def position(self, state: Mapping[str, Any]) -> Position:
        """Return the position that a state names.

        Raises
        ------
        StoreError
            If it is no state, or one of other segments or of another order, whose batches would be others.
        """
        try:
            epoch, batches, theirs = state["epoch"], state["batches"], dict(state["of"])
            check_count("epoch", epoch, 0)
            check_count("batches", batches, 0)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"the state is none ({error}); expected what 'state_dict' returned") from None
        for name, mine in self._identity().items():
            if theirs.get(name) != mine:
                raise StoreError(f"the state is of {name} {theirs.get(name)}; expected {mine}, as it is here")
        return self._position(epoch, batches)

    def _position(self, epoch: int, batches: int) -> Position:
        if batches > len(self):
            raise StoreError(f"the state is behind {batches} batches of an epoch; expected 0 to {len(self)}")
        return Position(epoch + 1) if batches == len(self) else Position(epoch, batches)

    def _identity(self) -> dict[str, Any]:
        """Return what decides which batches there are."""
        order = {name: value for name, value in asdict(self._order).items() if name != "rank"}
        return {"segments": len(self.segments), **order, "content": self._content}

    @cached_property
    def _content(self) -> str:
        """Return a hash of which segments these are, and how they lie in shards."""
        digest = hashlib.sha256(self.segments.store.manifest.key.encode())
        digest.update(repr([self.segments.ids(), self._shards.tolist()]).encode())
        return digest.hexdigest()[:16]


class Epochs:
    """Counts epochs: every iteration is the next one, or the rest of one that was begun.

    Of several iterations at once, the position is that of the one that began last.

    Parameters
    ----------
    batches
        The batches of every epoch.
    """

    def __init__(self, batches: EpochBatches) -> None:
        self.batches = batches
        self._position = Position(0)
        self._is_begun = False

    @property
    def epoch(self) -> int:
        """The epoch that the next iteration will be. Set, it begins anew, but after a state that is in it."""
        return self._position.epoch + self._is_begun

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        check_count("epoch", epoch, 0)
        if self._is_begun or epoch != self._position.epoch:
            self._position, self._is_begun = Position(epoch), False

    def begin(self) -> Position:
        """Begin an iteration; who iterates counts its batches in the position."""
        if self._is_begun:
            self._position = Position(self._position.epoch + 1)
        self._is_begun = True
        return self._position

    def state(self, batches: int | None = None) -> dict[str, Any]:
        """Return where training is; ``batches`` of the epoch are done where who iterates cannot count them."""
        done = self._position.batches if batches is None else batches
        return self.batches.state(Position(self._position.epoch, done))

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Let the next iteration go on behind the batches of a state; raises `StoreError` as `EpochBatches` does."""
        self._position, self._is_begun = self.batches.position(state), False


class Resumable:
    """Base of what goes through epochs, one at every iteration, and can go on in the middle of one."""

    _epochs: Epochs

    @property
    def epoch(self) -> int:
        """The epoch that the next iteration will be. Set, it begins anew, but after a state that is in it."""
        return self._epochs.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._epochs.epoch = epoch

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next iteration be the rest of the epoch of a state.

        Raises
        ------
        StoreError
            If it is no state, or one of other segments or of another order.
        """
        self._epochs.load_state(state)


class BatchSampler(Resumable):
    """The ``batch_sampler`` of a torch DataLoader over `SegmentDataset`; needs no torch itself.

    Yields batches as lists of (epoch, index), so that augmentations change from epoch to epoch in workers, too. Every
    iteration is the next epoch.

    Parameters
    ----------
    segments
        The dataset.
    order
        Its order.
    """

    def __init__(self, segments: Segments, order: BatchOrder) -> None:
        self._epochs = Epochs(EpochBatches(segments, order))

    def __len__(self) -> int:
        return len(self._epochs.batches)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        # A generator, so that an epoch begins when it is read: a DataLoader makes iterators that it never reads.
        position = self._epochs.begin()
        for batch in self._epochs.batches.after(position):
            yield [(position.epoch, int(index)) for index in batch]

    def state_dict(self, batches: int) -> dict[str, Any]:
        """Return a state to go on from.

        Parameters
        ----------
        batches
            How many batches of this epoch the trainer has had, those before a state that was loaded included. The
            sampler cannot know: workers are ahead of the trainer.

        Raises
        ------
        ParameterError, StoreError
            If an epoch has not so many.
        """
        return self._epochs.state(batches)
