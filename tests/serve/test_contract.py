"""The API keeps what its description promises, whatever is sent: schemathesis makes requests up, seeded."""

import dataclasses
import json
from pathlib import PurePosixPath
from urllib.request import urlopen

import pytest

pytest.importorskip("schemathesis", reason="needs schemathesis to make requests up")

import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as running
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from srgan.serve.settings import Limits

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
EXAMPLES = 8  # of requests for each route, that fit its description and that do not


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_no_request_makes_the_server_fail(listen, settings, png, mode):
    small = dataclasses.replace(settings, limits=Limits(pixels=10_000, waiting=10_000))
    with listen(small) as address:
        description = schemathesis.openapi.from_url(f"{address}/v1/openapi.json")
        with urlopen(f"{address}/v1/jobs?model=tiny", png) as response:
            job = PurePosixPath(response.headers["Location"]).name
        statuses = {}
        for found in description.get_all_operations():
            operation = found.ok()
            if mode == schemathesis.GenerationMode.NEGATIVE and operation.method != "post":
                continue  # any text is a job's id
            statuses[operation.label] = set()
            try_out(operation, mode, png, job, statuses[operation.label])
    assert {"POST /v1/upscale", "POST /v1/jobs"} <= statuses.keys()
    if mode == schemathesis.GenerationMode.POSITIVE:
        assert 200 in statuses["POST /v1/upscale"]
        assert 202 in statuses["POST /v1/jobs"]
    else:
        assert all(statuses.values())
        assert all(400 <= status < 500 for found in statuses.values() for status in found)


def try_out(operation, mode, png, job, statuses):
    """Sends requests to one route; of the uploads, every other one is a picture, of the jobs, a real one."""

    @running(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_real=st.booleans())
    def run(case, is_real):
        if is_real and case.media_type == "application/octet-stream":
            case.body = png
        if is_real and "job" in case.path_parameters and case.method != "DELETE":
            case.path_parameters["job"] = job
        response = case.call()
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            problem = json.loads(response.content)
            assert problem["status"] == response.status_code
            assert "\n" not in problem["detail"]

    run()
