"""What goals about whole curves have to believe: the coefficients of a basis, one belief each."""

from dataclasses import dataclass
from typing import Any

from models.domain.errors import FitFailed
from models.domain.objective import ObjectiveBase
from models.gp.curve_basis import CurveBasis, find_basis
from models.gp.curve_belief import CurveBelief
from models.gp.curve_set import CurveSet
from models.gp.knowledge import CURVE, Knowledge
from models.gp.pursuits.pursuit import Lesson, Situation
from models.gp.training import Training


def of_curves(objective: ObjectiveBase, knowledge: Knowledge, n_context: int) -> Lesson:
    """A belief for each coefficient; the basis is found from the first measurements and stays till a fit.

    Raises
    ------
    FitFailed
        When there are too few curves, or all are equal, or they have too few bins in common.
    """
    del objective
    if knowledge.curves is None:
        raise FitFailed("no measurement has a curve on record")
    curves = knowledge.curves.whole()
    return lesson_of(find_basis(curves, n_context), curves, knowledge)


def lesson_of(basis: CurveBasis, curves: CurveSet, knowledge: Knowledge) -> Lesson:
    """What is to be believed of whole curves, with a basis that is given."""
    found = basis.read(curves.intensities, curves.sigmas)
    trainings = {
        name: Training(curves.unit_points, found.values[:, k], found.sigmas[:, k])
        for k, name in enumerate(basis.names)
    }
    presence = {name: one for name, one in knowledge.presence.items() if name == CURVE}
    return Lesson(trainings, presence, CurveContext(basis))


@dataclass(frozen=True, eq=False)
class CurveContext:
    """What the beliefs of a lesson about whole curves are about."""

    basis: CurveBasis
    """What curves are told by."""


def basis_in(context: Any) -> CurveBasis:
    """The basis behind a lesson about whole curves."""
    assert isinstance(context, CurveContext)
    return context.basis


def belief_in(situation: Situation) -> CurveBelief:
    """What is believed of curves in a situation."""
    return CurveBelief(basis_in(situation.context), situation.beliefs)
