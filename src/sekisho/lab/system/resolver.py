"""The VPC's resolver: dnsmasq, told everything on its standard input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sekisho.lab.system.plan import Program
from sekisho.lab.system.topology import Host, Topology, Vpc
from sekisho.values.address import Address

DOMAIN = "ec2.internal"


def records(topology: Topology, vpc: Vpc, hosts: Iterable[Host]) -> Iterator[tuple[str, Address]]:
    """(name, address) of everything it knows, the name that an address stands for first.

    Private names as EC2 makes them, the hosts' own, and public names: from inside the VPC they lead to
    the private address. Hosts of the Internet are under ``example``.
    """
    for host in hosts:
        dashes = str(host.address).replace(".", "-")
        yield f"ip-{dashes}.{DOMAIN}", host.address
        yield f"{host.name}.{DOMAIN}", host.address
        if host.public_address is not None:
            yield f"ec2-{str(host.public_address).replace('.', '-')}.compute-1.amazonaws.com", host.address
    for other in topology.internet:
        yield f"{other.name}.example", other.address
    yield f"instance-data.{DOMAIN}", Address.parse("169.254.169.254")
    yield f"router.{vpc.name}.{DOMAIN}", Address(4, vpc.cidr.value + 1)


def program(node: str, names: Iterable[tuple[str, Address]]) -> Program:
    """The process. It leaves no file behind, asks no other resolver and reads none of the machine's."""
    lines = [
        "no-resolv", "no-hosts", "no-poll", "no-daemon", "user=root", "group=root", "pid-file=",
        f"domain={DOMAIN}", f"local=/{DOMAIN}/", "local=/example/", "local=/amazonaws.com/",
        "domain-needed", "bogus-priv", "local-ttl=60", "cache-size=0", "log-facility=/dev/null",
        *(f"host-record={name},{address}" for name, address in names),
    ]  # fmt: skip
    text = "\n".join([*lines, ""])
    return Program(node, ("dnsmasq", "--conf-file=-"), text, "dnsmasq-base", 53)
