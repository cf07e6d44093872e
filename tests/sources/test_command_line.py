"""What a command line says about its output."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.sources.command_line import Command, read_command
from sekisho.sources.recognise import Format as F


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("ip route", Command(F.IP_ROUTE)),
        ("ip r", Command(F.IP_ROUTE)),
        ("ip ro sh", Command(F.IP_ROUTE)),
        ("sudo /sbin/ip -6 route show", Command(F.IP_ROUTE, 6)),
        ("ip -j route show table all", Command(F.IP_ROUTE_JSON, 4, "all")),
        ("ip -f inet6 r", Command(F.IP_ROUTE, 6)),
        ("ip route show table 10001", Command(F.IP_ROUTE, 4, "10001")),
        ("ip route list dev eth0", Command(F.IP_ROUTE, partial="only dev eth0")),
        (
            "ip ro show table 10001 | grep eth1",
            Command(F.IP_ROUTE, 4, "10001", partial="filtered by grep", filtered=True),
        ),
        ("ip route | cat", Command(F.IP_ROUTE)),
        ("ip route 2>/dev/null", Command(F.IP_ROUTE)),
        ("ip route get 8.8.8.8", Command(None)),
        ("ip rule", Command(F.IP_RULE)),
        ("ip -4 rule show", Command(F.IP_RULE)),
        ("ip a", Command(F.IP_ADDR)),
        ("ip addr show eth0", Command(F.IP_ADDR, partial="only eth0")),
        ("ip -d -j link", Command(F.IP_LINK_JSON)),
        ("ip n", Command(F.IP_NEIGH)),
        ("ip netns exec blue ip route", Command(F.IP_ROUTE, namespace="blue")),
        ("ip -n blue route", Command(F.IP_ROUTE, namespace="blue")),
        ("docker exec -it web ip -6 route", Command(F.IP_ROUTE, 6, namespace="web")),
        ("docker compose exec -u root web ss -lntup", Command(F.SS, namespace="web")),
        ("docker exec web sh -c 'ip route'", Command(F.IP_ROUTE, namespace="web")),
        ("docker exec -it web bash", Command(None, namespace="web", shell=True)),
        ("nsenter -t 4711 -n iptables-save", Command(F.IPTABLES_SAVE, namespace="pid 4711")),
        ("sudo nsenter --net=/run/netns/blue ip r", Command(F.IP_ROUTE, namespace="blue")),
        ("kubectl exec web-0 -c app -- ip route", Command(F.IP_ROUTE, namespace="web-0")),
        ("ssh ubuntu@10.0.0.10 sudo ip route", Command(F.IP_ROUTE, host="10.0.0.10")),
        ("ssh -p 2222 -i key.pem web1 ip rule", Command(F.IP_RULE, host="web1")),
        ("iptables -t nat -nL -v", Command(F.IPTABLES_LIST, 4, "nat")),
        ("iptables -nvL --line-numbers", Command(F.IPTABLES_LIST, 4, "filter")),
        ("sudo ip6tables --table=mangle --list", Command(F.IPTABLES_LIST, 6, "mangle")),
        ("iptables -L DOCKER-USER -n", Command(F.IPTABLES_LIST, 4, "filter", partial="only DOCKER-USER")),
        ("iptables-legacy -S", Command(F.IPTABLES_S, 4, "filter", backend="legacy")),
        ("ip6tables-nft-save", Command(F.IPTABLES_SAVE, 6, backend="nft")),
        ("iptables -A INPUT -j DROP", Command(F.IPTABLES_COMMANDS, 4)),
        ("ip6tables -t nat -F", Command(F.IPTABLES_COMMANDS, 6)),
        ("iptables -C INPUT -j DROP", Command(None, 4)),
        ("iptables-save -c", Command(F.IPTABLES_SAVE)),
        ("ip6tables-save -t nat", Command(F.IPTABLES_SAVE, 6, "nat")),
        ("sysctl net.ipv4.ip_forward", Command(F.SYSCTL)),
        ("sysctl -n net.ipv4.ip_forward", Command(F.SYSCTL, sysctl_key="net.ipv4.ip_forward")),
        ("cat /proc/sys/net/ipv4/ip_forward", Command(F.SYSCTL, sysctl_key="net.ipv4.ip_forward")),
        ("cat /proc/net/nf_conntrack", Command(F.CONNTRACK)),
        ("cat iptables-nat.txt", Command(None, by_content=True)),
        ("sudo conntrack -L", Command(F.CONNTRACK)),
        ("conntrack -L -p tcp", Command(F.CONNTRACK, partial="filtered by its options")),
        ("ss -Hnltup", Command(F.SS)),
        ("ss -ltn", Command(F.SS, proto="tcp")),
        ("ss -lun", Command(F.SS, proto="udp")),
        ("ss -tn", Command(F.SS, partial="no listening sockets", proto="tcp")),
        ("ss -lntu sport = :80", Command(F.SS, partial="only sport = :80")),
        ("nft list ruleset", Command(F.NFT_TEXT)),
        ("nft -j list ruleset", Command(F.NFT_JSON)),
        ("nft list table ip nat", Command(F.NFT_TEXT, partial="only table ip nat", whole_tables=True)),
        ("nft list ruleset inet", Command(F.NFT_TEXT, partial="only ruleset inet", whole_tables=True)),
        ("nft list chain ip nat DOCKER", Command(F.NFT_TEXT, partial="only chain ip nat DOCKER")),
        ("nft list chains", Command(F.NFT_TEXT, partial="only chains", filtered=True)),
        ("nft list tables", Command(None)),
        ("iptables-save | grep -v '^#'", Command(F.IPTABLES_SAVE)),
        (
            "iptables -S FORWARD | grep docker0",
            Command(F.IPTABLES_S, 4, "filter", partial="only FORWARD", filtered=True),
        ),
        ("ipset save", Command(F.IPSET_SAVE)),
        ("route -n", Command(F.ROUTE_N)),
        ("netstat -rn", Command(F.ROUTE_N)),
        ("docker network inspect $(docker network ls -q)", Command(F.DOCKER_NETWORKS)),
        ("docker network inspect app", Command(F.DOCKER_NETWORKS, partial="only app")),
        ("docker inspect web", Command(F.DOCKER_CONTAINERS, partial="only web")),
        ("docker version --format json", Command(F.DOCKER_VERSION)),
        ("docker ps", Command(F.DOCKER_PS)),
        ("docker ps -a --no-trunc", Command(F.DOCKER_PS)),
        ("docker container ls --format 'table {{.Names}}\\t{{.Ports}}'", Command(F.DOCKER_PS)),
        ("docker ps --format '{{.Names}}'", Command(None)),
        ("docker ps -f name=web", Command(F.DOCKER_PS)),
        ("docker compose ps", Command(F.DOCKER_PS)),
        ("docker-compose ps", Command(F.DOCKER_PS)),
        ("docker port web", Command(F.DOCKER_PORT, subject=("web",))),
        ("docker port web 80/udp", Command(F.DOCKER_PORT, subject=("web", "80/udp"))),
        ("docker network ls", Command(F.DOCKER_NETWORK_LS)),
        ("docker network inspect -f '{{.Name}}' app", Command(None, partial="only app")),
        (
            "docker inspect -f '{{.Name}}' web db",
            Command(F.DOCKER_TEMPLATE, subject=("{{.Name}}", "web", "db")),
        ),
        (
            "docker inspect --format='{{.Name}}' $(docker ps -q)",
            Command(F.DOCKER_TEMPLATE, subject=("{{.Name}}",)),
        ),
        ("netstat -tlnp", Command(F.NETSTAT, proto="tcp")),
        ("netstat -tulpn", Command(F.NETSTAT)),
        ("netstat -anp", Command(F.NETSTAT)),
        ("netstat --listening --tcp -n", Command(F.NETSTAT, proto="tcp")),
        ("netstat -tn", Command(F.NETSTAT, partial="no listening sockets", proto="tcp")),
        ("netstat -4ln", Command(F.NETSTAT, partial="of one IP version only")),
        (
            "netstat -tlnp | grep 80",
            Command(F.NETSTAT, partial="filtered by grep", proto="tcp", filtered=True),
        ),
        ("netstat -rn -6", Command(F.ROUTE_N, 6)),
        ("netstat -i", Command(None)),
        ("ss -4tln", Command(F.SS, partial="of one IP version only", proto="tcp")),
        ("ss -f inet -tln", Command(F.SS, partial="of one IP version only", proto="tcp")),
        ("ifconfig -a", Command(F.IFCONFIG)),
        ("ifconfig eth0", Command(F.IFCONFIG, partial="only eth0")),
        ("ifconfig eth0 192.0.2.1 up", Command(None)),
        ("ip -br a", Command(F.IP_BRIEF_ADDR)),
        ("ip -br -c link", Command(F.IP_BRIEF_LINK)),
        ("ip -4 addr", Command(F.IP_ADDR, only_family=4)),
        ("ip -6 -brief addr show", Command(F.IP_BRIEF_ADDR, 6, only_family=6)),
        ("ufw status numbered", Command(F.UFW_STATUS)),
        ("ufw allow 22", Command(None)),
        ("firewall-cmd --list-all-zones", Command(F.FIREWALL_CMD)),
        ("firewall-cmd --zone=public --list-all", Command(F.FIREWALL_CMD)),
        ("firewall-cmd --list-ports", Command(None)),
        ("docker run --rm alpine ip route", Command(None, namespace="docker run")),
    ],
)
def test_reads(line: str, want: Command) -> None:
    assert read_command(line) == want


@pytest.mark.parametrize("line", ["uptime", "vim /etc/hosts", "", "it's broken", "sudo", "IP route"])
def test_other_programs_are_unknown(line: str) -> None:
    assert read_command(line) is None


WORDS = st.sampled_from(
    [
        *(
            "sudo",
            "-u",
            "root",
            "docker",
            "compose",
            "exec",
            "-it",
            "web",
            "sh",
            "-c",
            "ip",
            "-6",
            "-n",
            "netns",
        ),
        *("route", "rule", "show", "table", "iptables", "-t", "nat", "-L", "iptables-save", "kubectl", "--"),
        *("nsenter", "ssh", "cat", "/proc/sys/net/ipv4/ip_forward", "sysctl", "ss", "-ltn", "|", ">", "2>&1"),
        *("nft", "list", "conntrack", "bridge", "'", '"', "$(x)", "inspect", "network"),
    ]
)


@given(st.one_of(st.lists(WORDS, max_size=9).map(" ".join), st.text()))
def test_nothing_that_people_type_breaks_it(line: str) -> None:
    command = read_command(line)
    assert command is None or isinstance(command, Command)
