"""Rule sets in the shapes that real programs write, on the small network of the vocabulary (IPv4)."""

from __future__ import annotations

from random import Random

from tests.conformance.rules import END, HEAD

BR, NET, C2, C3 = "br-aaaaaaaaaaaa", "172.18.0.0/16", "172.18.0.2", "172.18.0.3"

# table -> chain lines (":NAME POLICY") and rules, as one text per program
DOCKER_20 = f"""
*nat
:DOCKER -
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s {NET} ! -o {BR} -j MASQUERADE
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s {C2}/32 -d {C2}/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A DOCKER -i {BR} -j RETURN
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i {BR} -p tcp -m tcp --dport 8080 -j DNAT --to-destination {C2}:80
-A DOCKER ! -i {BR} -p tcp -m tcp --dport 3306 -j DNAT --to-destination {C3}:3306
-A DOCKER ! -i docker0 -p udp -m udp --dport 53 -j DNAT --to-destination 172.17.0.2:53
*filter
:FORWARD DROP
:DOCKER -
:DOCKER-USER -
:DOCKER-ISOLATION-STAGE-1 -
:DOCKER-ISOLATION-STAGE-2 -
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o {BR} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o {BR} -j DOCKER
-A FORWARD -i {BR} ! -o {BR} -j ACCEPT
-A FORWARD -i {BR} -o {BR} -j ACCEPT
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j DROP
-A DOCKER -d {C2}/32 ! -i {BR} -o {BR} -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER -d {C3}/32 ! -i {BR} -o {BR} -p tcp -m tcp --dport 3306 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p udp -m udp --dport 53 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i {BR} ! -o {BR} -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o {BR} -j DROP
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
"""

DOCKER_28 = f"""
*raw
-A PREROUTING -d {C2}/32 ! -i {BR} -j DROP
-A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 3306 -j DROP
*nat
:DOCKER -
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -o {BR} -m addrtype --src-type LOCAL -j MASQUERADE
-A POSTROUTING -s {NET} ! -o {BR} -j MASQUERADE
-A POSTROUTING -s {C2}/32 -d {C2}/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination {C2}:80
-A DOCKER -d 127.0.0.1/32 -p tcp -m tcp --dport 3306 -j DNAT --to-destination {C3}:3306
*filter
:FORWARD DROP
:DOCKER -
:DOCKER-BRIDGE -
:DOCKER-CT -
:DOCKER-FORWARD -
:DOCKER-INTERNAL -
:DOCKER-USER -
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD
-A DOCKER -d {C2}/32 ! -i {BR} -o {BR} -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER ! -i {BR} -o {BR} -j DROP
-A DOCKER-BRIDGE -o {BR} -j DOCKER
-A DOCKER-CT -o {BR} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-FORWARD -j DOCKER-CT
-A DOCKER-FORWARD -j DOCKER-INTERNAL
-A DOCKER-FORWARD -j DOCKER-BRIDGE
-A DOCKER-FORWARD -i {BR} -j ACCEPT
-A DOCKER-INTERNAL ! -s 172.17.0.0/16 -o docker0 -j DROP
-A DOCKER-INTERNAL ! -d 172.17.0.0/16 -i docker0 -j DROP
"""

UFW = """
*filter
:INPUT DROP
:FORWARD DROP
:ufw-before-input -
:ufw-before-forward -
:ufw-before-logging-input -
:ufw-user-input -
:ufw-user-forward -
:ufw-not-local -
:ufw-skip-to-policy-input -
:ufw-logging-deny -
-A INPUT -j ufw-before-logging-input
-A INPUT -j ufw-before-input
-A FORWARD -j ufw-before-forward
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -m conntrack --ctstate INVALID -j ufw-logging-deny
-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw-before-input -p icmp -m icmp --icmp-type 3 -j ACCEPT
-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT
-A ufw-before-input -j ufw-not-local
-A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-forward -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A ufw-before-forward -j ufw-user-forward
-A ufw-logging-deny -m conntrack --ctstate INVALID -m limit --limit 3/min --limit-burst 10 -j RETURN
-A ufw-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "
-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
-A ufw-not-local -m addrtype --dst-type MULTICAST -j RETURN
-A ufw-not-local -m addrtype --dst-type BROADCAST -j RETURN
-A ufw-not-local -j DROP
-A ufw-skip-to-policy-input -j DROP
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-input -p tcp -m multiport --dports 80,443 -j ACCEPT
-A ufw-user-forward -d 172.18.0.2/32 -p tcp -m tcp --dport 80 -j ACCEPT
"""

