"""Walk along a campaign's ledger: each entry must be what its hash says, and follow the one before."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.engine import Row

from db.anchors.heads import Anchor
from db.ledger import FIRST, entry_sha256, members_of
from db.verify.findings import MOST_IN_A_ROW, Finding, count_text, span_text
from models.domain.canonical import canonical_json

LEDGER = "ledger"


class Walk:
    """One campaign's ledger, entry by entry, beside the heads that were published of it."""

    def __init__(self, campaign: str, uid: str | None, anchors: Sequence[Anchor]) -> None:
        """Begin before the first entry.

        Parameters
        ----------
        campaign
            The campaign's name.
        uid
            The campaign's uid; None when its row is gone, and then no entry's hash can be computed.
        anchors
            Heads that were published of it, those to be believed.
        """
        self.campaign, self.uid = campaign, uid
        self._heads: dict[int, list[Anchor]] = {}
        for anchor in anchors:
            self._heads.setdefault(anchor.head.n, []).append(anchor)
        self.n, self.seq, self._sha256 = 0, 0, FIRST
        self.n_entries = 0
        self.agreed: list[Anchor] = []
        """Heads that are those of the ledger."""
        self._contradicted: list[Anchor] = []
        self._altered: tuple[int, int, int | None] | None = None
        self._n_told = 0

    def step(self, entry: Row[Any]) -> tuple[list[list[Any]], list[Finding]]:
        """Go on to the next entry in order of `n`.

        Returns
        -------
        list, list of Finding
            The members of the entry, ``[table, key, SHA-256]`` each, none when they cannot be read; and
            what is wrong with it.
        """
        self.n_entries += 1
        members = _members(entry)
        if not _is_plain(entry):
            return [], [self._finding(None, f"entry {entry.n!r} is not one that the program writes: edited")]
        found = list(self._place(entry))
        if members is None:
            found.append(self._finding(entry.seq, f"entry {entry.n}: edited, its members cannot be read"))
        else:
            found += self._hash(entry, members)
        self._compare(entry)
        self.n, self._sha256 = entry.n, entry.sha256
        self.seq = max(self.seq, entry.seq or 0)
        return members or [], found

    def finish(self) -> Iterator[Finding]:
        """What can only be said at the end."""
        yield from self._tell_altered()
        if self._n_told > MOST_IN_A_ROW:
            yield self._finding(None, f"{self._n_told - MOST_IN_A_ROW} more places in the chain are broken")
        if self.n == 0:
            yield self._finding(None, "its ledger is empty: all entries were deleted")
        yield from self._rewritten()
        yield from self._cut_off()

    def _finding(self, seq: int | None, what: str) -> Finding:
        return Finding(campaign=self.campaign, seq=seq, table=LEDGER, what=what)

    def _place(self, entry: Row[Any]) -> Iterator[Finding]:
        """Ask whether it is the next one, and names the one before."""
        due = self.n + 1
        if entry.n == due and entry.previous == self._sha256:
            return
        self._n_told += 1
        if self._n_told > MOST_IN_A_ROW:
            return
        if entry.n > due:
            lost = span_text("entry", due, entry.n - 1)
            before = f"after decision {self.seq}" if self.seq else "at the beginning"
            yield self._finding(
                entry.seq, f"{lost} {'was' if entry.n == due + 1 else 'were'} deleted, {before}"
            )
        elif entry.n < due:
            yield self._finding(entry.seq, f"entry {entry.n} was added: the ledger counts from 1")
        else:
            yield self._finding(
                entry.seq,
                f"entry {entry.n} does not follow entry {self.n}: one of them was edited or replaced",
            )

    def _hash(self, entry: Row[Any], members: list[list[Any]]) -> Iterator[Finding]:
        """Ask whether it is what its hash says; entries in a row that are not make one finding."""
        if self.uid is None:
            return
        said = (entry.record, entry.seq, entry.utc)
        if entry_sha256(self.uid, entry.n, entry.previous, said, members) == entry.sha256:
            yield from self._tell_altered()
        elif self._altered is None:
            self._altered = (entry.n, entry.n, entry.seq)
        else:
            first, _, seq = self._altered
            self._altered = (first, entry.n, seq if seq is not None else entry.seq)

    def _tell_altered(self) -> Iterator[Finding]:
        if self._altered is None:
            return
        first, last, seq = self._altered
        self._altered = None
        self._n_told += 1
        if self._n_told <= MOST_IN_A_ROW:
            yield self._finding(
                seq, f"{span_text('entry', first, last)}: edited, the content is not what its hash says"
            )

    def _compare(self, entry: Row[Any]) -> None:
        for anchor in self._heads.get(entry.n, ()):
            is_same = anchor.head.sha256 == entry.sha256
            (self.agreed if is_same else self._contradicted).append(anchor)

    def _rewritten(self) -> Iterator[Finding]:
        if not self._contradicted:
            return
        head = self._contradicted[0].head
        last_good = max((a.head.n for a in self.agreed if a.head.n < head.n), default=0)
        good_seq = max((a.head.seq for a in self.agreed if a.head.n < head.n), default=0)
        decisions = (
            span_text("decision", min(good_seq + 1, head.seq), head.seq) if head.seq else "no decision"
        )
        n_more = len(self._contradicted) - 1
        more = (
            f"; {count_text(n_more, 'later head')} {'disagrees' if n_more == 1 else 'disagree'} too"
            if n_more
            else ""
        )
        yield self._finding(
            min(good_seq + 1, head.seq) or None,
            f"entry {head.n} is not that of {head.text()}: the record was rewritten somewhere in "
            f"{span_text('entry', last_good + 1, head.n)}, {decisions}{more}",
        )

    def _cut_off(self) -> Iterator[Finding]:
        beyond = [anchor.head for heads in self._heads.values() for anchor in heads if anchor.head.n > self.n]
        if not beyond:
            return
        head = max(beyond, key=lambda head: head.n)
        lost = span_text("decision", min(self.seq + 1, head.seq), head.seq) if head.seq else "no decision"
        yield self._finding(
            min(self.seq + 1, head.seq) or None,
            f"the record ends at entry {self.n} (decision {self.seq}), but {head.text()} was published: "
            f"{count_text(head.n - self.n, 'entry')} at its end, of {lost}, cut off",
        )


def _is_plain(entry: Row[Any]) -> bool:
    """True when each column is of the sort that it should be; SQLite would hold anything."""
    texts = (entry.previous, entry.sha256, entry.record, entry.utc)
    is_seq = entry.seq is None or isinstance(entry.seq, int)
    return isinstance(entry.n, int) and is_seq and all(isinstance(text, str) for text in texts)


def _members(entry: Row[Any]) -> list[list[Any]] | None:
    """The entry's members; None when they are not as the program writes them."""
    try:
        members: Any = members_of(entry.members_json)
        is_canonical = canonical_json(members) == entry.members_json
    except (TypeError, ValueError, RecursionError):
        return None
    return members if is_canonical and isinstance(members, list) and all(map(_is_member, members)) else None


def _is_member(member: Any) -> bool:
    match member:
        case [str(), list(), str()]:
            return True
        case _:
            return False
