"""The command line: `nightbeam`. Each command is a file of its own and loads what it needs when it runs."""

import functools
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.commands.annotate import annotate
from agent.commands.calibrate import calibrate
from agent.commands.check import check
from agent.commands.database import database
from agent.commands.deck import deck
from agent.commands.export import export
from agent.commands.log import log
from agent.commands.plan import plan
from agent.commands.reduce import ManyBuffers, reduce
from agent.commands.rehearse import rehearse
from agent.commands.replay import replay
from agent.commands.run import run
from agent.commands.smooth import smooth
from agent.commands.steer import pause, pin, resume, stop, veto
from agent.commands.verify import verify
from agent.commands.watch import watch
from agent.signals import EXIT_STOPPED, STOPPING, StoppedAtOnce, leave_at_once
from models.domain.errors import BadInput, NightbeamError

EXIT_FAULT = 1
EXIT_BAD_INPUT = 2
LET_GO_S = 2.0
"""How long the program waits for threads of devices and libraries before it ends without them, s."""


class ForeignExit(Exception):
    """Code that somebody brought asked this program to end: that is not for it to ask."""


def answering(command: Callable[..., None]) -> Callable[..., None]:
    """The same command, but interrupts and foreign exits come out as errors that `answer` tells."""

    @functools.wraps(command)
    def carry_out(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            raise StoppedAtOnce("stopped; what was on record stays on record") from None
        except (Exception, GeneratorExit):
            raise
        except BaseException as error:
            if isinstance(error.__context__, BrokenPipeError):  # what draws tables ends so when nobody reads
                raise error.__context__ from None
            raise ForeignExit(f"code that it was given raised {traceback_line(error)}") from error

    return carry_out


def traceback_line(error: BaseException) -> str:
    """The last line of an error's traceback: its type and what it says, even when it cannot say it."""
    return traceback.format_exception_only(error)[-1].strip()


app = typer.Typer(
    name="nightbeam",
    help="An autonomous experiment agent for small-angle X-ray scattering.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"nightbeam {metadata.version('nightbeam')}")
        raise typer.Exit


@app.callback()
def nightbeam(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and leave."),
    ] = False,
) -> None:
    """An autonomous experiment agent for small-angle X-ray scattering."""
    del version


for command in (
    run,
    check,
    log,
    deck,
    pause,
    resume,
    veto,
    pin,
    stop,
    verify,
    replay,
    rehearse,
    plan,
    export,
    annotate,
    smooth,
):
    app.command()(answering(command))
for command in (reduce, watch):
    app.command(cls=ManyBuffers)(answering(command))
app.command()(answering(calibrate))
app.add_typer(database)


def main() -> None:
    """Run the command line in a process of its own, and end that, whatever others left running in it."""
    try:
        answer()
    except SystemExit as ending:
        _leave(ending.code if isinstance(ending.code, int) else EXIT_FAULT if ending.code else 0)


def answer() -> None:
    """Run the command line; a mistake or a fault is answered with one line, never with a traceback."""
    try:
        _refuse_what_is_no_text(sys.argv[1:])
        app()
    except BadInput as error:
        _say(str(error), EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        _say("stopped; what was on record stays on record.", EXIT_STOPPED)
    except StoppedAtOnce as error:
        _say(str(error), EXIT_STOPPED)
    except NightbeamError as error:
        _say(str(error), EXIT_FAULT)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: nothing more to say
        sys.exit(0)
    except Exception as error:
        _say(
            f"a fault in the program: {traceback_line(error)}. {_keep_details()}; "
            "run the same command again to go on from the log.",
            EXIT_FAULT,
        )


def _keep_details() -> str:
    """Write the traceback to a file, and say where; a folder that cannot be written is no second fault."""
    report = Path(f"nightbeam-fault-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.txt")
    try:
        report.write_text(traceback.format_exc(), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        return f"Details could not be kept ({error.strerror})"
    return f"Details are in {report}"


def _refuse_what_is_no_text(words: list[str]) -> None:
    """Refuse words that are no UTF-8: no file and no database could keep them."""
    for word in words:
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            raise BadInput(f"the word {word!a}", "is not UTF-8 text", "Write it in UTF-8")


def _leave(status: int) -> None:
    """End the process; do not wait long for threads of others.

    A device that hangs must not hold up the end, and Python's own way out stops such a thread wherever it is:
    in the midst of HDF5, it leaves a lock behind for which the rest of that way waits for ever.
    """
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    deadline = time.monotonic() + LET_GO_S
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    for thread in others:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in others):
        leave_at_once("", status)
    sys.exit(status)


def _say(sentence: str, status: int) -> None:
    print(f"nightbeam: {' '.join(sentence.split())}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
