"""An OT-2 through PyLabRobot: its real backend over HTTP, or the one that only talks."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from instruments.labware import Labware
from instruments.ot2_api import OtApi
from instruments.ot2_http import CHECK, RobotRun
from instruments.robot_deck import RobotDeck
from instruments.robot_steps import Pipetting
from models.domain.errors import BeamlineFault

BELOW_RIM_MM = 5.0
"""How far below the rim of a well liquid is given away, mm: the tip stays dry, and goes back to its stock."""
ABOVE_ALL_MM = 5.0
"""How far above the tallest labware a tip travels, mm; PyLabRobot's own height is below the rim of a tube."""


class Ot2:
    """One robot with its deck. PyLabRobot is loaded when it is first spoken to."""

    def __init__(self, deck: RobotDeck, run: RobotRun | None, *, drops_doubtful_tip: bool = True) -> None:
        """Open nothing yet.

        Parameters
        ----------
        deck
            What stands on it.
        run
            The robot over HTTP; None for PyLabRobot's chatterbox, which moves nothing.
        drops_doubtful_tip
            False when a person took the tip off after a mix that was not ended.
        """
        self._deck, self._run, self._drops_doubtful_tip = deck, run, drops_doubtful_tip
        self._hand: Any = None
        self._places: dict[str, Any] = {}
        self._may_hold_tip = False

    @property
    def commands(self) -> list[str]:
        """What the chatterbox was told, by name; empty for a robot."""
        return [name for name, _, _ in getattr(getattr(self._hand, "backend", None), "commands", ())]

    def reach(self) -> None:
        """Ask the robot for its health, which moves nothing."""
        if self._run is not None:
            self._run.wire.get("/health")

    def connect(self, *, may_hold_tip: bool) -> None:
        """See that the robot is there, with the right pipettes, and no tip on them.

        Parameters
        ----------
        may_hold_tip
            True when the last mix was not ended: a tip is dropped into the trash first, be there one or not.

        Raises
        ------
        BeamlineFault
            When it does not answer, or is another robot. No liquid has moved.
        """
        if self._run is not None:
            self._run.begin_sample()
        if self._hand is not None and (self._run is None or self._run.is_alive):
            return
        if self._run is not None:
            self._run.stop()
        hand, places = _build(self._deck, self._run)
        _wait_for(hand.setup())
        self._check_pipettes(hand.backend)
        is_doubtful = may_hold_tip or self._may_hold_tip
        if is_doubtful and self._drops_doubtful_tip and self._run is not None:
            self._drop_any_tip(hand.backend)
        self._may_hold_tip = False
        self._hand, self._places = hand, places

    def pipette(self, step: Pipetting) -> None:
        """Carry one stock into a well, with one tip, in its steps.

        Raises
        ------
        BeamlineFault
            When the robot failed, or did not answer; how much has moved is not known.
        """
        hand, places = self._hand, self._places
        below_rim_mm = max(places[step.well].get_size_z() - BELOW_RIM_MM, 0.0)
        self._may_hold_tip = True
        _wait_for(hand.pick_up_tips([places[step.tip]], use_channels=[0]))
        for source_mm in step.heights_mm:
            for stroke, place, height_mm in (
                (hand.aspirate, places[step.source], source_mm),
                (hand.dispense, places[step.well], below_rim_mm),
            ):
                _wait_for(stroke([place], vols=[step.step_ul], use_channels=[0], liquid_height=[height_mm]))
        _wait_for(hand.discard_tips(use_channels=[0]))
        self._may_hold_tip = False

    def give_up(self) -> None:
        """After a fault: take no more commands in this run. Says nothing: the fault is what is told."""
        self._hand = None
        if self._run is not None:
            try:
                self._run.stop()
            except BeamlineFault:
                return  # asked again before the next run begins

    def _check_pipettes(self, backend: Any) -> None:
        for mount in ("left", "right"):
            wanted = self._deck.spec.pipettes.get(mount)
            found = getattr(backend, f"{mount}_pipette")
            name = None if found is None else found["name"]
            if wanted is not None and name != wanted.name:
                raise BeamlineFault(
                    f"the robot has {name or 'no pipette'} on its {mount} mount, the campaign file says "
                    f"{wanted.name}; mount it, or correct the file."
                )

    def _drop_any_tip(self, backend: Any) -> None:
        for found in (backend.left_pipette, backend.right_pipette):
            if found is None:
                continue
            try:
                backend._ot.lh.drop_any_tip(pipette_id=found["pipetteId"])
            except BeamlineFault as error:
                raise BeamlineFault(
                    f"a tip may be on {found['name']} since the last mix and could not be dropped: {error} "
                    "Take it off by hand, and set is_tip_off = true in [instrument] until a mix has ended."
                ) from error


