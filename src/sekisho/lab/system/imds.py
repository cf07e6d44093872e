"""The instance metadata service, version 2, as EC2 documents it.

A PUT to ``/latest/api/token`` with ``X-aws-ec2-metadata-token-ttl-seconds`` (1 to 21,600) gives a
token; every GET must carry it. The packets of the PUT's answer have the instance's hop limit as their
IP time to live (HttpPutResponseHopLimit, 1 unless set): behind another hop, such as a bridge of the
host, they expire on the way.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

from sekisho.lab.system.plan import Instance
from sekisho.values.numbers import integer, is_number

ADDRESS = "169.254.169.254"
_LONGEST = 21_600  # seconds a token may last
_TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN_HEADER = "x-aws-ec2-metadata-token"
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"}


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request's head; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The head of a request. Raises ValueError when it is none, IncompleteReadError when it ends early."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Request(method, path, headers)


class Metadata:
    """Answers by who asks: each instance is known by its private address."""

    def __init__(self, instances: Iterable[Instance]) -> None:
        self._instances = {str(instance.private): instance for instance in instances}
        self._tokens: dict[tuple[str, str], float] = {}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        request = await asyncio.wait_for(read_request(reader), 10.0)
        client = writer.get_extra_info("peername")[0]
        instance = self._instances.get(client)
        if instance is None:
            status, body = 404, ""
        elif request.method == "PUT":
            # Before a byte is written: the kernel stamps it on each packet from now on.
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, instance.hop_limit)
            status, body = self._token(client, request)
        elif request.method not in ("GET", "HEAD"):
            status, body = 405, ""
        elif not self._valid(client, request.headers.get(_TOKEN_HEADER, "")):
            status, body = 401, ""
        else:
            found = lookup(instance, request.path)
            status, body = (404, "") if found is None else (200, found)
        writer.write(
            f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: text/plain\r\nServer: EC2ws\r\n"
            f"Content-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n".encode()
            + (b"" if request.method == "HEAD" else body.encode())
        )
        await writer.drain()

    def _token(self, client: str, request: Request) -> tuple[int, str]:
        seconds = request.headers.get(_TTL_HEADER, "")
        if request.path != "/latest/api/token":
            return 404, ""
        if not (is_number(seconds) and 1 <= integer(seconds) <= _LONGEST):
            return 400, ""
        now = time.monotonic()
        self._tokens = {key: until for key, until in self._tokens.items() if until > now}
        token = secrets.token_urlsafe(40)
        self._tokens[client, token] = now + integer(seconds)
        return 200, token

    def _valid(self, client: str, token: str) -> bool:
        return self._tokens.get((client, token), 0.0) > time.monotonic()


def tree(instance: Instance) -> dict[str, str]:
    """Every path below ``/latest/`` with its text."""
    mac = instance.mac
    interface = f"meta-data/network/interfaces/macs/{mac}"
    facts = {
        "meta-data/instance-id": instance.instance_id,
        "meta-data/local-ipv4": str(instance.private),
        "meta-data/local-hostname": private_name(instance),
        "meta-data/hostname": private_name(instance),
        "meta-data/mac": mac,
        "meta-data/security-groups": "\n".join(instance.security_groups),
        "meta-data/placement/region": "us-east-1",
        f"{interface}/local-ipv4s": str(instance.private),
        f"{interface}/subnet-ipv4-cidr-block": str(instance.subnet),
        f"{interface}/vpc-ipv4-cidr-block": str(instance.vpc),
        "dynamic/instance-identity/document": json.dumps(
            {
                "instanceId": instance.instance_id,
                "privateIp": str(instance.private),
                "region": "us-east-1",
                "version": "2017-09-30",
            },
            indent=2,
        ),
    }
    if instance.public is not None:
        facts["meta-data/public-ipv4"] = str(instance.public)
        facts["meta-data/public-hostname"] = public_name(instance)
        facts[f"{interface}/public-ipv4s"] = str(instance.public)
    return facts


def lookup(instance: Instance, path: str) -> str | None:
    """The text at a path, or the names below it (folders end in ``/``); None where there is nothing."""
    facts = tree(instance)
    wanted = path.split("?")[0].removeprefix("/latest/").removeprefix("/latest")
    if wanted in facts:
        return facts[wanted]
    folder = wanted.rstrip("/") + "/" if wanted.rstrip("/") else ""
    below = {
        rest.split("/")[0] + ("/" if "/" in rest else "")
        for rest in (name[len(folder) :] for name in facts if name.startswith(folder))
    }
    return "\n".join(sorted(below)) or None


def private_name(instance: Instance) -> str:
    """The private DNS name that EC2 gives by the address."""
    return f"ip-{str(instance.private).replace('.', '-')}.ec2.internal"


def public_name(instance: Instance) -> str:
    """The public DNS name; the VPC's resolver answers it with the private address."""
    return f"ec2-{str(instance.public).replace('.', '-')}.compute-1.amazonaws.com"
