"""What became of a command: the same answer after a run, after a fault and after a crash."""

from pathlib import Path

from instruments.beamline import Beamline, device_name
from instruments.documents import read_run
from instruments.evidence import FRAMES, asset_paths, leftovers, rebuild_exposure, verify_file
from instruments.faults import explain
from models.domain.action import Action, ActionReport, ActionStatus
from models.domain.errors import BeamlineFault

JOURNAL_SAYS: dict[str | None, tuple[ActionStatus, str]] = {
    "done": ("succeeded", "The dispenser's journal says that the sample was mixed."),
    "started": (
        "unknown",
        "The journal has a beginning of this mix and no end; a person must look at the vial.",
    ),
    "no journal": ("unknown", "The dispenser keeps no journal; a person must look at the vial."),
    None: ("failed", "The dispenser's journal does not know this mix; nothing was dispensed."),
}
"""What a dispenser's journal proves of a mix."""


def reconcile(beamline: Beamline, folder: Path, action: Action) -> ActionReport:
    """What documents, files and the dispenser's journal prove of an action.

    Parameters
    ----------
    beamline
        The devices; only the dispenser's journal is asked.
    folder
        The campaign's folder.
    action
        The command that was given.
    """
    if action.kind == "expose":
        return _reconcile_expose(beamline, folder, action)
    if action.kind == "prepare":
        dispenser = beamline.dispenser
        entry = dispenser.journal_entry(action.action_id) if dispenser is not None else "no journal"
        status, sentence = JOURNAL_SAYS[entry]
        return ActionReport(action_id=action.action_id, status=status, sentence=sentence)
    sentence = "Whether the load ended is not known; absolute moves may simply be done again."
    return ActionReport(action_id=action.action_id, status="failed", sentence=sentence)


def report_exposure(beamline: Beamline, folder: Path, action: Action) -> ActionReport:
    """The report of an exposure, from its documents and its file.

    Raises
    ------
    BeamlineFault
        When they do not prove a whole exposure.
    """
    run = read_run(folder, action.action_id)
    if run is None or run.event is None:
        raise BeamlineFault(f"{action.action_id}: no event was written; expose again.")
    paths = asset_paths(run)
    files = [verify_file(p, action.action_id, run.event["data"], beamline.asset_role) for p in paths]
    found = [file for file in files if file is not None]
    if not found or len(found) < len(paths):
        raise BeamlineFault(
            f"{device_name(beamline.detector)} wrote no file, or not the one that its documents "
            f"name ({', '.join(map(str, paths)) or 'none named'}); look at its file path."
        )
    for file in found:
        if file.objection is not None:
            raise BeamlineFault(f"{file.objection}; expose again.")
    exposure = rebuild_exposure(run, action, tuple(file.asset for file in found))
    said = "Exposed" if run.stop is not None else "Exposed (the stop document is missing)"
    return ActionReport(
        action_id=action.action_id,
        status="succeeded",
        sentence=f"{said} for {exposure.exposure_s:g} s at {exposure.point.text()}.",
        exposure=exposure,
    )


def _reconcile_expose(beamline: Beamline, folder: Path, action: Action) -> ActionReport:
    try:
        return report_exposure(beamline, folder, action)
    except Exception as error:  # documents that say nonsense must not stand in the way of every resume
        fault = explain(error, f"the documents of {action.action_id}")
        abandoned = leftovers(folder / FRAMES, action.action_id)
        left = " Its file is kept as abandoned." if abandoned else " It left no file."
        return ActionReport(
            action_id=action.action_id, status="failed", sentence=f"{fault}{left}", assets=abandoned
        )
