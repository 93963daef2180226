"""Addresses that a call may connect to: public ones, those opened, and what is never a model."""

from __future__ import annotations

import ipaddress

import pytest

from optimizer.lm.guard import EVERYWHERE, Egress, ForbiddenAddress, Opening

PUBLIC = (
    "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::8.8.8.8", "2002:0808:0808::1", "::ffff:8.8.8.8",
)  # fmt: skip
PRIVATE = (
    "127.0.0.1", "127.9.9.9", "10.0.0.5", "172.16.0.1", "192.168.1.1", "100.64.0.1", "192.0.2.1",
    "198.18.0.1", "::1", "fd12:3456::1", "::ffff:10.0.0.5", "64:ff9b::10.0.0.5", "::127.0.0.1",
    "::ffff:0:127.0.0.1", "64:ff9b:1::10.0.0.5", "2002:0a00:0005::1", "2001:db8::1",
    "2606:4700::5efe:10.0.0.5",
)  # fmt: skip
NEVER = (
    "169.254.169.254", "169.254.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192", "::", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "4000::1", "100::1",
    "::ffff:169.254.169.254", "::169.254.169.254", "::ffff:0:169.254.169.254",
    "64:ff9b::169.254.169.254", "64:ff9b:1::169.254.169.254", "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1:0:a9:fea9:fe00:0", "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::1", "2001::5601:5601", "2606:4700::200:5efe:169.254.169.254",
    "metadata.internal", "", "2852039166",
)  # fmt: skip


def refused(egress: Egress, address: str, port: int = 80) -> ForbiddenAddress:
    with pytest.raises(ForbiddenAddress) as refusal:
        egress.check(address, port)
    return refusal.value


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_need_no_opening(address: str) -> None:
    Egress().check(address, 443)


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_needs_an_opening(address: str) -> None:
    refusal = refused(Egress(), address)
    assert not refusal.never
    assert "administrator of this installation" in str(refusal)
    EVERYWHERE.check(address, 80)


@pytest.mark.parametrize("address", NEVER)
def test_no_opening_allows_what_is_never_a_model(address: str) -> None:
    assert refused(EVERYWHERE, address).never
    assert "never models" in str(refused(Egress(), address))


def test_an_opening_is_of_a_network_and_a_port() -> None:
    egress = Egress((Opening(ipaddress.ip_network("10.0.0.0/24"), 8000),))
    egress.check("10.0.0.5", 8000)
    egress.check("::ffff:10.0.0.5", 8000)
    assert "10.0.0.5:8001" in str(refused(egress, "10.0.0.5", 8001))
    refused(egress, "10.0.1.5", 8000)


def test_who_typed_a_name_is_not_told_its_number() -> None:
    refusal = ForbiddenAddress("10.0.0.5", 80, never=False, told="gpu.internal:80")
    assert "gpu.internal:80" in str(refusal)
    assert "10.0.0.5" not in str(refusal)
