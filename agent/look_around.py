"""A space is looked at before the night: points can be drawn from it, and one's own function answers."""

from models.domain.errors import BadInput
from models.domain.feasibility import WHERE, ask, load_feasible
from models.domain.point import Point
from models.domain.space import SearchSpace
from models.gp.design import DRAWS_PER_POINT, draw_allowed
from models.gp.encoding import Encoding
from models.gp.reach import refuse_infeasible

N_PROBE = 1024
"""Points drawn from a space to see that it can be filled."""
N_LEAST = 32
"""Points that must come of it, at half the draws that any later one may cost."""
N_TRIED = 100
"""Points about which a feasibility function is asked before the night."""


def refuse_empty(space: SearchSpace, seed: int) -> None:
    """Refuse a space in which nothing can be measured.

    Parameters
    ----------
    space
        The space.
    seed
        Seed of the draws.

    Raises
    ------
    BadInput
        When constraints leave no point, nothing can be drawn, or the feasibility function fails.
    """
    if space.candidates:
        if space.feasible is not None:
            refusals = _try_feasible(space.feasible, space.candidates)
            if len(refusals) == len(space.candidates):
                raise BadInput(WHERE, f"refuses all {len(refusals)} samples: {refusals[0]}", "Correct it")
        return
    refuse_infeasible(space)
    bare = space.model_copy(update={"feasible": None})
    drawn = draw_allowed(Encoding(bare), N_PROBE, seed, DRAWS_PER_POINT // 2)
    if len(drawn.columns) < N_LEAST:
        key = "region" if drawn.n_outside else "linear" if space.linear else "sums"
        raise BadInput(key, f"only {drawn.account()}", "Widen the axes, or loosen what binds them")
    if space.feasible is not None:
        refusals = _try_feasible(space.feasible, Encoding(bare).decode(drawn.columns[:N_TRIED]))
        drawn = draw_allowed(Encoding(space), N_LEAST, seed, DRAWS_PER_POINT // 2)
        if len(drawn.columns) < N_LEAST:
            raise BadInput(
                WHERE,
                f"only {drawn.account()}, such as: {refusals[0] if refusals else 'none of the first'}",
                f"Narrow the axes to where {space.feasible} says yes",
            )


def _try_feasible(name: str, points: tuple[Point, ...]) -> list[str]:
    """What a feasibility function objects to some points; one that fails, or gives no answer, is refused."""
    feasible = load_feasible(name)
    refusals: list[str] = []
    for point in points:
        answer = ask(name, feasible, point.coordinates)
        if answer.is_broken:
            remedy = "Return True, False or a text that says why not"
            raise BadInput(WHERE, f"{answer.objection} (at {point.text()})", remedy)
        refusals += [answer.objection] if answer.objection is not None else []
    return refusals
