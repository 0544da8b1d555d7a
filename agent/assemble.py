"""The one place that knows every implementation: from a campaign file to a loop that can run."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.clock import system_clock
from agent.environment import environment_json
from agent.loop import Loop, Parts
from agent.milestones import Milestones
from agent.plugs import add_home, find_builder
from agent.ports import Narrator, Strategy
from agent.schema import campaign_schema
from agent.strategy.problem import Problem
from agent.strategy.stack import STRATEGIES, build_strategy
from db.engine import open_to_read, open_to_write
from db.histories import read_history
from db.identity import CampaignIdentity, identify
from db.lease import Ways, take_lease, this_process
from db.log import DecisionLog, Opening, Process
from db.publish import Publisher, open_publisher
from db.queries import read_campaigns
from instruments.beamline import Beamline, device_name, limits_of
from instruments.fence import Permit
from instruments.kinds import SHIPPED as INSTRUMENTS
from instruments.kinds import BuildContext, build_beamline
from instruments.runner import BlueskyInstrument
from models.domain.campaign import CampaignSpec, Plug
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.history import History
from models.domain.records import Event
from models.domain.space import SearchSpace
from models.gp.design import DRAWS_PER_POINT, draw_feasible
from models.saxs.extractor import Extractor
from models.saxs.extractors import features_made, load_extractors
from models.saxs.geometry_files import read_geometry
from models.saxs.pipeline import build_analysis

DATA_FOLDER = "nightbeam-data"
"""Where frames, curves and pictures go when the campaign file names no folder."""
MILESTONE_EVERY = 10
"""A map of what is believed is kept with each so-manieth decision that asked a model."""
N_PROBE = 1024
"""Points drawn from a space to see that it can be filled."""


@dataclass(frozen=True)
class Own:
    """Parts that a Python user hands in instead of naming them in the campaign file."""

    beamline: Beamline | None = None
    """Devices."""
    features: tuple[Extractor, ...] = ()
    """Extractors, run after those of the file."""


@dataclass(frozen=True)
class Plan:
    """A campaign that has been checked: every part is there, nothing is written, nothing moves."""

    spec: CampaignSpec
    """The campaign file."""
    url: str
    """The database."""
    identity: CampaignIdentity
    """Which campaign this is."""
    folder: Path
    """Where its files go."""
    problem: Problem
    """What strategies are told of the task."""
    beamline: Beamline
    """The devices."""
    extractors: tuple[Extractor, ...]
    """What reads the curves."""
    geometry: Geometry | None
    """Where the detector stands; None when each frame says so itself."""
    strategy: Strategy
    """What chooses."""
    publisher: Publisher
    """What publishes heads of the record."""

    @property
    def space(self) -> SearchSpace:
        """Where it may look."""
        return self.problem.space

    @property
    def instrument(self) -> str:
        """Name of the instrument, of which one agent at a time may hold the lease."""
        return self.beamline.name or self.spec.instrument.kind


def prepare(spec: CampaignSpec, home: Path, url: str, own: Own | None = None) -> Plan:
    """Check a campaign and gather its parts.

    Parameters
    ----------
    spec
        The campaign file.
    home
        The folder it lies in; relative paths in it start there.
    url
        The database.
    own
        Parts handed in by a Python user.

    Raises
    ------
    BadInput
        When any part is missing or contradicts another.
    """
    own = own or Own()
    add_home(home)
    extractors = (*_extractors(spec), *own.features)
    unit = _objective_unit(spec, extractors)
    identity = identify(url, spec, Path(spec.folder or DATA_FOLDER))
    folder = identity.folder
    beamline = own.beamline or _beamline(spec, home, folder)
    problem = _problem(spec, _space(spec, beamline), unit)
    geometry = _geometry(spec, home, beamline)
    return Plan(
        spec=spec,
        url=url,
        identity=identity,
        folder=folder,
        problem=problem,
        beamline=beamline,
        extractors=extractors,
        geometry=geometry,
        strategy=build_strategy(spec, problem),
        publisher=_publisher(spec, home, folder),
    )


@contextmanager
def open_loop(plan: Plan, narrator: Narrator) -> Generator[Loop]:
    """Take the instrument, open the log and wire the parts: the campaign begins, or goes on.

    The instrument is given back and the log closed afterwards.

    Raises
    ------
    BadInput
        When another agent has the instrument, or the database may not be written.
    LogUnavailable
        When the database refuses.
    """
    clock = system_clock()

    def say(sentence: str) -> None:
        narrator.noted(Event(level="warning", code="log", sentence=sentence))

    plan.folder.mkdir(parents=True, exist_ok=True)
    engine = open_to_write(plan.url)
    lease = take_lease(engine, plan.instrument, this_process(plan.spec.name, clock()), Ways(clock))
    process = Process(clock, environment_json(), say, plan.publisher.publish)
    opening = Opening(plan.identity, plan.spec, canonical_json(plan.problem))
    try:
        log = DecisionLog(engine, lease, opening, process)
    except BaseException:
        lease.give_back()
        engine.dispose()
        raise
    analysis = build_analysis(
        plan.spec.analysis, extractors=plan.extractors, folder=plan.folder, geometry=plan.geometry
    )
    permit = Permit(lease.fence, lease.check, lease.renew)
    instrument = BlueskyInstrument(plan.beamline, plan.identity.label, plan.folder, permit)
    milestones = Milestones(plan.problem, MILESTONE_EVERY)
    parts = Parts(instrument, analysis, plan.strategy, log, narrator, milestones)
    try:
        yield Loop(parts, plan.spec.budget, lambda: clock().utc, log.began_utc)
    finally:
        instrument.close()
        log.close()


def _publisher(spec: CampaignSpec, home: Path, folder: Path) -> Publisher:
    return open_publisher(spec.record.anchors, home, folder, os.environ)


def _extractors(spec: CampaignSpec) -> tuple[Extractor, ...]:
    try:
        return load_extractors(spec.analysis.features)
    except BadInput as error:
        raise error.within("analysis") from None


def _geometry(spec: CampaignSpec, home: Path, beamline: Beamline) -> Geometry | None:
    """The geometry that the file names, if any; refused when it is for another detector."""
    if spec.analysis.geometry is None:
        return None
    where = "analysis.geometry"
    try:
        geometry = read_geometry(home / spec.analysis.geometry)
    except BadInput as error:
        raise error.within(where) from None
    if beamline.frame_shape not in (None, geometry.shape):
        raise BadInput(
            where,
            f"{spec.analysis.geometry} is for frames of {_shape_text(geometry.shape)} pixels, but "
            f"{device_name(beamline.detector)} makes {_shape_text(beamline.frame_shape)}",
            "Name the geometry of this detector, or leave the key out to take it from each frame",
        )
    return geometry


def _shape_text(shape: tuple[int, int]) -> str:
    return f"{shape[0]} x {shape[1]}"


def _objective_unit(spec: CampaignSpec, extractors: tuple[Extractor, ...]) -> str:
    made = features_made(extractors)
    feature = spec.objective.feature
    if feature not in made:
        raise BadInput(
            "objective.feature",
            f"is {feature!r}, which the analysis does not make",
            f"It makes: {', '.join(made)}. Choose one of these, or add an extractor to analysis.features",
        )
    return made[feature]


def _beamline(spec: CampaignSpec, home: Path, folder: Path) -> Beamline:
    build = find_builder(spec.instrument, "instruments", INSTRUMENTS, "instrument")
    context = BuildContext(
        campaign=spec.name,
        seed=spec.seed,
        folder=folder,
        axes=tuple(axis.name for axis in spec.axes),
        home=home,
    )
    return build_beamline(build, spec.instrument.options, context, where="instrument")


def _space(spec: CampaignSpec, beamline: Beamline) -> SearchSpace:
    if beamline.space is not None:
        for key, is_given in {"axes": spec.axes, "measurement.blank": spec.measurement.blank}.items():
            if is_given:
                raise BadInput(key, "is given, but this instrument brings its own samples", f"Remove {key}")
        return beamline.space if beamline.space.candidates else _drawable(beamline.space, spec.seed)
    if not spec.axes:
        raise BadInput(
            "axes", "are missing, and the instrument brings none of its own", "Add one [[axes]] table an axis"
        )
    _refuse_beyond_limits(spec, beamline)
    return _drawable(spec.space(), spec.seed)


def _refuse_beyond_limits(spec: CampaignSpec, beamline: Beamline) -> None:
    """Refuse an axis that asks for more than its device says it can do."""
    for axis in spec.axes:
        limits = limits_of(beamline.axes.get(axis.name))
        if limits is not None and (axis.low < limits[0] or axis.high > limits[1]):
            raise BadInput(
                f"axes: {axis.name}",
                f"asks for {axis.low:g} to {axis.high:g} {axis.unit}, but its device goes from "
                f"{limits[0]:g} to {limits[1]:g}",
                "Narrow the axis, or widen the device's limits",
            )


def _drawable(space: SearchSpace, seed: int) -> SearchSpace:
    """The space, when points can be drawn from it with twice the ease that any later draw asks for."""
    try:
        draw_feasible(space, N_PROBE, seed, DRAWS_PER_POINT // 2)
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise BadInput("sums", problem, remedy.capitalize()) from None
    return space


def _problem(spec: CampaignSpec, space: SearchSpace, unit: str) -> Problem:
    return Problem(
        space=space,
        objective=spec.objective,
        unit=unit,
        exposure_s=spec.measurement.exposure_s,
        seed=spec.seed,
    )


def read_record(spec: CampaignSpec, url: str) -> History:
    """What is on record of a campaign.

    Raises
    ------
    BadInput
        When there is no such database or campaign.
    """
    with open_to_read(url).connect() as connection:
        campaign = read_campaigns(connection, spec.name)[0]
        return read_history(connection, campaign.id)


def shipped_schema() -> dict[str, Any]:
    """The JSON schema of campaign files."""
    rooms = {"instrument": ("instruments", INSTRUMENTS), "strategy": ("agent.strategy", STRATEGIES)}
    return campaign_schema(
        {
            table: {kind: find_builder(Plug(kind=kind), room, kinds, table) for kind in kinds}
            for table, (room, kinds) in rooms.items()
        }
    )
