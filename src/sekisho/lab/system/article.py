"""The article's system as a topology document; examples/topologies/article.yaml is the same as a file."""

from __future__ import annotations

_OPEN = "0.0.0.0/0"

ARTICLE: dict[str, object] = {
    "schema": "sekisho/topology/1",
    "name": "article",
    "title": "The article's system: a Docker host in a VPC, and the Internet",
    "internet": {"internet": {"address": "203.0.113.10/24", "serves": [80]}},
    "vpcs": {
        "vpc": {
            "cidr": "10.0.0.0/16",
            "subnets": {"public": {"cidr": "10.0.0.0/16"}},
            "security_groups": {
                "web": {
                    "ingress": [
                        {"proto": "tcp", "ports": 22, "from": _OPEN},
                        {"proto": "tcp", "ports": 3306, "from": _OPEN},
                        {"proto": "tcp", "ports": 8080, "from": _OPEN},
                        {"proto": "icmp", "from": _OPEN},
                    ]
                },
                "internal": {"ingress": [{"proto": "all", "from": "10.0.0.0/16"}]},
            },
        }
    },
    "hosts": {
        "host": {
            "subnet": "public",
            "address": "10.0.0.10",
            "public_address": "198.51.100.10",
            "security_groups": ["web"],
            "serves": [22],
            "sysctls": {"net.ipv4.ip_forward": 1},
            "networks": {
                "bridge": {"bridge": "docker0", "subnet": "172.17.0.0/16"},
                "app": {"bridge": "br-528a7aa7b156", "subnet": "172.18.0.0/16"},
            },
            "containers": {
                "db": {"network": "app", "address": "172.18.0.2", "serves": [3306], "publish": ["3306:3306"]},
                "web": {
                    "network": "app",
                    "address": "172.18.0.3",
                    "serves": [8080],
                    "publish": ["8080:8080"],
                },
                "solo": {"network": "bridge", "address": "172.17.0.2", "serves": [80]},
            },
        },
        "peer": {
            "subnet": "public",
            "address": "10.0.0.20",
            "security_groups": ["internal"],
            "serves": [80],
        },
    },
}