FIREWALLD = """
*nat
:PREROUTING_ZONES -
:PRE_public -
:POSTROUTING_ZONES -
:POST_public -
-A PREROUTING -j PREROUTING_ZONES
-A PREROUTING_ZONES -i eth0 -g PRE_public
-A PREROUTING_ZONES -g PRE_public
-A PRE_public -p tcp -m tcp --dport 81 -j DNAT --to-destination 10.0.2.9:80
-A POSTROUTING -j POSTROUTING_ZONES
-A POSTROUTING_ZONES -o eth0 -g POST_public
-A POSTROUTING_ZONES -g POST_public
-A POST_public ! -o lo -m mark --mark 0x65 -j MASQUERADE
*mangle
:PREROUTING_ZONES -
:PRE_public -
-A PREROUTING -j PREROUTING_ZONES
-A PREROUTING_ZONES -g PRE_public
-A PRE_public -p tcp -m tcp --dport 443 -j MARK --set-xmark 0x65/0xffffffff
*filter
:INPUT_ZONES -
:IN_public -
:IN_public_allow -
:FORWARD_ZONES -
:FWD_public -
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -j INPUT_ZONES
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A INPUT_ZONES -i eth0 -g IN_public
-A INPUT_ZONES -g IN_public
-A IN_public -j IN_public_allow
-A IN_public -p icmp -j ACCEPT
-A IN_public_allow -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW,UNTRACKED -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
-A FORWARD -j FORWARD_ZONES
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
-A FORWARD_ZONES -i eth1 -g FWD_public
-A FWD_public -p icmp -j ACCEPT
-A FWD_public -p tcp -m tcp --dport 3306 -j ACCEPT
"""

KUBE_PROXY = """
*nat
:KUBE-SERVICES -
:KUBE-POSTROUTING -
:KUBE-MARK-MASQ -
:KUBE-NODEPORTS -
:KUBE-SVC-AAAAAAAAAAAAAAAA -
:KUBE-SEP-AAAAAAAAAAAAAAAA -
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-SERVICES -d 10.0.2.77/32 -p tcp -m tcp --dport 443 -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-NODEPORTS -p tcp -m tcp --dport 32768 -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SVC-AAAAAAAAAAAAAAAA ! -s 172.18.0.0/16 -p tcp -m tcp --dport 443 -j KUBE-MARK-MASQ
-A KUBE-SVC-AAAAAAAAAAAAAAAA -j KUBE-SEP-AAAAAAAAAAAAAAAA
-A KUBE-SEP-AAAAAAAAAAAAAAAA -s 172.18.0.2/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-AAAAAAAAAAAAAAAA -p tcp -m tcp -j DNAT --to-destination 172.18.0.2:80
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -j MASQUERADE
*filter
:KUBE-FIREWALL -
:KUBE-FORWARD -
-A INPUT -j KUBE-FIREWALL
-A OUTPUT -j KUBE-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
"""

FAIL2BAN = """
*filter
:f2b-sshd -
:f2b-recidive -
-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd
-A INPUT -p tcp -j f2b-recidive
-A f2b-sshd -s 203.0.113.9/32 -j REJECT --reject-with icmp-port-unreachable
-A f2b-sshd -j RETURN
-A f2b-recidive -m set --match-set ips src -j DROP
-A f2b-recidive -j RETURN
"""

CALICO = """
*raw
:cali-PREROUTING -
:cali-rpf-skip -
-A PREROUTING -j cali-PREROUTING
-A cali-PREROUTING -j MARK --set-xmark 0x0/0xf0000
-A cali-PREROUTING -i br-+ -j MARK --set-xmark 0x40000/0x40000
-A cali-PREROUTING -m mark --mark 0x40000/0x40000 -j cali-rpf-skip
-A cali-PREROUTING -m mark --mark 0x40000/0x40000 -m rpfilter --validmark --invert -j DROP
-A cali-PREROUTING -m mark --mark 0x10000/0x10000 -j ACCEPT
*mangle
:cali-POSTROUTING -
-A POSTROUTING -j cali-POSTROUTING
-A cali-POSTROUTING -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-POSTROUTING -j MARK --set-xmark 0x0/0xf0000
-A cali-POSTROUTING -m conntrack --ctstate DNAT -j ACCEPT
*filter
:cali-FORWARD -
:cali-from-wl-dispatch -
:cali-fw-web -
-A FORWARD -j cali-FORWARD
-A FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT
-A cali-FORWARD -j MARK --set-xmark 0x0/0xe0000
-A cali-FORWARD -i br-+ -j cali-from-wl-dispatch
-A cali-from-wl-dispatch -i br-aaaaaaaaaaaa -g cali-fw-web
-A cali-from-wl-dispatch -j DROP
-A cali-fw-web -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-fw-web -m conntrack --ctstate INVALID -j DROP
-A cali-fw-web -j MARK --set-xmark 0x0/0x10000
-A cali-fw-web -p udp -m multiport --dports 4789 -j DROP
-A cali-fw-web -m set --match-set nets dst -j MARK --set-xmark 0x10000/0x10000
-A cali-fw-web -m mark --mark 0x10000/0x10000 -j RETURN
-A cali-fw-web -j DROP
"""

