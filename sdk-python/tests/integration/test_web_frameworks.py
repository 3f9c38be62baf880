"""Requests through real web frameworks: method, route template, status, duration, session and errors are recorded."""

# mypy: disable-error-code="import-untyped, untyped-decorator"

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from holdfast.testing import Captured, capturing


def one_request(captured: Captured) -> dict[str, Any]:
    (event,) = captured.of_type("api_call")
    assert event["duration"] >= 0
    return {name: event[name] for name in ("method", "endpoint", "status", "sessionId") if name in event}


async def ask(app: Any, path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=headers)


def fastapi_app() -> Any:
    from fastapi import FastAPI

    from holdfast.integrations.fastapi import watch

    app = FastAPI()

    @app.get("/orders/{order_id}")
    async def order(order_id: int) -> dict[str, int]:
        return {"id": order_id}

    @app.get("/fail/{order_id}")
    async def fail(order_id: int) -> None:
        raise RuntimeError(f"no order {order_id}")

    return watch(app)


def starlette_app() -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from holdfast.integrations.starlette import watch

    async def order(request: Request) -> JSONResponse:
        return JSONResponse({"id": request.path_params["order_id"]})

    async def fail(request: Request) -> JSONResponse:
        raise RuntimeError("no order")

    return watch(Starlette(routes=[Route("/orders/{order_id}", order), Route("/fail/{order_id}", fail)]))


def litestar_app() -> Any:
    from litestar import Litestar, get
    from litestar.params import FromPath

    from holdfast.integrations.litestar import HoldfastPlugin

    @get("/orders/{order_id:int}")
    async def order(order_id: FromPath[int]) -> dict[str, int]:
        return {"id": order_id}

    @get("/fail/{order_id:int}")
    async def fail(order_id: FromPath[int]) -> None:
        raise RuntimeError("no order")

    return Litestar([order, fail], plugins=[HoldfastPlugin()])


def django_app() -> Any:
    """Django keeps its settings for the process, so it is set up once."""
    import django
    from django.conf import settings
    from django.http import HttpRequest, JsonResponse
    from django.urls import path

    if not settings.configured:

        def order(request: HttpRequest, order_id: int) -> JsonResponse:
            return JsonResponse({"id": order_id})

        def fail(request: HttpRequest, order_id: int) -> JsonResponse:
            raise RuntimeError("no order")

        urls = type("urls", (), {})
        urls.urlpatterns = [path("orders/<int:order_id>", order), path("fail/<int:order_id>", fail)]  # type: ignore[attr-defined]
        settings.configure(
            DEBUG=False,
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF=urls,
            SECRET_KEY="k",
            LOGGING_CONFIG=None,
            MIDDLEWARE=["holdfast.integrations.django.HoldfastMiddleware"],
        )
        django.setup()
    return settings


ASGI = {
    "fastapi": (fastapi_app, "/orders/{order_id}", "/fail/{order_id}"),
    "starlette": (starlette_app, "/orders/{order_id}", "/fail/{order_id}"),
    "litestar": (litestar_app, "/orders/{order_id}", "/fail/{order_id}"),
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ASGI)
async def test_asgi_framework(name: str) -> None:
    """A request is recorded with its template; an error that the application raised is recorded once."""
    make, template, failing = ASGI[name]
    app = make()
    with capturing() as captured:
        response = await ask(app, "/orders/7", cookie="a=b; holdfast_session=s-1; c=d")
        assert response.status_code == 200
        assert one_request(captured) == {
            "method": "GET",
            "endpoint": template,
            "status": 200,
            "sessionId": "s-1",
        }
    with capturing() as captured:
        assert (await ask(app, "/fail/7", **{"x-holdfast-session": "s-2"})).status_code == 500
        assert one_request(captured)["endpoint"] == failing
        assert one_request(captured)["status"] == 500
        (error,) = captured.of_type("error")
        assert error["metadata"]["errorType"] == "RuntimeError"
        assert error["metadata"]["handled"] is False
        assert error["sessionId"] == "s-2"


async def test_unknown_route_has_no_ids() -> None:
    """A path that no route knows is recorded without the ids in it, so that endpoints stay few."""
    with capturing() as captured:
        assert (await ask(fastapi_app(), "/nowhere/123456/x")).status_code == 404
        assert one_request(captured)["endpoint"] == "/nowhere/[id]/x"


async def test_breadcrumbs_belong_to_their_request() -> None:
    """Two requests at the same time do not see each other's breadcrumbs."""
    import holdfast
    from holdfast.integrations.asgi import HoldfastMiddleware

    async def app(scope: Any, receive: Any, send: Any) -> None:
        holdfast.add_breadcrumb(message=f"at {scope['path']}")
        await asyncio.sleep(0.01)
        raise RuntimeError(scope["path"])

    wrapped = HoldfastMiddleware(app)
    with capturing() as captured:
        await asyncio.gather(ask(wrapped, "/a"), ask(wrapped, "/b"))
        for error in captured.of_type("error"):
            crumbs = [crumb["message"] for crumb in error["metadata"]["breadcrumbs"]]
            assert crumbs == [f"at {error['metadata']['message']}"]


def test_flask() -> None:
    """Flask: the rule is the template; an error that Flask turns into a 500 is recorded."""
    from flask import Flask

    from holdfast.integrations.flask import watch

    app = Flask("shop")

    @app.get("/orders/<int:order_id>")
    def order(order_id: int) -> dict[str, int]:
        return {"id": order_id}

    @app.get("/fail/<int:order_id>")
    def fail(order_id: int) -> str:
        raise RuntimeError("no order")

    watch(app)
    with capturing() as captured:
        assert app.test_client().get("/orders/7", headers={"X-Holdfast-Session": "s"}, buffered=True).data
        assert one_request(captured) == {
            "method": "GET",
            "endpoint": "/orders/<int:order_id>",
            "status": 200,
            "sessionId": "s",
        }
    with capturing() as captured:
        assert app.test_client().get("/fail/7", buffered=True).status_code == 500
        assert one_request(captured)["endpoint"] == "/fail/<int:order_id>"
        assert [error["metadata"]["message"] for error in captured.of_type("error")] == ["no order"]


@pytest.mark.filterwarnings("default")
def test_django_sync() -> None:
    """Django over WSGI: the route is the template; what a view raises is recorded."""
    django_app()
    from django.test import Client

    client = Client(raise_request_exception=False)
    with capturing() as captured:
        assert client.get("/orders/7").status_code == 200
        assert one_request(captured)["endpoint"] == "/orders/<int:order_id>"
    with capturing() as captured:
        assert client.get("/fail/7").status_code == 500
        assert one_request(captured)["status"] == 500
        assert len(captured.of_type("error")) == 1


@pytest.mark.filterwarnings("default")
async def test_django_async() -> None:
    """Django over ASGI: the same."""
    django_app()
    from django.test import AsyncClient

    client = AsyncClient(raise_request_exception=False)
    with capturing() as captured:
        assert (await client.get("/orders/7")).status_code == 200
        assert one_request(captured)["endpoint"] == "/orders/<int:order_id>"
    with capturing() as captured:
        assert (await client.get("/fail/7")).status_code == 500
        assert len(captured.of_type("error")) == 1
