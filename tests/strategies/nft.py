"""Rule sets in nft's own language, wide rather than sensible: every expression, statement and kind of set.

What nft or the kernel refuses (a match that conflicts with one before it, a statement at a hook that does
not have it) is for the test to leave out.
"""

from __future__ import annotations

from hypothesis import strategies as st

FAMILIES = ("ip", "ip6", "inet", "bridge", "netdev", "arp")
HOOKS = {
    "ip": ("prerouting", "input", "forward", "output", "postrouting"),
    "ip6": ("prerouting", "input", "forward", "output", "postrouting"),
    "inet": ("prerouting", "input", "forward", "output", "postrouting"),
    "bridge": ("prerouting", "input", "forward", "output", "postrouting"),
    "arp": ("input", "output"),
    "netdev": ("ingress",),
}

NUMBERS = st.one_of(st.integers(0, 3), st.integers(0, 65535))
PORTS = st.one_of(st.sampled_from((22, 53, 80, 443, 8080)), st.integers(0, 65535)).map(str)
NAMES = st.sampled_from(("lo", "eth0", "br-1a2b3c", "wg0"))
V4 = st.tuples(*(st.integers(0, 255),) * 4).map(lambda octets: ".".join(map(str, octets)))
V6 = st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 3)).map(
    lambda words: f"{words[0]:x}:{words[1]:x}::{words[2]:x}"
)
MACS = st.integers(0, 255).map(lambda last: f"00:11:22:33:44:{last:02x}")
SIGNS = st.sampled_from(("", "", "!= ", "== "))
ORDERS = st.sampled_from(("<", ">", "<=", ">="))


def _fill(template: str) -> st.SearchStrategy[str]:
    """``{p}`` a port, ``{r}`` a range, ``{a}`` ``{x}`` addresses, ``{n}`` a number, ``{i}`` a name, ``{s}`` a
    sign, ``{o}`` an order, ``{m}`` a MAC address, ``{l}`` a length; the same letter twice is two draws."""

    @st.composite
    def draw_all(draw: st.DrawFn) -> str:
        words: list[str] = []
        for part in template.replace("}", "{").split("{"):
            source = _PLACES.get(part)
            words.append(part if source is None else str(draw(source)))
        return "".join(words).replace("<<", "{").replace(">>", "}")

    return draw_all()


_PLACES: dict[str, st.SearchStrategy[object]] = {
    "p": PORTS, "a": V4, "x": V6, "n": NUMBERS, "i": NAMES, "s": SIGNS, "o": ORDERS, "m": MACS,
    "r": st.tuples(st.integers(0, 30000), st.integers(30001, 65535)).map(lambda ends: f"{ends[0]}-{ends[1]}"),
    "l": st.integers(1, 32), "h": st.integers(0, 0xFFFFFFFF).map(hex), "b": st.integers(1, 15),
    "y": st.sampled_from(("bytes", "kbytes", "mbytes")),
    "u": st.sampled_from(("second", "minute", "hour", "day", "week")),
    "v": st.sampled_from(("accept", "drop", "return", "continue", "jump other", "goto other")),
    "c": st.sampled_from(("new", "established", "related", "invalid", "untracked")),
    "f": st.sampled_from(("fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr")),
    "q": st.sampled_from(("tcp", "udp", "sctp", "udplite", "dccp")),
    "t": st.sampled_from(("echo-request", "echo-reply", "destination-unreachable", "time-exceeded", "77")),
    "d": st.sampled_from(("saddr", "daddr")), "e": st.sampled_from(("sport", "dport")),
    "k": st.sampled_from(("local", "unicast", "broadcast", "multicast", "anycast", "blackhole", "prohibit")),
    "z": st.sampled_from(("random", "fully-random", "persistent", "random,persistent", "")),
    "w": st.sampled_from(("prefix", "x: ", "a b")), "g": st.sampled_from(("cs0", "cs1", "ef", "0x3", "af41")),
}  # fmt: skip