LIBVIRT = """
*nat
:LIBVIRT_PRT -
-A POSTROUTING -j LIBVIRT_PRT
-A LIBVIRT_PRT -s 172.17.0.0/16 -d 224.0.0.0/24 -j RETURN
-A LIBVIRT_PRT -s 172.17.0.0/16 -d 255.255.255.255/32 -j RETURN
-A LIBVIRT_PRT -s 172.17.0.0/16 ! -d 172.17.0.0/16 -p tcp -j MASQUERADE --to-ports 1024-65535
-A LIBVIRT_PRT -s 172.17.0.0/16 ! -d 172.17.0.0/16 -p udp -j MASQUERADE --to-ports 1024-65535
-A LIBVIRT_PRT -s 172.17.0.0/16 ! -d 172.17.0.0/16 -j MASQUERADE
*mangle
:LIBVIRT_PRT -
-A POSTROUTING -j LIBVIRT_PRT
-A LIBVIRT_PRT -o docker0 -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill
*filter
:LIBVIRT_FWI -
:LIBVIRT_FWO -
:LIBVIRT_FWX -
:LIBVIRT_INP -
-A INPUT -j LIBVIRT_INP
-A FORWARD -j LIBVIRT_FWX
-A FORWARD -j LIBVIRT_FWI
-A FORWARD -j LIBVIRT_FWO
-A LIBVIRT_FWI -d 172.17.0.0/16 -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A LIBVIRT_FWI -o docker0 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWO -s 172.17.0.0/16 -i docker0 -j ACCEPT
-A LIBVIRT_FWO -i docker0 -j REJECT --reject-with icmp-port-unreachable
-A LIBVIRT_FWX -i docker0 -o docker0 -j ACCEPT
-A LIBVIRT_INP -i docker0 -p udp -m udp --dport 53 -j ACCEPT
"""

MARKS = """
*mangle
-A PREROUTING -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A PREROUTING -i eth1 -m conntrack --ctstate NEW -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -m mark ! --mark 0x0 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A OUTPUT -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
"""

PROGRAMS = {
    "docker 20": DOCKER_20, "docker 28": DOCKER_28, "ufw": UFW, "firewalld": FIREWALLD,
    "kube-proxy": KUBE_PROXY, "fail2ban": FAIL2BAN, "calico": CALICO, "libvirt": LIBVIRT, "marks": MARKS,
}  # fmt: skip
TOGETHER = (
    ("docker 20",), ("docker 28",), ("docker 20", "ufw"), ("docker 28", "ufw", "fail2ban"), ("firewalld",),
    ("docker 28", "firewalld"), ("kube-proxy",), ("kube-proxy", "calico"), ("libvirt", "fail2ban"),
    ("docker 20", "marks"), ("ufw", "marks"), ("calico",),
)  # fmt: skip
BUILT_IN = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
}


def combined(names: tuple[str, ...], chance: Random) -> str:
    """The programs' rule sets as one iptables-save text; now and then a rule is lost."""
    chains: dict[str, dict[str, str]] = {}
    rules: dict[str, list[str]] = {}
    for name in names:
        table = ""
        for line in PROGRAMS[name].strip().splitlines():
            if line.startswith("*"):
                table = line[1:]
                chains.setdefault(table, dict.fromkeys(BUILT_IN[table], "ACCEPT"))
                rules.setdefault(table, [])
            elif line.startswith(":"):
                chain, policy = line[1:].split()
                chains[table][chain] = policy
            elif chance.random() >= 0.04:
                rules[table].append(line)
    text: list[str] = []
    for table, named in chains.items():
        text += [HEAD.format("nf_tables"), f"*{table}"]
        text += [f":{chain} {policy} [0:0]" for chain, policy in named.items()]
        for chain in named:
            text += [rule for rule in rules[table] if rule.split()[1] == chain]
        text += ["COMMIT", END]
    return "\n".join(text) + "\n"
