"""The command line: `nightbeam`. Each command is a file of its own and loads what it needs when it runs."""

import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import typer

from agent.commands.annotate import annotate
from agent.commands.check import check
from agent.commands.database import database
from agent.commands.export import export
from agent.commands.log import log
from agent.commands.reduce import ManyBuffers, reduce
from agent.commands.replay import replay
from agent.commands.run import EXIT_STOPPED, StoppedAtOnce, run
from agent.commands.verify import verify
from models.domain.errors import BadInput, NightbeamError

EXIT_FAULT = 1
EXIT_BAD_INPUT = 2

app = typer.Typer(
    name="nightbeam",
    help="An autonomous experiment agent for small-angle X-ray scattering.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for command in (run, check, log, verify, replay, export, annotate):
    app.command()(command)
app.command(cls=ManyBuffers)(reduce)
app.add_typer(database)


def main() -> None:
    """Run the command line; a mistake or a fault is answered with one line, never with a traceback."""
    try:
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
            f"a fault in the program: {type(error).__name__}: {error}. {_keep_details()}; "
            "run the same command again to go on from the log.",
            EXIT_FAULT,
        )


def _keep_details() -> str:
    """Write the traceback to a file, and say where; a folder that cannot be written is no second fault."""
    report = Path(f"nightbeam-fault-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.txt")
    try:
        report.write_text(traceback.format_exc())
    except OSError as error:
        return f"Details could not be kept ({error.strerror})"
    return f"Details are in {report}"


def _say(sentence: str, status: int) -> None:
    print(f"nightbeam: {' '.join(sentence.split())}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
