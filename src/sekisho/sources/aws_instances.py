"""``aws ec2 describe-instances``: the instances' ids, private addresses and metadata options.

Read as the command prints it ({"Reservations": [{"Instances": [...]}]}) and as a list of instances, which
``--query 'Reservations[].Instances[]'`` makes of it. Field names: EC2 API, Instance and
InstanceMetadataOptionsResponse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from sekisho.errors import SourceError
from sekisho.model.aws import Instance
from sekisho.model.evidence import Evidence, Unread
from sekisho.sources.json_stream import (
    Element,
    Json,
    decoder_for,
    elements,
    line_of_key,
    list_at,
    text_at,
    value_at,
)
from sekisho.sources.parsed import Parsed
from sekisho.values.address import Address

_INSTANCES = re.compile(r'"Instances"\s*:\s*(?=\[)')


def parse(text: str, file: str) -> Parsed[Instance]:
    """Every instance; one with a bad value is Unread. Raises SourceError where the text is no such list."""
    facts: list[Instance] = []
    unread: list[Unread] = []
    for element in _instances(text, file):
        hop_limit = value_at(element.value, "MetadataOptions", "HttpPutResponseHopLimit")
        line, shown = line_of_key(element, "InstanceId" if hop_limit is None else "HttpPutResponseHopLimit")
        place = Evidence(file, line, shown)
        try:
            facts.append(_instance(element.value, place))
        except ValueError as error:
            unread.append(Unread(place, "bad-value", str(error)))
    return Parsed(tuple(facts), tuple(unread))


def _instances(text: str, file: str) -> Iterator[Element]:
    for outer in elements(text, file):
        if isinstance(outer.value, dict) and "Reservations" in outer.value:
            decoder = decoder_for(outer.source)
            for match in _INSTANCES.finditer(outer.source):
                _, end = decoder.raw_decode(outer.source, match.end())
                first = outer.line + outer.source.count("\n", 0, match.end())
                for element in elements(outer.source[match.end() : end], file):
                    yield Element(element.value, first + element.line - 1, element.source)
        elif text_at(outer.value, "InstanceId"):
            yield outer
        else:
            raise SourceError(
                "this is not what describe-instances prints", file=file, line=outer.line,
                text=outer.source[:120], advice="capture it with: aws ec2 describe-instances",
            )  # fmt: skip


def _instance(value: Json, place: Evidence) -> Instance:
    addresses = [text_at(value, "PrivateIpAddress")]
    for interface in list_at(value, "NetworkInterfaces"):
        addresses += (text_at(item, "PrivateIpAddress") for item in list_at(interface, "PrivateIpAddresses"))
        addresses += (text_at(item, "Ipv6Address") for item in list_at(interface, "Ipv6Addresses"))
    options = value_at(value, "MetadataOptions")
    limit = value_at(options, "HttpPutResponseHopLimit")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool)):
        raise ValueError(f"HttpPutResponseHopLimit {limit!r}")
    return Instance(
        text_at(value, "InstanceId"),
        tuple(dict.fromkeys(Address.parse(text) for text in addresses if text)),
        text_at(options, "HttpEndpoint"),
        text_at(options, "HttpTokens"),
        limit,
        place,
    )


def render(instances: Iterable[Instance]) -> str:
    """The same in the command's shape: the keys that the reader asks for, and no others."""
    return (
        json.dumps({"Reservations": [{"Instances": [_plain(item) for item in instances]}]}, indent=4) + "\n"
    )


def _plain(item: Instance) -> dict[str, object]:
    four = [{"PrivateIpAddress": str(a)} for a in item.addresses if a.family == 4]
    six = [{"Ipv6Address": str(a)} for a in item.addresses if a.family == 6]
    options: dict[str, object] = {"HttpEndpoint": item.endpoint, "HttpTokens": item.tokens}
    if item.hop_limit is not None:
        options["HttpPutResponseHopLimit"] = item.hop_limit
    return {
        "InstanceId": item.id,
        "NetworkInterfaces": [{"PrivateIpAddresses": four, "Ipv6Addresses": six}],
        "MetadataOptions": options,
    }
