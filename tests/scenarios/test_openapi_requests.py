"""The service keeps its own description: schemathesis makes requests from the document and reads the answers with it."""

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode

from services.openapi.areas import AREAS
from services.openapi.document import document
from services.openapi.operation import Caller, Operation
from tests.scenarios.test_openapi import OPERATIONS, label
from tests.support.world import ISSUER, World

DESCRIBED = schemathesis.openapi.from_dict(document(AREAS, ISSUER))