# ``<<`` and ``>>`` stand for the braces of nft.
MATCHES = (
    'iifname {s}"{i}"', 'oifname {s}"{i}*"', 'iif {s}"lo"', 'iifname {s}<< "{i}", "x*", "{i}9" >>',
    "iifgroup {n}", "ip {d} {s}{a}", "ip {d} {s}{a}/{l}", "ip {d} {s}<< {a}, {a}/{l}, {a} >>",
    "ip {d} & 255.0.0.255 == 10.0.0.{b}", "ip6 {d} {s}{x}", "ip6 {d} {s}<< {x}, {x}/{l} >>", "ip {d} @a4",
    "ip {d} != @a4", "ip6 {d} @a6", "{q} {e} {s}{p}", "{q} {e} {s}{r}", "{q} {e} {o} {n}",
    "{q} {e} {s}<< {p}, {p}, {p} >>", "{q} {e} {s}@ports", "meta l4proto << tcp, udp >> th {e} {s}{p}",
    "meta l4proto {s}{q}", "meta l4proto {b}", "ip protocol {s}{q}", "ip protocol << icmp, {q} >>",
    "ip6 nexthdr {s}{q}", "icmp type {s}{t}", "icmp type << {t}, {t} >>", "icmpv6 type {s}{t}",
    "icmp code {b}", "icmpv6 code {b}", "icmp id {n}", "ip ttl {o} {b}", "ip dscp {s}{g}",
    "ip6 dscp {s}{g}", "ip ecn ce", "ip length {s}{r}", "ip frag-off & 0x1fff != 0", "ip6 hoplimit {o} {b}",
    "ip6 flowlabel {b}", "tcp flags {f}", "tcp flags != {f}", "tcp flags & ({f} | {f}) == {f}",
    "tcp flags & (fin | syn | rst | ack) == syn", "tcp flags {f},{f}", "tcp flags << {f}, {f} >>",
    "tcp window {n}", "tcp option maxseg size {n}", "tcp option sack-permitted exists", "exthdr hbh exists",
    "frag more-fragments 1", "ip option rr exists", "@nh,96,32 {h}", "@th,16,16 & 0xff == {b}",
    "ct state {c}", "ct state {c},{c}", "ct state {s}{c}", "ct state << {c}, {c} >>",
    "ct state & ({c} | {c}) == 0", "ct status dnat", "ct status snat,dnat", "ct direction original",
    "ct mark {s}{h}", "ct mark & {h} == {b}", "ct original ip {d} {s}{a}/{l}", "ct reply ip6 {d} {x}",
    "ct zone {n}", "ct original zone {n}", 'ct helper "ftp"', "ct label {b}", "ct l3proto ipv4",
    "ct protocol {q}", "ct expiration {o} {n}s", "ct original bytes {o} {n}", "ct count over {b}",
    "ct original packets {o} {n}", "ct avgpkt {n}", "ct id {n}", "meta mark {s}{h}",
    "meta mark & {h} {s}{b}", "meta mark << {h}, {h} >>", "meta mark {o} {b}", "meta nfproto ipv4",
    "meta protocol {s}ip", "meta protocol << ip, ip6, arp >>", "meta length {o} {n}",
    "meta pkttype broadcast", "meta pkttype << host, multicast >>", "meta skuid {n}", "meta skuid {r}",
    "meta skgid << 0, {n} >>", "meta cgroup {n}", "meta cpu {b}", "meta priority 1:{b}",
    'meta hour "10:{b}"-"20:00"', 'meta day "Sunday"', 'meta time > "2024-01-{b} 03:04:05"',
    "meta random {o} {n}", "meta ipsec exists", 'meta iifkind "veth"', "meta rtclassid {b}",
    "fib {d} type {s}{k}", "fib {d} . iif type {k}", "fib saddr . iif oif missing",
    "fib saddr . mark . iif oif exists", "fib daddr type << local, {k} >>", 'fib saddr oifname != "lo"',
    "rt classid {b}", "rt ip nexthop {a}", "rt6 nexthop {x}", "socket transparent 1", "socket mark {h}",
    "socket wildcard 0", 'osf name "Linux"', "ipsec in reqid {b}", "numgen inc mod {b} 0",
    "numgen random mod 10 {o} {b}", "jhash ip saddr mod {b} 0",
    "jhash ip saddr . tcp dport mod 4 seed {h} {b}", "symhash mod 2 1", "ether saddr {s}{m}",
    "ether type ip", "vlan id {b}", "vlan pcp 3", "arp operation request", "arp saddr ip {a}",
    "esp spi {n}", "ah spi {n}", "sctp chunk data exists", "dccp type request",
    "igmp type membership-query", "ip saddr . tcp dport << {a} . {p}, {a} . {r}, {a}/{l} . {p} >>",
    "ip saddr . tcp dport @pairs", 'iifname . ip saddr << "{i}" . {a} >>',
    "ip saddr . ip daddr . meta l4proto << {a} . {a} . {q} >>", "ct state . meta mark << {c} . {h} >>",
    "ip saddr . meta mark << {a} . {h} >>", "udp length {n}", "tcp sequence {n}",
)  # fmt: skip
STATEMENTS = (
    "counter", "counter packets {n} bytes {n}", "counter name c1",
    "counter name tcp dport map << 80 : \"c1\" >>", "quota {n} {y}", "quota over {n} {y}",
    'quota name "q1"', "limit rate {b}/{u}", "limit rate over {b}/{u} burst {n} packets",
    "limit rate {b} kbytes/{u}", "limit rate {b} mbytes/second burst {b} kbytes", 'limit name "l1"', "log",
    'log prefix "{w}"', 'log prefix "{w}" level debug', "log flags tcp sequence,options", "log flags all",
    "log group {b} snaplen {n} queue-threshold {b}", "notrack", "meta mark set {h}",
    "meta mark set meta mark | {h}", "meta mark set meta mark & {h} | {b}",
    "meta mark set meta mark xor {h}", "meta mark set ct mark", "meta mark set ct mark & {h}",
    "meta mark set tcp dport map << 80 : {h}, 90 : {b} >>", "meta mark set ip saddr map @tomark",
    "meta mark set jhash ip saddr mod {b}", "meta mark set numgen inc mod {b}",
    "meta mark set meta mark << {b}", "ct mark set meta mark", "ct mark set {h}", "ct zone set {b}",
    "ct label set {b}", "ct event set new,destroy", "meta priority set 1:{b}", "meta nftrace set 1",
    "ip ttl set {b}", "ip dscp set {g}", "ip daddr set {a}", "tcp dport set {p}", "ip6 hoplimit set {b}",
    "tcp option maxseg size set {n}", "dup to {a}", 'dup to {a} device "lo"', "add @dyn << ip saddr >>",
    "update @dyn << ip saddr timeout {b}m >>", "update @dyn << ip saddr limit rate {b}/{u} >>",
    "delete @dyn << ip saddr >>", "add @dynmap << ip saddr : {h} >>",
    "meter m << ip saddr limit rate {b}/{u} >>", "fwd to \"lo\"", "dup to \"lo\"", 'ct helper set "h1"',
    'ct timeout set "t1"', 'ct expectation set "e1"', 'synproxy name "s1"',
)  # fmt: skip
ENDS = (
    "", "", "accept", "drop", "return", "continue", "jump other", "goto other", "reject",
    "reject with tcp reset", "reject with icmp type host-unreachable",
    "reject with icmpx type admin-prohibited", "reject with icmpv6 type no-route",
    "tcp dport vmap << {p} : {v} >>", "tcp dport vmap @verdicts",
    'iifname vmap << "{i}" : {v}, "z*" : {v} >>', "ip saddr . tcp dport vmap << {a} . {p} : {v} >>",
    "ct state vmap << new : {v}, established : {v} >>", "meta l4proto vmap << tcp : {v}, udp : {v} >>",
    "dnat to {a}", "tcp dport 80 dnat to {a}:{p}", "dnat to {a}:{r} {z}",
    "dnat to tcp dport map << 80 : {a} >>", "dnat ip to tcp dport map << 80 : {a} . {p} >>",
    "dnat to [{x}]:{p}", "dnat to {x}", "dnat ip to {a}:{p} {z}",
    "dnat to numgen random mod 2 map << 0 : {a}, 1 : {a} >>", "redirect", "tcp dport 5 redirect to :{p}",
    "udp dport 6 redirect to :tcp dport map << 80 : {p} >>", "masquerade {z}",
    "meta l4proto tcp masquerade to :{r}", "snat to {a} {z}", "snat to {a}", "tcp sport 5 snat to {a}:{p}",
    "snat to ip saddr map << {a} : {a} >>",
    "snat ip prefix to ip saddr map << 10.0.0.0/24 : 10.1.0.0/24 >>", "snat ip to {a}", "snat ip6 to {x}",
    "meta l4proto tcp tproxy to :{p}", "meta l4proto tcp tproxy ip to 127.0.0.1:{p}",
    "synproxy mss {n} wscale {b} timestamp sack-perm",
)  # fmt: skip

