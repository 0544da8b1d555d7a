"""``python -m benchmarks.peers install [NAME ...]``: make the peers' environments; ``list`` shows them."""

from typing import Annotated

import typer

from benchmarks.peers.catalog import PEERS, PeerSpec
from benchmarks.peers.environments import FOLDER, NotInstalled, version_of
from benchmarks.peers.environments import install as make_environment

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The peers of the benchmark.")


@app.command()
def install(
    names: Annotated[list[str] | None, typer.Argument(help="Which; all when left out.")] = None,
) -> None:
    """Install peers from the package index, each into an environment of its own. One after another."""
    by_name = {peer.name: peer for peer in PEERS if peer.package is not None}
    unknown = [name for name in names or () if name not in by_name]
    if unknown:
        raise typer.BadParameter(
            f"there is no peer {unknown[0]!r} to install; there are {', '.join(by_name)}"
        )
    failed = [name for name in names or by_name if not _try_to_install(by_name[name])]
    if failed:
        typer.echo(f"Not installed: {', '.join(failed)}. The benchmark records them as absent.")
        raise typer.Exit(1)


@app.command("list")
def show() -> None:
    """Show which peers are installed."""
    for peer in PEERS:
        try:
            version = version_of(peer) if peer.package else "needs no environment"
        except NotInstalled:
            version = "not installed"
        typer.echo(f"{peer.name:10} {version:22} settings: {', '.join(peer.settings)}")


def _try_to_install(peer: PeerSpec) -> bool:
    typer.echo(f"{peer.name}: {' '.join(peer.requirements)} into {FOLDER / peer.name}")
    try:
        versions = make_environment(peer)
    except NotInstalled as reason:
        typer.echo(f"{reason}")
        return False
    typer.echo(f"{peer.name}: {versions.get((peer.package or '').lower())}, {len(versions)} packages")
    return True


if __name__ == "__main__":
    app()