def _wait_for(command: Coroutine[Any, Any, Any]) -> None:
    """See a command of PyLabRobot's to its end; what it raises becomes ours."""
    try:
        asyncio.run(command)
    except BeamlineFault:
        raise
    except Exception as error:  # PyLabRobot raises what it likes, assertions as well
        raise BeamlineFault(f"PyLabRobot: {type(error).__name__}: {error}; {CHECK}.") from error


def _build(deck: RobotDeck, run: RobotRun | None) -> tuple[Any, dict[str, Any]]:
    """PyLabRobot's liquid handler with the deck's labware, and its places by name."""
    from pylabrobot.liquid_handling import LiquidHandler
    from pylabrobot.resources.opentrons import OTDeck

    on_deck, places = OTDeck(), dict[str, Any]()
    for name, labware in deck.labware.items():
        make: Callable[..., Any] = _tip_rack if labware.tip_length_mm is not None else _plate
        resource, found = make(name, labware)
        on_deck.assign_child_at_slot(resource, deck.spec.labware[name].slot)
        places |= {f"{name}/{place}": item for place, item in found.items()}
    backend = _backend(deck, run)
    tallest_mm = max(labware.size_mm[2] for labware in deck.labware.values())
    backend.traversal_height = max(backend.traversal_height, tallest_mm + ABOVE_ALL_MM)
    return LiquidHandler(backend=backend, deck=on_deck), places


def _backend(deck: RobotDeck, run: RobotRun | None) -> Any:
    if run is None:
        from pylabrobot.liquid_handling.backends import OpentronsOT2ChatterboxBackend

        mounted = {mount: one.name for mount, one in deck.spec.pipettes.items()}
        return OpentronsOT2ChatterboxBackend(mounted.get("left"), mounted.get("right"), verbose=False)
    from pylabrobot.liquid_handling.backends import OpentronsOT2Backend

    backend: Any = OpentronsOT2Backend(run.wire.host, run.wire.port)
    backend._ot = OtApi(run)  # its own handle for all that goes to the robot, as its chatterbox uses it
    return backend


def _tip_rack(name: str, labware: Labware) -> tuple[Any, dict[str, Any]]:
    from pylabrobot.resources import Coordinate, Tip, TipRack, TipSpot

    def tip(name: str) -> Any:
        first = next(iter(labware.places.values()))
        return Tip(
            name=name, has_filter=False, total_tip_length=labware.tip_length_mm or 0.0,
            maximal_volume=first.capacity_ul, fitting_depth=labware.tip_overlap_mm,
        )  # fmt: skip

    spots: dict[str, Any] = {}
    for place, where in labware.places.items():
        spot = TipSpot(f"{name}_{place}", where.width_mm, where.width_mm, tip)
        (x, y, z), half = where.centre_mm, where.width_mm / 2
        spot.location = Coordinate(x - half, y - half, z)
        spots[place] = spot
    rack = TipRack(name, *labware.size_mm, ordered_items=spots, model=labware.definition)
    return rack, spots


def _plate(name: str, labware: Labware) -> tuple[Any, dict[str, Any]]:
    from pylabrobot.resources import Coordinate, Plate, Well

    wells: dict[str, Any] = {}
    for place, where in labware.places.items():
        well = Well(
            f"{name}_{place}", where.width_mm, where.width_mm, where.depth_mm, material_z_thickness=0.0,
            max_volume=where.capacity_ul,
        )  # fmt: skip
        (x, y, z), half = where.centre_mm, where.width_mm / 2
        well.location = Coordinate(x - half, y - half, z)
        wells[place] = well
    return Plate(name, *labware.size_mm, ordered_items=wells, model=labware.definition), wells
