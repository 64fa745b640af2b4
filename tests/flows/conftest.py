"""What several files of tests ask of one dear thing."""

from tests.flows.bpi import bpi, bpi_counted, bpi_log

__all__ = ["bpi", "bpi_counted", "bpi_log"]
