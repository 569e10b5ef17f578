"""The record of a one-stage method."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mia_ssl._engine.options import check_names, parse_options
from mia_ssl._engine.records import MethodInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mia_ssl.pasting.options import PatchOptions
    from mia_ssl.pasting.recipe import Recipe

OptionsOf = TypeVar("OptionsOf", bound="PatchOptions")

IMAGE_SIZE = 256


@dataclass(frozen=True, kw_only=True)
class OneStageMethod:
    """A one-stage method.

    Attributes:
        info: Its name, paper and defaults.
        original: Its name in the original project.
        recipe: What it pastes, and how that is blended and labeled.
    """

    info: MethodInfo
    original: str
    recipe: Recipe

    def parse(
        self, record: type[OptionsOf], options: Mapping[str, Any], *, also: Iterable[str] = ()
    ) -> OptionsOf:
        """Return the options record, filled from keyword arguments.

        Args:
            record: Dataclass of the options.
            options: Values of its fields.
            also: Other names that a user could have meant, for the message.

        Raises:
            ValueError: An option that the method makes no use of, or a wrong value.
        """
        unused = self.recipe.unused_options
        known = [f.name for f in dataclasses.fields(record) if f.name not in unused]
        check_names(options, known, owner=self.info.name, also=also)
        return parse_options(record, options, owner=self.info.name)


def one_stage_info(name: str, summary: str, paper: str) -> MethodInfo:
    """Return the facts of a one-stage method; the defaults are the same for all."""
    return MethodInfo(
        name=name,
        family="one-stage",
        summary=summary,
        paper=paper,
        image_size=IMAGE_SIZE,
        resize="short_side",
        resample="lanczos",
    )
