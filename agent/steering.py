"""What a person may ask of a campaign: checked against its record before a row is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from agent.strategy.problem import Problem
from models.domain.errors import BadInput
from models.domain.history import History
from models.domain.point import Point
from models.domain.records import LoggedAction
from models.domain.request import LoggedRequest, Request, open_requests, standing_pause, veto_by
from models.domain.space import SearchSpace
from models.domain.veto import Veto


@dataclass(frozen=True)
class Standing:
    """How a campaign stands when a person asks something of it."""

    name: str
    """The campaign."""
    problem: Problem
    """The task."""
    exposure_s: float
    """How long a measurement is exposed, where nobody says it, s."""
    history: History
    """What happened."""
    asked: tuple[LoggedRequest, ...]
    """What was asked before."""
    commands: tuple[LoggedAction, ...]
    """Commands of the last decision."""

    @property
    def vetoes(self) -> tuple[Veto, ...]:
        """The vetoes that stand, and those that a run will take up next."""
        history = self.history
        to_come = tuple(
            veto_by(one.id, one.request, one.request.point, history.next_seq)
            for one in open_requests(self.asked, "veto")
            if one.request.point is not None
        )
        return (*history.standing_vetoes, *to_come)


def place_of(words: Sequence[str], space: SearchSpace) -> dict[str, float | str]:
    """Coordinates from words such as ``water=0.7``.

    Raises
    ------
    BadInput
        When one names no axis, or no number where a number is needed.
    """
    place: dict[str, float | str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in space.names:
            raise BadInput(word, "names no axis", f"Write AXIS=VALUE; the axes are {', '.join(space.names)}")
        if name in place:
            raise BadInput(word, f"is the second value for {name}", "Give one")
        place[name] = value.strip()
        if space.axis(name).is_numeric:
            try:
                place[name] = float(value)
            except ValueError:
                raise BadInput(
                    word, f"{value!r} is no number", f"Give {space.axis(name).range_text()}"
                ) from None
            if not isfinite(float(value)):
                raise BadInput(word, f"{value!r} is not finite", f"Give {space.axis(name).range_text()}")
    return place


def pinned_point(standing: Standing, words: Sequence[str], sample: str | None) -> Point:
    """The point that is to be measured next.

    Raises
    ------
    BadInput
        When it cannot be had.
    """
    space = standing.problem.space
    place = place_of(words, space)
    if space.candidates:
        point = _listed(space, place, sample)
    elif sample is not None:
        raise BadInput(
            f"--sample {sample}", "this campaign has no list of samples", "Give AXIS=VALUE instead"
        )
    else:
        point = Point(coordinates=place)
    objections = space.model_copy(update={"vetoed": standing.vetoes}).objections(point)
    if objections:
        raise BadInput("the pin", "; ".join(objections), "Pin another point")
    return point


def _listed(space: SearchSpace, place: dict[str, float | str], sample: str | None) -> Point:
    """The one point of a list that is meant."""
    found = [
        point
        for point in space.candidates
        if (sample is None or point.sample == sample)
        and all(point.coordinates[name] == value for name, value in place.items())
    ]
    if len(found) != 1 or not (place or sample):
        n_found = "no point" if not found else f"{len(found)} points"
        raise BadInput("the pin", f"{n_found} of the list are so", "Name one of them, perhaps by --sample")
    return found[0]


def vetoed_decision(standing: Standing, seq: int | None) -> int:
    """The decision that is vetoed: the one that is given, or that at hand.

    Raises
    ------
    BadInput
        When none is waiting to be begun.
    """
    history = standing.history
    at_hand = history.decisions[-1] if history.decisions else None
    remedy = (
        "Veto its surroundings with --point; decisions wait for a veto where the campaign file says "
        "veto_s = 30 under [people]"
    )
    if at_hand is None or at_hand.point is None or history.has_outcome(at_hand):
        raise BadInput("SEQ" if seq is None else f"SEQ {seq}", "no decision is waiting to be begun", remedy)
    if seq not in (None, at_hand.seq):
        raise BadInput(f"SEQ {seq}", f"it is decision {at_hand.seq} that is at hand", remedy)
    if any(command.state != "planned" for command in standing.commands):
        raise BadInput(f"SEQ {at_hand.seq}", "it has begun already", remedy)
    return at_hand.seq


def refuse_idle(standing: Standing, request: Request) -> None:
    """Refuse what could have no effect.

    Raises
    ------
    BadInput
        When nothing is paused, or there is no such veto.
    """
    if request.kind == "resume" and standing_pause(standing.asked) is None:
        raise BadInput(f"campaign {standing.name!r}", "is not paused", "Nothing to do")
    if request.kind == "lift" and request.lifts not in {veto.request for veto in standing.vetoes}:
        numbers = ", ".join(str(veto.request) for veto in standing.vetoes) or "none"
        raise BadInput(f"--lift {request.lifts}", "there is no such veto", f"Those that stand: {numbers}")
