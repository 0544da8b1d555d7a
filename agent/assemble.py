"""The one place that wires every implementation: from a plan to a loop that can run."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from agent.clock import system_clock
from agent.environment import environment_json
from agent.loop import Loop, Parts
from agent.milestones import Milestones
from agent.notifying import calling
from agent.people import Terms
from agent.plan import Plan
from agent.plugs import find_builder
from agent.ports import Narrator
from agent.schema import campaign_schema
from agent.strategy.stack import STRATEGIES
from db.engine import open_to_read, open_to_write
from db.histories import read_history
from db.holder import this_process
from db.lease import Ways, take_lease
from db.log import DecisionLog, Opening, Process
from db.openings import refuse_edited_openings
from db.queries import read_campaigns
from instruments.fence import Permit
from instruments.kinds import SHIPPED as INSTRUMENTS
from instruments.runner import BlueskyInstrument
from models.domain.campaign import CampaignSpec, Plug
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput
from models.domain.history import History
from models.domain.records import Event
from models.saxs.judged_loads import JudgesLoads
from models.saxs.pipeline import build_analysis

MILESTONE_EVERY = 10
"""A map of what is believed is kept with every tenth decision that asked a model."""


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

    with ExitStack() as opened:
        patience_s = plan.spec.record.patience_s
        engine = open_to_write(plan.url, patience_s)
        opened.callback(engine.dispose)
        holder, ways = this_process(plan.spec.name, clock()), Ways(clock, patience_s=patience_s)
        lease = take_lease(engine, plan.instrument, holder, ways)
        opened.callback(lease.give_back)
        opened.enter_context(lease.kept_alive())
        _make_folder(plan.folder)  # not before: a run that is refused leaves nothing behind
        process = Process(clock, environment_json(), say, plan.publisher.publish)
        refuse_edited_openings(engine, plan.spec.name)
        opening = Opening(plan.identity, plan.spec, canonical_json(plan.problem))
        log = DecisionLog(engine, lease, opening, process)
        opened.callback(log.close)
        if lease.taken_from is not None:
            said = f"the instrument {lease.instrument!r} was taken over from {lease.taken_from}"
            log.append(Event(level="warning", code="taken_over", sentence=said))
        permit = Permit(lease.fence, lease.check, lease.renew)
        instrument = BlueskyInstrument(plan.beamline, plan.identity.label, plan.folder, permit)
        opened.callback(instrument.close)
        analysis = build_analysis(
            plan.spec.analysis,
            extractors=plan.extractors,
            folder=plan.folder,
            detector=plan.detector,
            profile_bins=plan.spec.objective.profile_bins,
        )
        if plan.spec.load is not None:
            analysis = JudgesLoads(analysis, plan.spec.load)
        milestones = Milestones(plan.problem, MILESTONE_EVERY)
        terms = Terms(plan.problem.space, plan.spec.people.veto_s)
        told = calling(plan.spec, plan.ways, narrator, log, lambda: clock().utc)
        both = opened.enter_context(told)
        parts = Parts(instrument, analysis, plan.strategy, log, both[0], milestones, terms, both[1])
        began_utc = None if plan.problem.is_time_simulated else log.began_utc
        yield Loop(parts, plan.spec.budget, lambda: clock().utc, began_utc)


def _make_folder(folder: Path) -> None:
    """Have the campaign's folder, before the record says that it is there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"folder {folder}", f"cannot be made ({error.strerror})", "Name another under the key folder"
        ) from error


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
