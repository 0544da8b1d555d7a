"""What people ask of a campaign that runs, and how it was answered."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from models.domain.clock import Stamp
from models.domain.decision import Decision, Override
from models.domain.frozen import Frozen
from models.domain.point import Point
from models.domain.veto import Veto

RequestKind = Literal["pause", "resume", "veto", "lift", "pin", "stop"]
AnswerCode = Literal["obeyed", "refused", "overtaken", "lapsed"]
"""`overtaken`: another request came before it could be obeyed. `lapsed`: a veto does not hold any more."""
VETO_RADIUS = 0.05
"""How far a veto reaches, where nobody says it, as a share of each axis' range."""


class Request(Frozen):
    """What a person asks. It is one row, which the run that goes on, or the next one, obeys."""

    kind: RequestKind
    """What is asked. `lift` takes a veto back."""
    who: str = Field(min_length=1)
    """The person."""
    why: str = Field(min_length=1)
    """The reason."""
    seq: int | None = None
    """The decision that is vetoed."""
    point: Point | None = None
    """What is to be measured next; or the middle of what is vetoed, perhaps on some axes only."""
    exposure_s: float | None = Field(default=None, gt=0)
    """How long to expose what is pinned, s."""
    radius: float | None = Field(default=None, ge=0, le=1)
    """How far a veto reaches on each named axis, as a share of the axis' range."""
    hours: float | None = Field(default=None, gt=0)
    """How long a veto holds, h; None until it is lifted."""
    lifts: int | None = None
    """Number of the veto that is taken back."""

    @model_validator(mode="after")
    def _says_what_it_asks(self) -> Self:
        if self.kind == "pin" and (self.point is None or self.exposure_s is None):
            raise ValueError("a pin needs a point and an exposure")
        if self.kind == "veto" and (self.radius is None or (self.point is None) == (self.seq is None)):
            raise ValueError("a veto needs a decision or a point, not both, and a radius")
        if self.kind == "lift" and self.lifts is None:
            raise ValueError("to lift a veto needs its number")
        return self

    def text(self) -> str:
        """What is asked, for people: ``pin of surfactant 0.2, water 0.7 for 5 s``."""
        what = self.kind if self.lifts is None else f"lift of veto {self.lifts}"
        what += "" if self.seq is None else f" of decision {self.seq}"
        what += "" if self.point is None else f" of {self.point.text()}"
        what += "" if self.exposure_s is None else f" for {self.exposure_s:g} s"
        what += "" if self.radius is None else f" within {self.radius:g}"
        return what + ("" if self.hours is None else f" for {self.hours:g} h")

    def override(self) -> Override:
        """A pin, as the loop takes it."""
        assert self.point is not None
        assert self.exposure_s is not None
        return Override(point=self.point, exposure_s=self.exposure_s, who=self.who, why=self.why)


class Answer(Frozen):
    """What a run did about a request."""

    request: int
    """Number of the request."""
    seq: int
    """`seq` of the decision that obeys it, or of the one before which it was obeyed."""
    code: AnswerCode
    """How it fared."""
    sentence: str
    """One plain sentence."""


@dataclass(frozen=True)
class LoggedRequest:
    """A request on record, with its answers."""

    id: int
    """Its number in the database."""
    request: Request
    """What was asked."""
    stamp: Stamp
    """When."""
    answers: tuple[Answer, ...] = ()
    """How it was answered, in order."""
    age_s: float = 0.0
    """How long ago it was asked, s: by the monotonic clock within one boot of one machine, else by UTC."""

    @property
    def is_open(self) -> bool:
        """True when no run has answered it yet."""
        return not self.answers

    def answer(self, code: AnswerCode) -> Answer | None:
        """The answer of that sort; None where there is none."""
        return next((one for one in self.answers if one.code == code), None)


def standing_pause(asked: Iterable[LoggedRequest]) -> LoggedRequest | None:
    """The pause that nobody has resumed from; None where the campaign may go on. The last word counts."""
    last = None
    for one in asked:
        if one.request.kind in ("pause", "resume"):
            last = one
    return last if last is not None and last.request.kind == "pause" else None


def open_requests(asked: Iterable[LoggedRequest], *kinds: RequestKind) -> Iterator[LoggedRequest]:
    """Requests of these kinds that no run has answered yet, in the order in which they were asked."""
    return (one for one in asked if one.is_open and one.request.kind in kinds)


def veto_by(request_id: int, request: Request, point: Point | None, since: int) -> Veto:
    """The veto that follows from a request.

    Parameters
    ----------
    request_id, request
        The request.
    point
        Where the vetoed decision is, where one is named.
    since
        `seq` of the first decision that obeys it.
    """
    middle = request.point or point
    return Veto(
        request=request_id,
        who=request.who,
        why=request.why,
        coordinates={} if middle is None else middle.coordinates,
        radius=request.radius or 0.0,
        since=since,
    )


def vetoes_of(asked: Iterable[LoggedRequest], decisions: Sequence[Decision]) -> tuple[Veto, ...]:
    """The vetoes that were taken up, in order, with the decisions for which they hold."""
    found: list[Veto] = []
    for one in asked:
        taken_up, lapsed, seq = one.answer("obeyed"), one.answer("lapsed"), one.request.seq
        if one.request.kind == "veto" and taken_up is not None:
            point = decisions[seq - 1].point if seq is not None else None
            veto = veto_by(one.id, one.request, point, taken_up.seq)
            found.append(veto.model_copy(update={"until": None if lapsed is None else lapsed.seq}))
    return tuple(found)
