"""The matrix of a cross experiment: which names at which addresses, what is still to be tried.

Pure bookkeeping; `cross` does the trying. METHOD section 6 asks for {target address, 2 neutral addresses} x
{target name, 2 neutral names}, three tries a cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct, field

from probe.measure.urls import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from probe.model.target import Step, Target

TRIES: Final = 3
"""Of each cell: fails or passes only if all three do."""
ADDRESSES: Final = 2
"""Neutral ones in the matrix at a time."""
POOL: Final = 6
FOREIGN: Final = frozenset({"foreign", ""})
"""Groups whose addresses may be arms: neither white-listed nor on hosters known to be frozen."""
LISTED: Final = "domestic_listed"

Kind = Literal["target", "neutral"]


class Name(Struct, frozen=True):
    """A name to be said, in the ClientHello or the Host header."""

    kind: Kind
    text: str


class Address(Struct, frozen=True):
    """Where it is said."""

    kind: Kind
    ip: str
    port: int


class Cell(Struct, frozen=True):
    """One name at one address."""

    name: Name
    address: Address

    @property
    def arm(self) -> str:
        """As observations name it: `<name kind>@<address kind>`."""
        return f"{self.name.kind}@{self.address.kind}"


class Tried(Struct, frozen=True):
    """One try of a cell that was made: begin and end (seconds), and whether the server spoke."""

    t0: float
    t: float
    passed: bool


class Matrix(Struct):
    """Cells, their tries so far, and the neutral addresses that are in it or may come into it."""

    target: Address
    target_name: Name
    names: tuple[Name, ...]
    live: list[Address]
    pool: list[Address]
    tries: dict[Cell, list[Tried]] = field(default_factory=dict)
    ended: bool = False
    """No suffix can come of it any more, whatever else is tried."""

    def left(self, cell: Cell) -> int:
        """Return how many tries the cell still needs."""
        return TRIES - len(self.tries.get(cell, ()))

    def note(self, cell: Cell, t0: float, t: float, *, passed: bool) -> None:
        """Count a try that was made."""
        self.tries.setdefault(cell, []).append(Tried(t0, t, passed))

    def last(self, cell: Cell) -> float | None:
        """Return when the cell was last tried."""
        tries = self.tries.get(cell)
        return tries[-1].t0 if tries else None

    def last_pass(self, address: Address) -> float | None:
        """Return when a neutral name last passed at the address."""
        tries = [tried for cell in self.neutral_cells(address) for tried in self.tries.get(cell, ())]
        return max((tried.t for tried in tries if tried.passed), default=None)

    def has_failed(self, address: Address) -> bool:
        """Say whether a neutral name has failed here: then its cell cannot pass in all three tries."""
        cells = self.neutral_cells(address)
        return any(not tried.passed for cell in cells for tried in self.tries.get(cell, ()))

    def is_silent(self, address: Address) -> bool:
        """Say whether the last try of every neutral name here failed."""
        lasts = [tries[-1] for cell in self.neutral_cells(address) if (tries := self.tries.get(cell))]
        return bool(lasts) and not any(tried.passed for tried in lasts)

    def neutral_cells(self, address: Address) -> tuple[Cell, ...]:
        """Return the neutral names at this address."""
        return tuple(Cell(name, address) for name in self.names)

    def target_cells(self) -> tuple[Cell, ...]:
        """Return the target's name at each address, neutral ones first, as far as still needed."""
        cells = (Cell(self.target_name, address) for address in (*self.live, self.target))
        return tuple(cell for cell in cells if self.left(cell) > 0)

    def to_bracket(self, address: Address) -> tuple[Cell, ...]:
        """Return the neutral cells to try at a neutral address now.

        Those that still need tries; where none does but the target's name is still to be said there, one
        more, so that a pass stands right before it.
        """
        cells = self.neutral_cells(address)
        open_cells = tuple(cell for cell in cells if self.left(cell) > 0)
        wanted = self.left(Cell(self.target_name, address)) > 0
        return open_cells or (cells[:1] if wanted else ())

    def replace_failed(self) -> list[Address]:
        """Take out addresses where a neutral name failed; return those of the pool that came in for them.

        Where all of them failed together the experiment ends instead: after the target's name was said there
        it is a residual block, which would take the rest of the pool too; and where one name failed while
        the other passed, it is that name.
        """
        failed = [address for address in self.live if self.has_failed(address)]
        said = all(self.tries.get(Cell(self.target_name, address)) for address in failed)
        one_name = not any(self.is_silent(address) for address in failed)
        if len(failed) == len(self.live) and (said or one_name):
            self.ended = True
            return []
        came: list[Address] = []
        for address in failed:
            self.live.remove(address)
            came += [self.pool.pop(0)] if self.pool else []
        self.live += came
        return came

    def is_done(self) -> bool:
        """Say whether every cell has its tries."""
        addresses = (self.target, *self.live)
        cells = (Cell(name, a) for a in addresses for name in (self.target_name, *self.names))
        return all(self.left(cell) <= 0 for cell in cells)

    def is_moot(self) -> bool:
        """Say whether nothing can follow from it any more.

        Too few neutral addresses are left, or the target's name passed at the target's own address: then
        nothing fails "in all three tries" where it must.
        """
        own = self.tries.get(Cell(self.target_name, self.target), ())
        return self.ended or len(self.live) < ADDRESSES or any(tried.passed for tried in own)


