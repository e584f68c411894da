"""What is asked about: the catalogue, lists in Citizen Lab's format, single URLs."""

from probe.targets.anchor import read_trust_anchor
from probe.targets.apps import target_of_app
from probe.targets.catalogue import Catalogue, catalogue_folder, read_catalogue
from probe.targets.check import Finding, check
from probe.targets.error import CatalogueError
from probe.targets.inputs import Input, parse_input, target_of_url
from probe.targets.lists import read_list
from probe.targets.vpn_file import VPNFile, read_vpn

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Finding",
    "Input",
    "VPNFile",
    "catalogue_folder",
    "check",
    "parse_input",
    "read_catalogue",
    "read_list",
    "read_trust_anchor",
    "read_vpn",
    "target_of_app",
    "target_of_url",
]
