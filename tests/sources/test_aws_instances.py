"""``aws ec2 describe-instances``, in the shape of the AWS CLI's example output (EC2 API reference)."""

from __future__ import annotations

import json

import pytest

from sekisho.errors import SourceError
from sekisho.model.aws import Instance
from sekisho.sources.aws_instances import parse, render
from sekisho.sources.recognise import Format, by_content
from sekisho.values.address import Address

TWO = """\
{
    "Reservations": [
        {
            "Groups": [],
            "Instances": [
                {
                    "InstanceId": "i-0a",
                    "PrivateDnsName": "ip-10-0-0-5.ec2.internal",
                    "PrivateIpAddress": "10.0.0.5",
                    "NetworkInterfaces": [
                        {
                            "Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}],
                            "PrivateIpAddresses": [
                                {"Primary": true, "PrivateIpAddress": "10.0.0.5"},
                                {"Primary": false, "PrivateIpAddress": "10.0.0.6"}
                            ]
                        }
                    ],
                    "MetadataOptions": {
                        "HttpTokens": "required",
                        "HttpPutResponseHopLimit": 1,
                        "HttpEndpoint": "enabled"
                    }
                }
            ]
        },
        {
            "Groups": [],
            "Instances": [
                {
                    "MetadataOptions": {
                        "HttpTokens": "optional",
                        "HttpPutResponseHopLimit": 64,
                        "HttpEndpoint": "disabled"
                    },
                    "InstanceId": "i-0b"
                }
            ]
        }
    ]
}
"""
FIRST = Instance(
    "i-0a",
    tuple(Address.parse(text) for text in ("10.0.0.5", "10.0.0.6", "2001:db8::5")),
    "enabled",
    "required",
    1,
)


def test_every_instance_with_its_line() -> None:
    found = parse(TWO, "aws/describe-instances.json")
    assert found.unread == ()
    assert found.facts == (FIRST, Instance("i-0b", (), "disabled", "optional", 64))
    places = [item.evidence for item in found.facts]
    assert [(place.line, place.text) for place in places if place is not None] == [
        (21, '"HttpPutResponseHopLimit": 1,'),
        (33, '"HttpPutResponseHopLimit": 64,'),
    ]
    assert by_content(TWO) is Format.AWS_INSTANCES


def test_a_list_of_instances_will_do() -> None:
    """As --query 'Reservations[].Instances[]' prints it."""
    instances = [one for r in json.loads(TWO)["Reservations"] for one in r["Instances"]]
    assert parse(json.dumps(instances, indent=4), "f").facts == parse(TWO, "f").facts


def test_printed_and_read_again() -> None:
    facts = parse(TWO, "f").facts
    assert parse(render(facts), "f").facts == facts


@pytest.mark.parametrize("text", ["{}", '[{"VpcId": "vpc-1"}]', "[1]"])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="describe-instances"):
        parse(text, "f")


@pytest.mark.parametrize(
    "bad", ['"PrivateIpAddress": "10.0.0.500"', '"MetadataOptions": {"HttpPutResponseHopLimit": "x"}']
)
def test_a_bad_value_is_unread(bad: str) -> None:
    found = parse(f'{{"Reservations": [{{"Instances": [{{"InstanceId": "i-1", {bad}}}]}}]}}', "f")
    assert found.facts == ()
    assert [item.reason for item in found.unread] == ["bad-value"]
