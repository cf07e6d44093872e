"""Sekisho held against nftables' own test suite:  python -m tests.suites.nft PATH  (a checkout of nftables)

dumps      what nft printed of rule sets, as text and as JSON: read whole, and printed back byte for byte
listings   the rules of tests/py, loaded by the nft of this machine and listed by it: the same
asked      each of these rules alone on a host: what becomes of packets, by the model and by this kernel
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from sekisho.lab import doctor
from sekisho.model.nft import NftRuleset
from sekisho.sources import nft_capture, nft_json, nft_render, nft_text
from tests.suites.nft_files import Dump, dumps, rule_files

# Of the texts that are read, this share is printed back byte for byte at least.
FLOOR = 0.99
_LOT = 40


def main(argv: list[str] | None = None) -> int:
    """0 all as it should be, 1 not, 2 this machine or this folder cannot be asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.suites.nft", description=__doc__.split("\n")[0])
    parser.add_argument("path", type=Path, help="a checkout of nftables")
    parser.add_argument("--packets", type=int, default=8, help="packets for each rule and family")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="ask rules that have this text in them")
    parser.add_argument("--reading", action="store_true", help="ask no kernel")
    parser.add_argument("--verbose", action="store_true", help="name what is undetermined as well")
    args = parser.parse_args(argv)
    found = list(dumps(args.path))
    if not found:
        print(f"no dumps below {args.path}/tests/shell", file=sys.stderr)
        return 2
    good = _read(found)
    if args.reading:
        return 0 if good else 1
    if lacking := doctor.missing():
        print("the kernel cannot be asked here: " + "; ".join(lacking), file=sys.stderr)
        return 2
    return 0 if _listed_and_asked(args) and good else 1


# ---------------------------------------------------------------------------------------- dumps


def _read(found: list[Dump]) -> bool:
    texts = {dump.name: dump for dump in found if dump.kind == "text"}
    whole = back = 0
    for dump in texts.values():
        ruleset = nft_text.parse(dump.text, dump.name)
        unread = list(nft_capture.unread(ruleset))
        whole += not unread
        same = nft_render.render(ruleset, nft_render.style_of("1.1.3")) == dump.text
        back += same or nft_render.render(ruleset) == dump.text
        for one in unread:
            print(f"  not read: {dump.name}:{one.evidence.line}: {one.evidence.text}")
    print(f"dumps: {len(texts)} texts, {whole} read whole, {back} printed back byte for byte")
    jsons = [dump for dump in found if dump.kind == "json"]
    complete = equal = 0
    for dump in jsons:
        ruleset = nft_json.parse(dump.text, dump.name)
        unread = list(nft_capture.unread(ruleset))
        complete += not unread
        for one in unread:
            print(f"  not read: {dump.name}: {one.evidence.text[:200]}")
        text = texts.get(dump.name.removesuffix(".json-nft") + ".nft")
        equal += text is not None and nft_text.parse(text.text, text.name) == ruleset
    print(f"dumps: {len(jsons)} JSON texts, {complete} read whole, {equal} equal to the text beside them")
    return whole == len(texts) and complete == len(jsons) and back >= FLOOR * len(texts)


# ------------------------------------------------------------------------------ listings, asked


def _listed_and_asked(args: argparse.Namespace) -> bool:
    from tests.suites.nft_asked import Alone, Asked, alone, ask

    version, rulesets, good = _listings(args.path)
    places: dict[tuple[str, ...], Alone] = {}
    for name, ruleset in rulesets:
        for one in alone(name, ruleset):
            key = (one.table.family, one.chain.hook or "", one.chain.type or "", one.text)
            if args.only in one.text:
                places.setdefault(key, one)
    rules = list(places.values())
    texts = {one.text for one in rules}
    print(f"asked: {len(texts)} distinct rules that nft {version} lists, in {len(rules)} places")
    begun, told = time.monotonic(), Asked()
    lots = [rules[at : at + _LOT] for at in range(0, len(rules), _LOT)]
    with ProcessPoolExecutor(args.jobs) as pool:
        for done in pool.map(partial(ask, packets=args.packets, seed=args.seed), lots):
            told.add(done)
            for where, what in done.wrong.items():
                print(f"  wrong: {where}: {what}", flush=True)
    print(
        f"asked: {told.decisions} decisions in {time.monotonic() - begun:.0f} s: {told.agreed} agree, "
        f"{len(told.wrong)} rules wrong, {len(told.open)} undetermined for some packet"
    )
    for reason, count in told.unasked.most_common():
        print(f"  not asked, {reason}: {count}")
    for reason, count in Counter(told.open.values()).most_common():
        print(f"  undetermined, {reason}: {count}")
    if args.verbose:
        for where, reason in told.open.items():
            print(f"  undetermined: {where}: {reason}")
    return good and bool(told.agreed) and not told.wrong


def _listings(path: Path) -> tuple[str, list[tuple[str, NftRuleset]], bool]:
    """The nft version, what it lists of each file's table, and whether that was read as it should be."""
    from tests.suites.nft_kernel import Scratch, lines_of

    scratch = Scratch()
    version = scratch.namespace.run(("nft", "--version")).split()[1].removeprefix("v")
    style = nft_render.style_of(version)
    rulesets: list[tuple[str, NftRuleset]] = []
    whole = back = taken = lines = 0
    for one in rule_files(path):
        text, refused = scratch.listing(lines_of(one))
        lines += len(one.rules)
        taken += len(one.rules) - len(refused)
        ruleset = nft_text.parse(text, one.name)
        unread = list(nft_capture.unread(ruleset))
        whole += not unread
        back += nft_render.render(ruleset, style) == text
        for each in unread:
            print(f"  not read: {one.name} ({one.family}): {each.evidence.text}")
        rulesets.append((one.name, ruleset))
    scratch.close()
    print(
        f"listings: {len(rulesets)} tables, of {lines} rules nft {version} takes {taken} here; {whole} read "
        f"whole, {back} printed back byte for byte"
    )
    return version, rulesets, bool(rulesets) and whole == len(rulesets) and back >= FLOOR * len(rulesets)


if __name__ == "__main__":
    sys.exit(main())
