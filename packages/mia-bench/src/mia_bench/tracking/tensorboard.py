"""TensorBoard: an event file in each run's folder; ``tensorboard --logdir DIR`` shows them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mia_bench.tracking.session import parameters

if TYPE_CHECKING:
    from pathlib import Path

    from torch.utils.tensorboard import SummaryWriter

    from mia_bench.run_folder.folder import RunFolder
    from mia_bench.study.plan import Run

FLUSH_SECONDS = 10


@dataclass(frozen=True)
class TensorBoard:
    """Logs into each run's folder, so it needs no settings."""

    def begin(self, run: Run, folder: RunFolder) -> TensorBoardSession:
        """Begin a session that writes into the run's folder."""
        return TensorBoardSession(run, folder.path / "tensorboard")


def prepare(*, study: str, out: Path, executor: str) -> TensorBoard:
    """Return the tracker; nothing needs to be there beforehand."""
    return TensorBoard()


class TensorBoardSession:
    """Curves of losses and learning rate, and a row of the table of hyperparameters."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self._folder = folder
        self._writer: SummaryWriter | None = None

    def epoch(self, number: int, values: dict[str, float]) -> None:
        """Log a point of each curve."""
        writer = self._open(number)
        for name, value in values.items():
            writer.add_scalar(name, value, number)

    def finish(self, metrics: dict[str, float]) -> None:
        """Log the settings with the metrics."""
        writer = self._open(1)
        named = {f"metric/{name}": value for name, value in metrics.items()}
        writer.add_hparams(parameters(self._run), named, run_name=".")
        writer.close()

    def fail(self) -> None:
        """Close the file; its curves stay."""
        if self._writer is not None:
            self._writer.close()

    def _open(self, first: int) -> SummaryWriter:
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            # A try that goes on from a checkpoint takes the place of what came after that.
            self._writer = SummaryWriter(
                str(self._folder), purge_step=first, flush_secs=FLUSH_SECONDS
            )
        return self._writer