SETS = (
    "set a4 << type ipv4_addr; flags interval; auto-merge; elements = << {a}, {a}/{l}, {a} >>\n>>",
    "set a6 << type ipv6_addr; elements = << {x}, {x}, {x} >>\n>>",
    "set ports << type inet_service; flags interval; auto-merge; elements = << {p}, {p}, {r}, {p} >>\n>>",
    "set pairs << type ipv4_addr . inet_service; flags interval; elements = << {a} . {p}, {a} . {p} >>\n>>",
    'set ifs << type ifname; elements = << "{i}", "a9", "b9" >>\n>>',
    "set macs << type ether_addr; elements = << {m}, {m} >>\n>>",
    "set marks << type mark; elements = << {h}, {h}, {h} >>\n>>",
    "set protos << type inet_proto; elements = << tcp, udp, {b} >>\n>>",
    "set kinds << type icmp_type; elements = << {t}, {t} >>\n>>",
    'set noted << type ipv4_addr; comment "of note"; elements = << {a} comment "{w}", {a} >>\n>>',
    "set counted << type ipv4_addr; counter; elements = << {a} counter packets {n} bytes {n}, {a} >>\n>>",
    "set aging << type ipv4_addr; timeout {b}h; gc-interval 10s; size {n}; >>",
    "set typed << typeof ip saddr . tcp dport; elements = << {a} . {p} >>\n>>",
    "set vlans << typeof vlan id; elements = << {b}, 100, 200 >>\n>>",
    "set fixed << type ipv4_addr; flags constant; elements = << {a} >>\n>>",
    "set small << type ipv4_addr; policy memory; >>",
    "map verdicts << type inet_service : verdict; elements = << {p} : {v} >>\n>>",
    "map toaddr << type inet_service : ipv4_addr; elements = << {p} : {a}, 80 : {a} >>\n>>",
    "map topair << type ipv4_addr : ipv4_addr . inet_service; elements = << {a} : {a} . {p} >>\n>>",
    "map tomark << type ipv4_addr : mark; elements = << {a} : {h} >>\n>>",
    'map tocounter << type mark : counter; elements = << {h} : "c1" >>\n>>',
)  # fmt: skip
ALWAYS_THERE = """\
counter c1 {\n}
quota q1 {\nover 10 mbytes\n}
limit l1 {\nrate 10/second burst 20 packets\n}
set dyn {\ntype ipv4_addr; size 65535; flags dynamic,timeout; timeout 5m;\n}
map dynmap {\ntype ipv4_addr : mark; size 65535; flags dynamic,timeout; timeout 5m;\n}
"""
CT_OBJECTS = """\
ct helper h1 {\ntype "ftp" protocol tcp\nl3proto ip\n}
ct timeout t1 {\nprotocol tcp\nl3proto ip\npolicy = { established : 120, close : 20 }\n}
ct expectation e1 {\nprotocol tcp\ndport 5432\ntimeout 1h\nsize 12\nl3proto ip\n}
synproxy s1 {\nmss 1460\nwscale 7\ntimestamp sack-perm\n}
"""


