"""What whole curves on record make one believe, away from any decision: for pictures and questions."""

from models.domain.curve_goals import Curves, OnCurves
from models.domain.objective import ObjectiveBase
from models.domain.scattering import Floats
from models.gp.acquisitions.match import MisfitImprovement
from models.gp.belief import form_belief
from models.gp.curve_belief import CurveBelief
from models.gp.knowledge import Knowledge
from models.gp.pursuits.catalog import pursuit_of
from models.gp.pursuits.curve_lesson import CurveContext
from models.gp.pursuits.match import Compared


def believe_curves(objective: ObjectiveBase, knowledge: Knowledge) -> CurveBelief:
    """Curves as they are believed after all measurements.

    Raises
    ------
    FitFailed
        When nothing can be learned from them.
    """
    return _believed(objective, knowledge)[0]


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
    belief, known = _believed(objective, knowledge)
    if isinstance(known, Compared):
        return MisfitImprovement(belief, known.misfit, known.least).expected(points)
    return belief.mean_logs(points)[0], belief.band(points).rms_sigmas


def _believed(objective: ObjectiveBase, knowledge: Knowledge) -> tuple[CurveBelief, CurveContext]:
    """Curves as they are believed, and what the beliefs are about.

    A goal that needs curves for something else is asked as one that learns them.
    """
    about = objective if isinstance(objective, OnCurves) else Curves(goal="curves")
    lesson = pursuit_of(about).study(about, knowledge, knowledge.n_read)
    beliefs = {name: form_belief(training) for name, training in lesson.trainings.items()}
    assert isinstance(lesson.context, CurveContext)
    return CurveBelief(lesson.context.basis, beliefs), lesson.context
