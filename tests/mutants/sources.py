"""Changes in how what commands print is read."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    # What no test noticed once.
    Mutant(
        "nft-json-time", "sources/nft_json_values.py",
        "Number(value * 1000 if kind", "Number(value * 100 if kind",
        "ct expiration 30s of `nft -j` is read as 3s",
        ("tests/sources/test_nft_json.py",),
        must=True,
    ),
    Mutant(
        "namespace-names", "sources/layout.py", "namespace = parts[1] if len", "namespace = parts[0] if len",
        "every container's namespace is called netns: their files are thrown together",
        ("tests/sources/test_load.py",), must=True,
    ),
    Mutant(
        "namespace-names-unread", "sources/load.py",
        '"bad-name", name) for piece in pieces)', '"bad-name", name) for piece in pieces[1:])',
        "the first file of a folder that no namespace can be named like is lost without a word",
        must=True,
    ),
    # Others.
    Mutant(
        "not-any-address", "sources/iptables_reader.py",
        'elif negated or found[0] not in ("0.0.0.0/0"', 'elif found[0] not in ("0.0.0.0/0"',
        "`! -s 0.0.0.0/0`, which fits nothing, fits all",
        ("tests/sources/test_iptables_rule.py",),
    ),
    Mutant(
        "not-of-a-list", "sources/iptables_reader.py",
        "if negated and len(found) > 1:", "if negated and len(found) > 2:",
        "`! -s a,b`, which iptables refuses, is read as two rules",
        ("tests/sources/test_iptables_rule.py",),
    ),
    Mutant(
        "not-in-the-middle", "sources/iptables_reader.py",
        'self.words[self.at] == "!":\n            self.at += 1\n            negated = True',
        'self.words[self.at] == "!":\n            self.at += 1\n            negated = False',
        "`-s ! 10.0.0.0/8` of old rules means its opposite",
        ("tests/sources/test_iptables_rule.py",),
    ),
    Mutant(
        "not-of-a-policy-rule", "sources/ip_rule.py",
        "draft.negated = bool(words.take())", "draft.negated = not words.take()",
        "`not from 10.0.0.0/8 lookup vpn` is read without its not",
    ),
    Mutant(
        "not-in-a-listing", "sources/iptables_list_forms.py",
        'sign = groups.get("no") is not None', 'sign = groups.get("no") is None',
        "`dpt:!80` of iptables -L means its opposite",
        ("tests/sources/test_iptables_list.py",),
    ),
    Mutant(
        "insert-place", "sources/iptables_save.py",
        'read.position if read.verb == "insert" else', 'read.position if read.verb == "append" else',
        "-I of a rules file is put at the end",
    ),
    Mutant(
        "set-exceptions", "sources/ipset_save.py",
        '"forceadd", "wildcard", "nomatch"}', '"forceadd", "wildcard"}',
        "an ipset's element with nomatch cannot be read",
    ),
    Mutant(
        "tracked-directions", "sources/conntrack.py",
        "('original', 'reply')[side]", "('reply', 'original')[side]",
        "counters of a tracked connection stand at the other direction",
    ),
    Mutant(
        "old-wildcard", "sources/ss.py", "if old_wildcard else None", "if not old_wildcard else None",
        "a socket of * is thought to take IPv4 alone, and the other way round in old listings",
    ),
    Mutant(
        "nft-verdict-map", "sources/nft_text_values.py",
        'if tokens.peek() in VERDICTS:', 'if tokens.peek() not in VERDICTS:',
        "a verdict map's verdicts are read as data",
        ("tests/sources/test_nft_text.py",),
    ),
    Mutant(
        "hop-weight", "sources/ip_route.py",
        "hop.weight = words.number(word)", "hop.weight = words.number(word) + 1",
        "ways of a multipath route weigh other than printed",
    ),
    Mutant(
        "peer-length", "sources/ip_addr.py",
        'peer, length = split_length(words.take("peer"), last=words.is_last)',
        'peer, _ = split_length(words.take("peer"), last=words.is_last)',
        "a point-to-point address has no subnet",
    ),
)  # fmt: skip
