"""Either gateway's process is killed in mid-traffic and started again: nothing is lost, nothing is there twice."""

import socket
import subprocess
from pathlib import Path

import pytest

from tests.api import house
from tests.federation.town import Hub, federated, free_ports, listen, under_way, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
IN_DOUBT = 240.0
"""Seconds: a lease runs out (90), then the desk's time to settle (60), then it is asked; and B's answer likewise."""


def begun(hub: Hub, *reaches: int) -> "subprocess.Popen[str]":
    """A gateway as a process of its own, on its port; it may speak to those."""
    ports = ",".join(str(port) for port in reaches)
    process = house.started(hub.folder, "serve", "--port", str(hub.port), INTERDESK_ALLOWED_PORTS=ports)
    until(lambda: process.poll() is None and _answers(hub.port), f"{hub.folder.name} comes up")
    return process


def ended(process: "subprocess.Popen[str]") -> None:
    """Killed, with no time to put anything in order."""
    process.kill()
    process.wait()
    if process.stderr is not None:
        process.stderr.close()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def test_the_other_gateway_is_killed_in_mid_traffic(tmp_path: Path) -> None:
    with federated(tmp_path, free_ports(2), starts=False) as town:
        town.b.stop()
        process = begun(town.b, town.south.port, town.a.port)
        try:
            town.a.start()
            listen(town)
            titles = [f"till {number}" for number in range(6)]
            above = {title: town.open(title) for title in titles[:3]}
            town.arrived("till 0")
            ended(process)
            above |= {title: town.open(title) for title in titles[3:]}
            with town.north.acting() as desk:
                for title, ticket in above.items():
                    desk.person("ann").comment(ticket, f"{title}: hurry")
            process = begun(town.b, town.south.port, town.a.port)
            below = {title: town.arrived(title, within=IN_DOUBT) for title in titles}
            for title, ticket in below.items():
                town.hears(town.south, ticket, f"{title}: hurry", within=IN_DOUBT)
            with town.south.acting() as desk:
                for ticket in below.values():
                    desk.person("mauro").set(ticket, "status", "open")
            for ticket in above.values():
                town.shows(town.north, ticket, status="open")
            until(lambda: not under_way(town.a), "A is quiet")
            assert town.tickets() == (6, 6)
            for title, ticket in below.items():
                assert len(town.said(town.south, ticket, f"{title}: hurry")) == 1
        finally:
            ended(process)


def test_the_first_gateway_is_killed_in_mid_traffic(tmp_path: Path) -> None:
    with federated(tmp_path, free_ports(2), starts=False) as town:
        town.a.stop()
        town.b.start()
        process = begun(town.a, town.north.port, town.b.port)
        try:
            listen(town)
            titles = [f"till {number}" for number in range(4)]
            above = {title: town.open(title) for title in titles[:3]}
            below = {title: town.arrived(title) for title in titles[:3]}
            with town.north.acting() as desk:
                ann = desk.person("ann")
                for title, ticket in above.items():
                    ann.comment(ticket, f"{title}: hurry")
                    ann.set(ticket, "priority", "urgent")
                above |= {titles[3]: ann.open(titles[3], "no light", queue="Field")}
            town.hears(town.south, below["till 0"], "till 0: hurry")
            ended(process)
            with town.south.acting() as desk:
                mauro = desk.person("mauro")
                for title, ticket in below.items():
                    mauro.comment(ticket, f"{title}: coming")
                    mauro.set(ticket, "status", "open")
            process = begun(town.a, town.north.port, town.b.port)
            below |= {"till 3": town.arrived("till 3", within=IN_DOUBT)}
            for title in titles[:3]:
                town.hears(town.south, below[title], f"{title}: hurry", within=IN_DOUBT)
                town.shows(town.south, below[title], within=IN_DOUBT, priority="urgent", status="open")
                town.hears(town.north, above[title], f"{title}: coming", within=IN_DOUBT)
                town.shows(town.north, above[title], within=IN_DOUBT, status="open", priority="urgent")
            until(lambda: not under_way(town.b), "B is quiet")
            assert town.tickets() == (4, 4)
            for title in titles[:3]:
                assert len(town.said(town.south, below[title], f"{title}: hurry")) == 1
                assert len(town.said(town.north, above[title], f"{title}: coming")) == 1
        finally:
            ended(process)
