"""Questions and answers in a line, as a report of differences needs them."""

from __future__ import annotations

from sekisho.answers.trace import Question
from sekisho.semantics.journey import Journey


def end_words(name: str) -> str:
    if name in ("internet", "vpc", "host"):
        return name
    return f"container:[{name}]" if name.count(":") > 1 else f"container:{name}"


def asked_words(question: Question) -> str:
    stated = [f"{name}={value}" for name, value in question.stated]
    words = [question.source, f"{question.target}:{question.dport}", question.proto or ""]
    return " ".join((*words, f"sport {question.sport} in {question.iface}", *stated))


def short_words(found: Journey) -> str:
    reply = None if found.reply is None else found.reply.disposition
    onward = "" if found.onward is None else f", onward {short_words(found.onward)}"
    return f"works {found.works} ({found.forward.disposition} {found.forward.where}, reply {reply}{onward})"
