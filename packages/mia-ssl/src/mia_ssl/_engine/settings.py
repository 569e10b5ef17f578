"""Settings of the training, with a method's defaults filled in."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from .device import PRECISIONS
from .options import check_choice, check_flag, check_positive, whole_number

if TYPE_CHECKING:
    from .records import MethodInfo


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of the training loop.

    Attributes:
        epochs: Epochs of ``fit``.
        batch_size: Images per training step.
        learning_rate: Initial learning rate.
        precision: One of ``PRECISIONS``.
        compile: Whether the training loss is compiled.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    precision: str = PRECISIONS[0]
    compile: bool = False

    def __post_init__(self) -> None:
        check_positive(learning_rate=self.learning_rate)
        check_choice("precision", self.precision, PRECISIONS)
        check_flag(compile=self.compile)
        # The record is frozen; NumPy's numbers cannot be written to JSON.
        for name, value in (
            ("epochs", whole_number("epochs", self.epochs, least=0)),
            ("batch_size", whole_number("batch_size", self.batch_size, least=1)),
            ("learning_rate", float(self.learning_rate)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def resolve(
        cls,
        info: MethodInfo,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        precision: str = PRECISIONS[0],
        compile: bool = False,  # noqa: A002 - torch's own word for it
    ) -> Settings:
        """Return settings with the method's defaults in place of None."""
        return cls(
            epochs=info.epochs if epochs is None else epochs,
            batch_size=info.batch_size if batch_size is None else batch_size,
            learning_rate=info.learning_rate if learning_rate is None else learning_rate,
            precision=precision,
            compile=compile,
        )


SETTINGS = tuple(field.name for field in fields(Settings))
