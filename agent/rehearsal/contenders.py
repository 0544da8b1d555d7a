"""Which strategies are rehearsed: those that are named, and the plain ones that always run beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any

from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from models.domain.inputs import read_toml, validated
from models.domain.rehearsal import RehearsalSpec

PLAIN = ("random", "grid", "sobol")
"""What always runs beside."""
MAY_DIFFER = ("objective", "strategy", "measurement", "stop")
"""Tables of a campaign file in which strategies may differ."""
EACH = "each"
"""Key of a sweep: ``{ each = [4, 8, 16] }``."""
TAG = {"strategy": "kind", "objective": "goal"}
"""Keys that change what all others of their table mean."""
MOST = 64
"""Strategies at once."""


@dataclass(frozen=True)
class Contender:
    """One strategy, as the campaign file that runs it tonight."""

    name: str
    """Its name."""
    spec: CampaignSpec
    """The campaign file with the strategy in it."""
    is_plain: bool = False
    """True for those that run beside in any case."""


def contenders_of(spec: CampaignSpec, named: tuple[str, ...], more: Path | None = None) -> list[Contender]:
    """The strategies of a rehearsal, the plain ones last.

    Parameters
    ----------
    spec
        The campaign file. Its own strategy goes by the name of its kind.
    named
        Which to rehearse; the campaign's own and all that have tables when empty. A sweep goes by the name
        of its table, or each of its strategies by its own.
    more
        A TOML file of further strategies.

    Raises
    ------
    BadInput
        When a name is not known, a table says something impossible, or there are too many.
    """
    tables = dict(spec.rehearsal.strategies) if spec.rehearsal else {}
    if more is not None:
        tables |= validated(RehearsalSpec, read_toml(more), str(more)).strategies
    own = _own_name(spec)
    groups: dict[str, list[Contender]] = {own: [Contender(own, _bare(spec), own in PLAIN)]}
    for name, table in tables.items():
        if name in (*PLAIN, own):
            raise BadInput(
                f"rehearsal.strategies.{name}", "is the name of a strategy that is there anyway", "Rename it"
            )
        groups[name] = list(_swept(spec, name, table))
    plain = {name: Contender(name, _plain(spec, name), is_plain=True) for name in PLAIN if name != own}
    chosen = _chosen(groups, plain, named or tuple(groups))
    found = [*chosen, *(one for one in plain.values() if one.name not in {c.name for c in chosen})]
    if len(found) > MOST:
        raise BadInput(
            "rehearsal.strategies", f"are {len(found)}, at most {MOST} are compared at once", "Name fewer"
        )
    return found


def _own_name(spec: CampaignSpec) -> str:
    kind = spec.strategy.kind
    return kind.partition(":")[2] or kind


def _bare(spec: CampaignSpec) -> CampaignSpec:
    return spec.model_copy(update={"rehearsal": None})


def _chosen(
    groups: Mapping[str, list[Contender]], plain: Mapping[str, Contender], named: tuple[str, ...]
) -> list[Contender]:
    each = {one.name: [one] for group in groups.values() for one in group}
    known = {**each, **groups, **{name: [one] for name, one in plain.items()}}
    chosen: dict[str, Contender] = {}
    for name in named:
        if name not in known:
            near = get_close_matches(name, list(known), n=1, cutoff=0.4)
            raise BadInput(
                f"--strategies {name}",
                "there is no strategy of that name",
                (f"Did you mean {near[0]!r}? " if near else "") + f"There are {', '.join(known)}",
            )
        chosen |= {one.name: one for one in known[name]}
    return list(chosen.values())


def _plain(spec: CampaignSpec, kind: str) -> CampaignSpec:
    """The campaign with a strategy that learns nothing: no rule of its stop can be asked of it."""
    tables = _tables(spec)
    tables.pop("stop", None)
    tables.get("measurement", {}).pop("exposures_s", None)
    return validated(CampaignSpec, tables | {"strategy": {"kind": kind}}, kind)


def _tables(spec: CampaignSpec) -> dict[str, Any]:
    return _bare(spec).model_dump(mode="json", exclude_unset=True, exclude={"rehearsal"})


def _swept(spec: CampaignSpec, name: str, table: Mapping[str, Any]) -> Iterator[Contender]:
    """The strategies of one table: one, or one for each value of its sweeps."""
    where = f"rehearsal.strategies.{name}"
    for key in table:
        if key not in MAY_DIFFER:
            near = get_close_matches(key, MAY_DIFFER, n=1)
            raise BadInput(
                f"{where}.{key}",
                "is nothing in which strategies may differ",
                (f"Did you mean {near[0]!r}? " if near else "") + f"Use {', '.join(MAY_DIFFER)}",
            )
    sweeps = dict(_sweeps(table))
    for path, values in sweeps.items():
        if not isinstance(values, list) or not values:
            raise BadInput(f"{where}.{'.'.join(path)}", "sweeps over nothing", "Give each = [...] a list")
    for values in product(*sweeps.values()):
        chosen = dict(zip(sweeps, values, strict=True))
        label = "".join(f"-{_word(value)}" for value in values)
        laid = _laid_over(_tables(spec), _settled(table, chosen))
        yield Contender(f"{name}{label}", validated(CampaignSpec, laid, where))


def _sweeps(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            if set(value) == {EACH}:
                yield (*path, key), value[EACH]
            else:
                yield from _sweeps(value, (*path, key))


def _settled(
    table: Mapping[str, Any], chosen: Mapping[tuple[str, ...], Any], path: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A table with a value in the place of each sweep."""
    return {
        key: chosen[(*path, key)]
        if (*path, key) in chosen
        else _settled(value, chosen, (*path, key))
        if isinstance(value, Mapping)
        else value
        for key, value in table.items()
    }


def _laid_over(tables: Mapping[str, Any], other: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Tables with others laid over them; where the kind of a part changes, none of its keys is kept."""
    laid = dict(tables)
    for key, value in other.items():
        below = tables.get(key)
        if not (isinstance(below, Mapping) and isinstance(value, Mapping)):
            laid[key] = value
            continue
        tag = TAG.get(key) if path == "" else None
        is_same = tag is None or value.get(tag, below.get(tag)) == below.get(tag)
        laid[key] = _laid_over(below, value, key) if is_same else value
    return laid


def _word(value: Any) -> str:
    """A value as a part of a name."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return "".join(letter if letter.isalnum() or letter in "._" else "_" for letter in text)
