"""What whole curves on record make one believe, away from any decision: for pictures and questions."""

from models.domain.curve_goals import Curves, OnCurves
from models.domain.objective import ObjectiveBase
from models.domain.scattering import Floats
from models.gp.acquisitions.match import MisfitImprovement
from models.gp.belief import form_belief
from models.gp.curve_belief import CurveBelief
from models.gp.knowledge import Knowledge
from models.gp.pursuits.catalog import pursuit_of
from models.gp.pursuits.curve_lesson import basis_in
from models.gp.pursuits.match import Compared


def believe_curves(objective: ObjectiveBase, knowledge: Knowledge) -> CurveBelief:
    """Curves as they are believed after all measurements.

    Raises
    ------
    FitFailed
        When nothing can be learned from them.
    """
    objective = _about_curves(objective)
    lesson = pursuit_of(objective).study(objective, knowledge, knowledge.n_read)
    beliefs = {name: form_belief(training) for name, training in lesson.trainings.items()}
    return CurveBelief(basis_in(lesson.context), beliefs)


def believe_in_one_number(
    objective: ObjectiveBase, knowledge: Knowledge, points: Floats
) -> tuple[Floats, Floats]:
    """What a map shows of whole curves at points, shape (m, n_columns).

    Parameters
    ----------
    objective
        A goal about whole curves.
    knowledge
        What was learned.
    points
        Scaled coordinates.

    Returns
    -------
    tuple of Floats
        Where a curve is to be matched, the expected misfit and its standard deviation; else the mean
        log-intensity and the rms sigma of the whole curve. Each shape (m,).

    Raises
    ------
    FitFailed
        When nothing can be learned.
    """
    objective = _about_curves(objective)
    lesson = pursuit_of(objective).study(objective, knowledge, knowledge.n_read)
    beliefs = {name: form_belief(training) for name, training in lesson.trainings.items()}
    belief = CurveBelief(basis_in(lesson.context), beliefs)
    if isinstance(lesson.context, Compared):
        known = lesson.context
        return MisfitImprovement(belief, known.misfit, known.least).expected(points)
    return belief.mean_logs(points)[0], belief.band(points).rms_sigmas


def _about_curves(objective: ObjectiveBase) -> ObjectiveBase:
    """The objective, or that of learning whole curves where it needs them for something else."""
    return objective if isinstance(objective, OnCurves) else Curves(goal="curves")