def matrix_of(
    step: Step,
    *,
    is_retired: Callable[[str], bool],
    wait_s: Callable[[str, str], float],
) -> Matrix | None:
    """Lay out the matrix of a step; None where names or addresses do not suffice.

    `wait_s(name, address)` tells how long the handshake budget would make us wait: of equal candidates the
    one that may be used now comes first, so that many experiments of one run spread over the neutral set.
    """
    try:
        place = place_of(step.target.input)
    except ValueError:
        return None
    name = host_of(step.target)
    if not step.addresses or not name:
        return None
    ip, standard = step.addresses[0], 80 if place.scheme == "http" else 443
    own = Address("target", ip, place.port)
    owners = _address_pool(step.neutrals, ip, is_retired, wait_s)
    pool_names = tuple(owner for owner, _ in owners[:POOL])
    names = _names(step.neutrals, name, pool_names, lambda said: wait_s(said, ip))
    pool = [Address("neutral", address, standard) for _, address in owners[:POOL]]
    if len(names) < 2 or len(pool) < ADDRESSES:
        return None
    return Matrix(
        target=own,
        target_name=Name("target", name),
        names=tuple(Name("neutral", text) for text in names),
        live=pool[:ADDRESSES],
        pool=pool[ADDRESSES:],
    )


def host_of(target: Target) -> str:
    """Return the name that a target is asked by; where its input is an address, what the catalogue says."""
    try:
        place = place_of(target.input)
    except ValueError:
        return target.server_name
    return target.server_name if place.is_literal else place.host


def _names(
    neutrals: Sequence[Target], target_name: str, owners: Sequence[str], wait: Callable[[str], float]
) -> tuple[str, ...]:
    """Pick one white-listed name and one obscure; where there is none of a sort, two of what there is.

    A name whose own server is an arm comes last, for to pass there proves little about other names; before it
    come those whose server may become one.
    """
    hosts = {host: target for target in neutrals if (host := host_of(target)) and host != target_name}
    order = sorted(hosts, key=lambda h: (h in owners[:ADDRESSES], h in owners, wait(h) > 0))
    listed = [host for host in order if hosts[host].neutral_group == LISTED]
    obscure = [host for host in order if hosts[host].neutral_group != LISTED]
    chosen = (*listed[:1], *obscure[:1])
    return chosen if len(chosen) == 2 else tuple(order[:2])


def _address_pool(
    neutrals: Iterable[Target], ip: str, is_retired: Callable[[str], bool], wait: Callable[[str, str], float]
) -> list[tuple[str, str]]:
    """Return (owner, address) of the target's family: one address of each owner before a second of any."""
    rows: list[tuple[int, bool, bool, str, str]] = []
    for target in neutrals:
        if target.neutral_group not in FOREIGN:
            continue
        host = host_of(target)
        usable = [a for a in target.addresses if (":" in a) == (":" in ip) and a != ip and not is_retired(a)]
        rows += [(n, not target.any_name, wait(host, a) > 0, host, a) for n, a in enumerate(usable)]
    seen: dict[str, str] = {}
    for _, _, _, host, address in sorted(rows, key=lambda row: row[:3]):
        seen.setdefault(address, host)
    return [(host, address) for address, host in seen.items()]
