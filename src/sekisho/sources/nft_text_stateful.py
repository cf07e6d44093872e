"""counter, limit, quota, ct count and last in the text of nft, in rules and in elements of sets."""

from __future__ import annotations

from sekisho.model.nft_rule import Counter, CtCount, Last, Limit, Quota, Statement
from sekisho.sources.nft_json_stateful import usual_burst
from sekisho.sources.nft_text_tokens import Tokens
from sekisho.sources.nft_units import BYTE_UNITS
from sekisho.sources.text import Unreadable
from sekisho.values.numbers import integer, is_number


def stateful(tokens: Tokens) -> Statement | None:
    """The stateful statement that comes next, by value; None where none comes."""
    match tokens.peek(), tokens.peek(1):
        case (("counter" | "limit" | "quota"), "name"):
            return None
        case "counter", _:
            return _counter(tokens)
        case "limit", _:
            tokens.take()
            return limit(tokens)
        case "quota", _:
            tokens.take()
            return quota(tokens)
        case "ct", "count":
            tokens.take()
            tokens.take()
            over = tokens.accept("over")
            return CtCount(tokens.number(), over)
        case "last", _:
            tokens.take()
            return Last(tokens.take() if tokens.accept("used") else "")
        case _:
            return None


def _counter(tokens: Tokens) -> Statement:
    tokens.take()
    if not tokens.accept("packets"):
        return Counter()
    packets = tokens.number()
    tokens.expect("bytes")
    return Counter(packets, tokens.number())


def limit(tokens: Tokens) -> Statement:
    """After the word limit: ``rate over 10/second burst 5 packets``."""
    tokens.expect("rate")
    over = tokens.accept("over")
    word, unit = tokens.take(), ""
    if "/" in word:
        amount, _, per = word.partition("/")
    else:
        amount = word
        unit, _, per = tokens.take().partition("/")
    if not is_number(amount) or not per or (unit and unit not in BYTE_UNITS):
        raise Unreadable("bad-value", word)
    if tokens.accept("burst"):
        burst, burst_unit = tokens.number(), tokens.take()
        burst_unit = "" if burst_unit == "packets" else burst_unit
        return Limit(integer(amount), per, over, unit, burst, burst_unit, burst_printed=True)
    burst, burst_unit = usual_burst(unit)
    return Limit(integer(amount), per, over, unit, burst, burst_unit)


def quota(tokens: Tokens) -> Statement:
    """After the word quota: ``over 10 mbytes used 3 bytes``."""
    over = tokens.accept("over")
    if not over:
        tokens.accept("until")
    amount = _bytes(tokens)
    used = _bytes(tokens) if tokens.accept("used") else 0
    return Quota(amount, over, used)


def _bytes(tokens: Tokens) -> int:
    amount, unit = tokens.number(), tokens.take()
    if unit not in BYTE_UNITS:
        raise Unreadable("bad-value", unit)
    return amount * BYTE_UNITS[unit]
