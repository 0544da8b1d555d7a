"""Samples made by an OT-2: a rehearsal with a virtual beam, and a dispenser for one's own beamline."""

import importlib.util
from dataclasses import dataclass, replace

from pydantic import Field

from instruments.beamline import Beamline, Tags, Timeouts
from instruments.kinds import BuildContext
from instruments.mixing import SoftTags
from instruments.ot2 import Ot2
from instruments.ot2_http import Patience, RobotRun, Wire
from instruments.robot_deck import RobotDeck, RobotDeckSpec, read_deck
from instruments.robot_dispenser import Mixture, RobotDispenser
from instruments.robot_told import refuse_disagreement, with_stocks
from instruments.soft import Setting
from instruments.virtual import COMPONENTS, beamline_around
from instruments.virtual import Options as VirtualOptions
from instruments.virtual_deck import VirtualDeck
from instruments.virtual_sample import JOURNAL, Journal
from models.domain.errors import BadInput
from sims.world import World, WorldSpec

EXTRA = "pip install 'nightbeam[opentrons]'"
"""What installs PyLabRobot."""
CHATTERBOX = "chatterbox"
"""Host of a robot that moves nothing."""
PORT = 31950
"""Where an OT-2 listens."""
SPARE_S = 5.0
"""What a mix may take beyond the robot's own patience before the plan gives it up, s."""


class RobotOptions(RobotDeckSpec):
    """Keys of ``[instrument]`` that are about the robot."""

    host: str = CHATTERBOX
    """Name or address of the OT-2; ``chatterbox`` for PyLabRobot's own, which needs no robot."""
    port: int = Field(default=PORT, gt=0, lt=65536)
    """Its port."""
    sample_ul: float | None = Field(default=None, gt=0)
    """Volume of a sample, uL, where the campaign's axes are the fractions of the stocks."""
    reply_s: float = Field(default=5.0, gt=0)
    """How long the robot may take to answer, s."""
    command_s: float = Field(default=60.0, gt=0)
    """How long one motion or stroke may take, s."""
    mix_s: float = Field(default=900.0, gt=0)
    """How long one sample may take, s."""
    is_tip_off: bool = False
    """True when a person took off the tip that a mix left on; else the robot drops it itself."""


@dataclass(frozen=True)
class Robot:
    """A robot's dispenser, and what a `Beamline` takes along with it."""

    dispenser: RobotDispenser
    """Makes the samples."""
    journal: Journal
    """What was made: each sample with its well."""
    tags: Tags
    """What it is told before each command."""
    longest_s: float
    """The longest that one mix may take, s: for `Timeouts.mix_s`."""
    deck: RobotDeck
    """What stands on it."""


class Options(RobotOptions):
    """Keys of ``[instrument]`` with ``kind = "opentrons"``."""

    sample_ul: float | None = Field(default=1000.0, gt=0)
    """Volume of a sample, uL."""
    world: WorldSpec = WorldSpec()
    """The hidden truth that the virtual beam measures."""


@dataclass(frozen=True)
class Around:
    """What a robot shares with a beamline around it."""

    journal: Journal
    """What was made so far."""
    tags: SoftTags
    """What it is told before each command."""
    mixture: Mixture | None = None
    """What comes of transfers, where that is known."""


def make_robot(options: RobotOptions, context: BuildContext, around: Around | None = None) -> Robot:
    """The dispenser of an OT-2; nothing is spoken to before the first mix.

    Parameters
    ----------
    options
        The robot, and what stands on its deck.
    context
        What it is told about the campaign; the journal lies in its folder.
    around
        What it shares with a beamline; made here when left out.

    Raises
    ------
    BadInput
        When a name of the deck leads nowhere, or contradicts the campaign's ``[deck]``.
    """
    for library in ("pylabrobot", "ot_api"):
        if importlib.util.find_spec(library) is None:
            raise BadInput("[instrument]", f"needs {library}, which is not installed", f"Install it: {EXTRA}")
    deck = read_deck(with_stocks(options, context.deck), context.home)
    if context.deck is not None:
        refuse_disagreement(deck, context.deck)
    patience = Patience(options.reply_s, options.command_s, options.mix_s)
    is_real = options.host != CHATTERBOX
    run = RobotRun(Wire(options.host, options.port, patience)) if is_real else None
    around = around or _alone(context)
    told = around.tags
    return Robot(
        dispenser=RobotDispenser(
            deck,
            Ot2(deck, run, drops_doubtful_tip=not options.is_tip_off),
            around.journal,
            told,
            axes=options.sample_ul if around.mixture is None else around.mixture,
        ),
        journal=around.journal,
        tags=Tags(seq=told.seq, action_id=told.action_id, fence=told.fence),
        longest_s=options.mix_s + options.command_s + 2 * options.reply_s + SPARE_S,
        deck=deck,
    )


def _alone(context: BuildContext) -> Around:
    """Journal and tags of a robot that shares them with nobody."""
    tags = SoftTags(
        Setting(name="tag_seq", value=0),
        Setting(name="tag_action_id", value=""),
        Setting(name="tag_fence", value=0),
    )
    return Around(Journal(context.folder.resolve() / JOURNAL), tags)


def build(options: Options, context: BuildContext) -> Beamline:
    """A rehearsal: an OT-2 makes the samples, real or the chatterbox, and a virtual beam measures them.

    Parameters
    ----------
    options
        Keys of ``[instrument]``.
    context
        What it is told about the campaign; `seed` seeds the world.
    """
    deck = context.deck
    mixture = None if deck is None else VirtualDeck(deck, COMPONENTS, context.seed)
    if deck is None and set(options.stocks) != set(COMPONENTS):
        raise BadInput(
            "[instrument].stocks", f"are {', '.join(options.stocks)}", f"Name them {', '.join(COMPONENTS)}"
        )
    world = World(options.world, context.seed)
    made: list[Robot] = []

    def make_dispenser(journal: Journal, tags: SoftTags) -> RobotDispenser:
        made.append(make_robot(options, context, Around(journal, tags, mixture)))
        return made[-1].dispenser

    around = beamline_around(world, VirtualOptions(world=options.world), context, make_dispenser)
    timeouts = Timeouts(move_s=around.timeouts.move_s, mix_s=made[0].longest_s)
    one = context.folder.resolve().name if options.host == CHATTERBOX else f"{options.host}:{options.port}"
    return replace(around, timeouts=timeouts, name=f"opentrons {one}")
