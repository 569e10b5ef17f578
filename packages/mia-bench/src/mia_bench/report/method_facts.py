"""Facts of the page's methods: what each does, its paper, and the settings that it was run with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mia_bench.detectors import plugins
from mia_bench.errors import StudyError
from mia_bench.report.citations import cite, web_link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mia_bench.leaderboard.rows import Row


def method_anchor(label: str) -> str:
    """Return the id of a method's facts, which is the end of links to it as it stands."""
    return quote(f"method--{label}", safe="+")


def method_facts(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the facts of each method, in the order of the rows."""
    by_label: dict[str, list[Row]] = {}
    for row in rows:
        by_label.setdefault(row.label, []).append(row)
    return [_facts(label, own) for label, own in sorted(by_label.items())]


def _facts(label: str, rows: list[Row]) -> dict[str, Any]:
    name = rows[0].settings.method
    datasets_of: dict[str, list[str]] = {}
    for row in rows:
        datasets_of.setdefault(settings_text(row), []).append(row.dataset)
    facts: dict[str, Any] = {
        "label": label,
        "name": name,
        "anchor": method_anchor(label),
        "parameters": next((row.parameters_text for row in rows if row.parameters), None),
        "settings": [
            {"text": text, "datasets": names if len(datasets_of) > 1 else []}
            for text, names in datasets_of.items()
        ],
    }
    if rows[0].runs[0].record.members:
        summary = "A fusion of other methods of this study: their scores, combined."
        return {**facts, "summary": summary, "family": None, "citation": None, "link": None}
    try:
        info = plugins.find_method(name).info
    except StudyError:
        summary = f"The package that brings the method {name} is not installed here."
        return {**facts, "summary": summary, "family": None, "citation": None, "link": None}
    return {
        **facts,
        "summary": _sentence(info.summary),
        "family": info.family,
        "citation": cite(info.paper),
        "link": web_link(info.paper),
    }


def settings_text(row: Row) -> str:
    """Return the settings of a method on a dataset in words."""
    settings, record = row.settings, row.runs[0].record
    if record.members:
        rule = f"{settings.options.get('combine')} of their scores, scale "
        rule += f"{settings.options.get('scale')}"
        return f"A fusion of {', '.join(record.members)}: {rule}; its costs are theirs together"
    epochs = f"{settings.epochs} epoch{'' if settings.epochs == 1 else 's'}"
    color = "gray" if settings.channels == 1 else "RGB"
    trained = epochs if settings.epochs else "not trained"
    text = f"{trained}, {settings.image_size} px, {color}"
    if settings.options:
        text += "; " + ", ".join(f"{name} {value}" for name, value in settings.options.items())
    return text


def _sentence(summary: str) -> str:
    """Return a registry's line as a sentence."""
    text = summary.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
