"""A curve to be matched: the expected fall of the misfit, which follows from what is believed of curves."""

from dataclasses import dataclass, replace

import numpy as np

from models.domain.decision import Prediction, Reason
from models.domain.errors import FitFailed
from models.domain.objective import Match, ObjectiveBase
from models.domain.scattering import Floats
from models.domain.soft_log import soften, soften_sigma
from models.gp.acquisitions.match import MisfitImprovement
from models.gp.curve_basis import find_basis, with_way_to
from models.gp.curve_misfit import CurveMisfit, misfit_in, target_in
from models.gp.knowledge import Knowledge
from models.gp.pursuits.curve_lesson import CurveContext, belief_in, lesson_of
from models.gp.pursuits.pursuit import Aim, Lesson, Pursuit, Situation, predictions

DOUBT = 3.0
"""Where little can be gained, sigmas are taken so many times larger: near the best, what is left to gain lies
in what the components do not tell."""


@dataclass(frozen=True, eq=False)
class Compared(CurveContext):
    """The measured curves beside the target."""

    misfit: CurveMisfit
    """What it makes of the target."""
    least: float
    """Least misfit that was measured, not below its noise."""


def of_match(objective: ObjectiveBase, knowledge: Knowledge, n_context: int) -> Lesson:
    """A belief for each coefficient of the basis, and how near the measured curves come.

    Raises
    ------
    FitFailed
        As `of_curves`; or when the target cannot be compared with the curves.
    """
    assert isinstance(objective, Match)
    if objective.target is None:
        raise FitFailed("the target curve is not on record")
    if knowledge.curves is None:
        raise FitFailed("no measurement has a curve on record")
    curves = knowledge.curves.whole()
    basis = find_basis(curves, n_context)
    sought = target_in(basis, objective.target, objective.scale)
    basis = with_way_to(basis, sought.logs, curves, n_context)
    misfit = misfit_in(basis, sought)
    logs = soften(curves.intensities, basis.floor)
    squares, noise = misfit.of_curves(logs, soften_sigma(curves.intensities, curves.sigmas, basis.floor))
    least = float(np.sqrt(np.maximum(squares, noise).min()))
    return replace(lesson_of(basis, curves, knowledge), context=Compared(basis, misfit, least))


def seek_match(situation: Situation) -> Aim:
    """The fall of the misfit that is expected below the best so far; knowledge, when there is little."""
    objective = situation.objective
    assert isinstance(objective, Match)
    known = situation.context
    assert isinstance(known, Compared)
    belief = belief_in(situation)
    worth = MisfitImprovement(belief, known.misfit, known.least)

    def expect(points: Floats) -> tuple[tuple[Prediction, ...], ...]:
        return tuple((one,) for one in predictions(objective.quantity, "1", *worth.expected(points)))

    def explain(expected: tuple[Prediction, ...], is_idle: bool) -> Reason:
        here = f"curve expected within {expected[0].mean:.1%} ± {expected[0].sigma:.1%} rms of the target"
        tail = f" (scale {objective.scale}), {known.least:.1%} at the best so far{known.basis.bins_text}."
        if is_idle:
            sentence = (
                f"Little can be gained by what is believed; were it {DOUBT:g} times less sure, most here: "
                f"{here}{tail}"
            )
            return Reason(code="exploration", sentence=sentence)
        return Reason(
            code="expected_improvement", sentence=f"Largest expected fall of the misfit: {here}{tail}"
        )

    return Aim(
        worth=worth,
        expect=expect,
        explain=explain,
        gain=np.exp,
        gain_unit="1",
        idle=MisfitImprovement(belief, known.misfit, known.least, DOUBT),
        unit_of_gain=known.least,
    )


PURSUIT = Pursuit(seek_match, of_match)