@st.composite
def rules(draw: st.DrawFn) -> str:
    """One rule: matches, perhaps statements, perhaps an end, perhaps a comment."""
    words = [draw(_fill(one)) for one in draw(st.lists(st.sampled_from(MATCHES), max_size=2))]
    words += [draw(_fill(one)) for one in draw(st.lists(st.sampled_from(STATEMENTS), max_size=2))]
    words.append(draw(_fill(draw(st.sampled_from(ENDS)))))
    if draw(st.integers(0, 9)) == 0:
        words.append('comment "said why"')
    return " ".join(word for word in words if word) or "counter"


@st.composite
def rulesets(draw: st.DrawFn) -> str:
    """One or two tables with sets, base chains of any priority, a user chain, and rules line by line."""
    texts: list[str] = []
    families = draw(st.lists(st.sampled_from(FAMILIES), min_size=1, max_size=2))
    for at, family in enumerate(families):
        table = f"{family} t{at}"
        texts.append(f"add table {table}")
        body = "".join(
            draw(_fill(one)) + "\n" for one in draw(st.lists(st.sampled_from(SETS), max_size=4, unique=True))
        )
        chains = ["chain other {\n}\n"]
        names = ["other"]
        for number in range(draw(st.integers(1, 3))):
            names.append(f"base{number}")
            chains.append(f"chain base{number} {{\n{draw(heads(family))}\n}}\n")
        objects = ALWAYS_THERE + (CT_OBJECTS if family in ("ip", "inet") else "")
        texts.append(f"table {table} {{\n{objects}{''.join(chains)}{body}}}")
        for _ in range(draw(st.integers(0, 8))):
            texts.append(f"add rule {table} {draw(st.sampled_from(names))} {draw(rules())}")
    return "\n".join(texts) + "\n"


@st.composite
def heads(draw: st.DrawFn, family: str) -> str:
    """``type ... hook ... priority ...; policy ...;``"""
    hook = draw(st.sampled_from(HOOKS[family]))
    kind = draw(st.sampled_from(("filter", "filter", "nat"))) if family in ("ip", "ip6", "inet") else "filter"
    if kind == "nat" and hook == "forward":
        kind = "filter"
    near = st.sampled_from((-300, -225, -150, -100, 0, 50, 100, 300))
    priority = draw(near) + draw(st.sampled_from((0, 0, 1, -5, 10, 11)))
    if kind == "nat":
        priority = max(priority, -190)
    device = ' device "lo"' if family == "netdev" else ""
    policy = draw(st.sampled_from(("accept", "accept", "drop")))
    return f"type {kind} hook {hook}{device} priority {priority}; policy {policy};"
