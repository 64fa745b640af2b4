"""An installation with places, equipment and people, for tests of what is configured."""

from tests.api.house import CONFIGURATION

FURNISHED = (
    CONFIGURATION.replace(
        "- {code: south, name: South Services}",
        "- {code: south, name: South Services}\n  - {code: far, name: Far Away, zone: Europe/Rome}",
    )
    + """
contacts:
  - {organization: north, code: night, level: 1, channel: phone, address: "+39 02 5550 100"}
sites:
  - {organization: north, code: MI-001, name: Milano Duomo, zone: Europe/Rome, country: IT, group: lombardy}
  - {organization: north, code: MI-002, name: Milano Centrale, zone: Europe/Rome, country: IT, group: lombardy}
  - {organization: north, code: LU-001, name: Lugano, zone: Europe/Zurich, country: CH, group: abroad}
  - {organization: far, code: MI-001, name: Elsewhere, country: IT}
assets:
  - {organization: north, code: TILL-7, site: MI-001, model: Register 300, serial: R300-7}
  - {organization: north, code: TILL-8, site: MI-002, model: Register 300, serial: R300-8}
"""
)
