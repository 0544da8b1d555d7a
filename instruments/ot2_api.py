"""The calls that PyLabRobot's Opentrons backend makes, given to a robot whose every wait has an end."""

from typing import Any

from instruments.ot2_http import RobotRun
from models.domain.errors import BeamlineFault

TRASH = "fixedTrash"
"""Where tips go: slot 12."""
Pipette = dict[str, Any]


class Runs:
    """Runs of the robot."""

    def __init__(self, run: RobotRun) -> None:
        """Speak for one run."""
        self._run = run

    def create(self) -> str:
        """Begin a run."""
        return self._run.create()


class Health:
    """What the robot is, and its home position."""

    def __init__(self, run: RobotRun) -> None:
        """Speak to one robot."""
        self._wire = run.wire

    def get(self) -> dict[str, Any]:
        """Its versions."""
        return self._wire.get("/health")

    def home(self) -> dict[str, Any]:
        """Move everything to its home position; answered when it is there."""
        return self._wire.post("/robot/home", {"target": "robot"}, self._wire.patience.command_s)


class DeckLabware:
    """Labware as the robot knows it."""

    def __init__(self, run: RobotRun) -> None:
        """Speak for one run."""
        self._run = run

    def define(self, definition: dict[str, Any]) -> dict[str, Any]:
        """Tell the robot a definition."""
        path = f"/runs/{self._run.run_id}/labware_definitions"
        return self._run.wire.post(path, {"data": definition})

    def add(
        self, *, load_name: str, ot_location: int, labware_id: str, display_name: str, **rest: Any
    ) -> None:
        """Tell the robot what stands in a slot; `rest` is ``namespace`` and ``version``."""
        params = {
            "location": {"slotName": str(ot_location)}, "loadName": load_name, "namespace": rest["namespace"],
            "version": int(rest["version"]), "labwareId": labware_id, "displayName": display_name,
        }  # fmt: skip
        self._run.command("loadLabware", params)


class Hand:
    """What moves pipettes and liquids."""

    def __init__(self, run: RobotRun) -> None:
        """Speak for one run."""
        self._run = run

    def add_mounted_pipettes(self) -> tuple[Pipette | None, Pipette | None]:
        """The pipettes that are mounted, left and right."""
        mounted = self._run.wire.get("/pipettes")
        return self._load(mounted, "left"), self._load(mounted, "right")

    def _load(self, mounted: dict[str, Any], mount: str) -> Pipette | None:
        name = (mounted.get(mount) or {}).get("name")
        if name is None:
            return None
        said = self._run.command("loadPipette", {"pipetteName": name, "mount": mount})
        pipette_id = (said.get("result") or {}).get("pipetteId")
        if not pipette_id:
            raise BeamlineFault(
                f"{self._run.wire.name} gave no id for its {mount} pipette; restart the robot."
            )
        return {"name": name, "pipetteId": pipette_id}

    def pick_up_tip(self, *, labware_id: str, well_name: str, pipette_id: str, **offset: float) -> None:
        """Take a tip; `offset` is ``offset_x``, ``offset_y`` and ``offset_z`` from its bottom, mm."""
        location = {"origin": "bottom", "offset": {axis: offset[f"offset_{axis}"] for axis in "xyz"}}
        params = {"labwareId": labware_id, "wellName": well_name, "wellLocation": location}
        self._run.command("pickUpTip", {**params, "pipetteId": pipette_id})

    def aspirate_in_place(self, *, volume: float, flow_rate: float, pipette_id: str) -> None:
        """Take liquid up where the tip is, uL and uL/s."""
        params = {"flowRate": flow_rate, "volume": volume, "pipetteId": pipette_id}
        self._run.command("aspirateInPlace", params)

    def dispense_in_place(self, *, volume: float, flow_rate: float, pipette_id: str) -> None:
        """Give liquid away where the tip is, uL and uL/s."""
        params = {"flowRate": flow_rate, "volume": volume, "pipetteId": pipette_id}
        self._run.command("dispenseInPlace", params)

    def move_arm(self, *, pipette_id: str, **rest: Any) -> None:
        """Move the end of the tip, or of the pipette, to coordinates of the robot, mm."""
        params: dict[str, Any] = {
            "pipetteId": pipette_id,
            "coordinates": {axis: rest[f"location_{axis}"] for axis in "xyz"},
            "forceDirect": bool(rest.get("force_direct", False)),
        }
        for key, name in (("minimum_z_height", "minimumZHeight"), ("speed", "speed")):
            if rest.get(key) is not None:
                params[name] = rest[key]
        self._run.command("moveToCoordinates", params)

    def move_to_addressable_area_for_drop_tip(self, *, pipette_id: str, **offset: float) -> None:
        """Move above the trash."""
        location = {
            "origin": "default",
            "offset": {axis: offset.get(f"offset_{axis}", 0.0) for axis in "xyz"},
        }
        params: dict[str, Any] = {"pipetteId": pipette_id, "addressableAreaName": TRASH}
        params |= {"wellLocation": location, "alternateDropLocation": False}
        self._run.command("moveToAddressableAreaForDropTip", params)

    def drop_tip_in_place(self, *, pipette_id: str) -> None:
        """Let go of the tip."""
        self._run.command("dropTipInPlace", {"pipetteId": pipette_id})

    def drop_any_tip(self, *, pipette_id: str) -> None:
        """Go above the trash and let go of a tip, be there one or not."""
        self.move_to_addressable_area_for_drop_tip(pipette_id=pipette_id)
        self._run.command("unsafe/dropTipInPlace", {"pipetteId": pipette_id})


class OtApi:
    """Stands in for the module ``ot_api``."""

    def __init__(self, run: RobotRun) -> None:
        """Speak for one run."""
        self.runs, self.health, self.labware, self.lh = Runs(run), Health(run), DeckLabware(run), Hand(run)

    def set_run(self, run_id: str) -> None:
        """Nothing to do: the run knows its id."""
