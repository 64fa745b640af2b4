"""The contract suite over every connector of this installation."""

from gateway.registry import Registry, folder_of
from gateway.testing.contract import contract_suite

for _connector in Registry():
    globals()[f"Test_{_connector.manifest.name}"] = contract_suite(_connector, folder_of(_connector))
