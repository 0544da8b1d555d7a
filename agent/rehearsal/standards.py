"""The standards of a rehearsal: asked of the world once, kept beside its record."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.rehearsal.engine import ask_each
from agent.rehearsal.one import ALL
from agent.rehearsal.setting import Setting
from agent.rehearsal.standard import dense_points, set_standard
from agent.rehearsal.worlds import Scene, furnish
from agent.rehearsal.yardsticks.catalog import yardstick_for
from agent.rehearsal.yardsticks.standard import Standard
from agent.strategy.problem import Problem
from models.domain.canonical import canonical_json
from models.domain.point import Point
from models.domain.scattering import Floats

FILE = "standards.npz"
N_PIECES = 16
"""Pieces into which a dense set is divided among the workers."""


def read_standards(folder: Path, key: str) -> dict[int, Standard]:
    """Standards that were kept for a scene; none where there are none."""
    path = folder / FILE
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["key"]) != key:
                return {}
            return {
                int(place): Standard(
                    kept[f"{place}_columns"],
                    kept[f"{place}_values"],
                    *kept[f"{place}_numbers"].tolist(),
                    marks=kept[f"{place}_marks"],
                )
                for place in kept["places"].tolist()
            }
    except (OSError, ValueError, KeyError):
        return {}


def write_standards(folder: Path, key: str, standards: dict[int, Standard]) -> None:
    """Keep standards beside the record."""
    arrays: dict[str, Any] = {"key": np.array(key), "places": np.array(sorted(standards))}
    for place, one in standards.items():
        arrays[f"{place}_columns"], arrays[f"{place}_values"] = one.columns, one.values
        arrays[f"{place}_numbers"], arrays[f"{place}_marks"] = np.array([one.best, one.scale]), one.marks
    np.savez(folder / FILE, **arrays)


def find_standards(
    client: Any, setting: Setting, places: Sequence[int], known: dict[int, Standard]
) -> dict[int, Standard]:
    """The standards of these seeds, those that are not known asked of the world.

    Raises
    ------
    BadInput
        When the world has the objective's feature nowhere.
    """
    scene, problem = setting.scene, setting.plan.problem
    if not scene.is_each:
        if ALL not in known:
            points = dense_points(problem.space, problem.seed)
            pieces = [points[k::N_PIECES] for k in range(min(N_PIECES, len(points)))]
            parts = ask_each(client, _rows_at, scene, pieces)
            rows = np.empty((len(points), parts[0].shape[1]))
            for k, part in enumerate(parts):
                rows[k::N_PIECES] = part
            known = {ALL: _set(scene, problem, 0, rows)}
        return known
    missing = [place for place in places if place not in known]
    found = ask_each(client, _standard_of, scene, [(place, canonical_json(problem)) for place in missing])
    return known | dict(zip(missing, found, strict=True))


def _rows_at(scene: Scene, points: tuple[Point, ...]) -> Floats:
    world, yardstick = furnish(scene), yardstick_for(scene.spec.objective)
    return np.array([yardstick.read(world.truth(point, 0)) for point in points])


def _standard_of(scene: Scene, asked: tuple[int, str]) -> Standard:
    place, problem_json = asked
    return _set(scene, Problem.model_validate_json(problem_json), place, None)


def _set(scene: Scene, problem: Problem, place: int, rows: Floats | None) -> Standard:
    return set_standard(furnish(scene), scene.spec.objective, problem, place, rows)
