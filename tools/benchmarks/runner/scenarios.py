"""The scenarios: each gives one table."""

from dataclasses import dataclass, field, replace

from encrypted import (
    BARE_TLS, BARE_TLS_RELEASING, GNET_TLS, GNET_TLS_BEFORE, GNET_TLS_BEFORE_CONTROL, GNET_TLS_PROXY,
    GNET_TLS_PROXY_BEFORE, GNET_TLS_PROXY_BEFORE_CONTROL, HAPROXY_TLS, HAPROXY_TLS_CONTROL, NGINX_TLS, NIO_TLS,
    TLS_CONTROL,
)  # fmt: skip
from proxies import (
    BARE_PROXY, GNET_PROXY, GNET_PROXY_BEFORE, GNET_PROXY_BEFORE_CONTROL, HAPROXY_TCP, NGINX_STREAM, NIO_PROXY,
    PROXY_CONTROL,
)  # fmt: skip
from servers import (
    BARE, CONTROL, EXPORTING, GNET, GNET_BEFORE, GNET_BEFORE_CONTROL, GNET_CONTROL, HAPROXY, HTTP_HANDLERS, HTTP_TASKS,
    LIBEVENT, LIBUV, NGINX, NIO, REDIS, REDIS_CONTROL, SCRAPED,
)  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    work: str
    name: str
    title: str
    load: tuple  # arguments of gnet-load
    servers: tuple
    connections: int = 1
    pipeline: int = 1
    transport: str = "tcp"
    loops: int = 1
    is_quick: bool = False
    is_idle: bool = False  # the connections are only held
    per: str = "request"
    arguments: tuple = field(init=False)

    def __post_init__(self):
        size = ("--connections", str(self.connections), "--pipeline", str(self.pipeline))
        object.__setattr__(self, "arguments", (*self.load, *size))

    @property
    def protocol(self):
        """What gnet-load asks."""
        return self.load[self.load.index("--protocol") + 1] if "--protocol" in self.load else "echo"

    @property
    def reference(self):
        """The key of the server that the control repeats."""
        return self.servers[0].key

    @property
    def descriptors(self):
        """How many descriptors the server opens: a proxy opens two for each connection."""
        return self.connections * (2 if self.work == "proxy" else 1)

    def target(self, running):
        """The address of a server as gnet-load takes it."""
        return ("" if self.transport in ("tcp", "unix") else f"{self.transport}://") + running.address


STREAM = (BARE, GNET, LIBUV, LIBEVENT, NIO, CONTROL)
HTTP = (BARE, GNET, NGINX, HAPROXY, NIO, CONTROL)
ASYNC_HTTP = (BARE, GNET, HTTP_TASKS, NIO, CONTROL)
BODY = (BARE, HTTP_HANDLERS, HTTP_TASKS, NIO, CONTROL)
WEBSOCKET = (BARE, GNET, NIO, CONTROL)
DATAGRAM = (BARE, GNET, LIBUV, NIO, CONTROL)
STORE = (REDIS, GNET, REDIS_CONTROL)
METRICS = (GNET, EXPORTING, SCRAPED, GNET_CONTROL)
RELAY = (BARE_PROXY, GNET_PROXY, HAPROXY_TCP, NGINX_STREAM, NIO_PROXY)
TLS = (BARE_TLS, GNET_TLS, NIO_TLS, TLS_CONTROL)
TLS_RELAY = (HAPROXY_TLS, GNET_TLS_PROXY, NGINX_TLS, HAPROXY_TLS_CONTROL)

# Our servers with one before and the same again, by our server among others.
BESIDE_ITSELF = {
    GNET: (GNET_BEFORE, GNET, GNET_BEFORE_CONTROL),
    GNET_PROXY: (GNET_PROXY_BEFORE, GNET_PROXY, GNET_PROXY_BEFORE_CONTROL),
    GNET_TLS: (GNET_TLS_BEFORE, GNET_TLS, GNET_TLS_BEFORE_CONTROL),
    GNET_TLS_PROXY: (GNET_TLS_PROXY_BEFORE, GNET_TLS_PROXY, GNET_TLS_PROXY_BEFORE_CONTROL),
}


def beside_itself(scenario):
    """The scenario with our server only, as it is and as it was before; `None` if no example can do it."""
    if HTTP_TASKS in scenario.servers:
        return None
    return replace(scenario, servers=next(BESIDE_ITSELF[s] for s in scenario.servers if s in BESIDE_ITSELF))


def echo(name, title, size, connections, **more):
    return Scenario("echo", name, title, ("--size", str(size)), STREAM, connections, **more)


def http(name, title, pipeline=1, servers=HTTP, **more):
    return Scenario("http", name, title, ("--protocol", "http"), servers, 64, pipeline, **more)


def websocket(name, title, size, **more):
    load = ("--protocol", "websocket", "--path", "/ws", "--size", str(size))
    return Scenario("http", name, title, load, WEBSOCKET, 50, per="message", **more)


def redis(command, pipeline, **more):
    title = f"redis {command.upper()} of 64 bytes, 50 connections" + (f", pipeline {pipeline}" if pipeline > 1 else "")
    load = ("--protocol", f"redis-{command}", "--size", "64")
    return Scenario("redis", f"redis-{command}-p{pipeline}", title, load, STORE, 50, pipeline, **more)


def proxy(name, title, size, connections, *load, **more):
    return Scenario("proxy", name, title, ("--size", str(size), *load), (*RELAY, PROXY_CONTROL), connections, **more)


def tls(name, title, size, connections, *load, servers=TLS, **more):
    load = ("--size", str(size), *load)
    return Scenario("tls", f"tls-{name}", title, load, servers, connections, transport="tls", **more)


SCENARIOS = (
    echo("echo-64-c1", "echo, 64 bytes, 1 connection", 64, 1),
    echo("echo-64-c50", "echo, 64 bytes, 50 connections", 64, 50, is_quick=True),
    echo("echo-64-c1000", "echo, 64 bytes, 1,000 connections", 64, 1000),
    echo("echo-1k-c50", "echo, 1 KiB, 50 connections", 1024, 50),
    echo("echo-16k-c50", "echo, 16 KiB, 50 connections", 16384, 50),
    echo("echo-64-c50-p16", "echo, 64 bytes, 50 connections, pipeline 16", 64, 50, pipeline=16, is_quick=True),
    echo("echo-unix-c50", "echo over a unix socket, 64 bytes, 50 connections", 64, 50, transport="unix"),
    echo("echo-two-loops", "echo, 64 bytes, 50 connections, two loops on all processors", 64, 50, loops=2),
    http("http-c64", "http /plaintext, 64 connections", is_quick=True),
    http("http-c64-p16", "http /plaintext, 64 connections, pipeline 16", 16),
    http("http-async-c64", "http /plaintext by a task per request, 64 connections", servers=ASYNC_HTTP, is_quick=True),
    Scenario("http", "http-post-1m-c4", "http POST of 1 MiB, streamed to the handler, 4 connections",
             ("--protocol", "post", "--path", "/count", "--size", str(1 << 20)), BODY, 4, is_quick=True),
    websocket("websocket-64-c50", "WebSocket echo, 64 bytes, 50 connections", 64, is_quick=True),
    websocket("websocket-16k-c50", "WebSocket echo, 16 KiB, 50 connections", 16384, is_quick=True),
    redis("set", 1),
    redis("get", 1, is_quick=True),
    redis("set", 16),
    redis("get", 16),
    Scenario("udp", "udp-64-c50", "UDP echo, 64 bytes, 50 peers", ("--size", "64"), DATAGRAM, 50, transport="udp",
             is_quick=True, per="datagram"),
    Scenario("udp", "udp-64-c50-p4", "UDP echo, 64 bytes, 50 peers with 4 datagrams under way each", ("--size", "64"),
             DATAGRAM, 50, 4, transport="udp", per="datagram"),
    Scenario("udp", "udp-64-c50-segmented", "UDP echo, 64 bytes, 50 peers that send 4 datagrams at once",
             ("--size", "64", "--segmented"), DATAGRAM, 50, 4, transport="udp", per="datagram"),
    Scenario("connect", "connect", "connect, echo 64 bytes, close; 20 at a time", ("--size", "64", "--reconnect"),
             STREAM, 20, is_quick=True, per="connection"),
    proxy("proxy-64-c1", "proxy, 64 bytes, 1 connection", 64, 1),
    proxy("proxy-64-c50", "proxy, 64 bytes, 50 connections", 64, 50, is_quick=True),
    proxy("proxy-64-c1000", "proxy, 64 bytes, 1,000 connections", 64, 1000),
    proxy("proxy-64-c50-p16", "proxy, 64 bytes, 50 connections, pipeline 16", 64, 50, pipeline=16),
    proxy("proxy-16k-c50", "proxy, 16 KiB, 50 connections", 16384, 50),
    proxy("proxy-1m-c4", "proxy, 1 MiB, 4 connections", 1 << 20, 4),
    proxy("proxy-connect", "connect through a proxy, echo 64 bytes, close; 20 at a time", 64, 20, "--reconnect",
          is_quick=True, per="connection"),
    tls("64-c50", "TLS echo, 64 bytes, 50 connections", 64, 50, is_quick=True),
    tls("16k-c50", "TLS echo, 16 KiB, 50 connections", 16384, 50),
    tls("connect", "TLS handshake, echo 64 bytes, close; 20 at a time", 64, 20, "--reconnect", is_quick=True,
        per="connection"),
    tls("resumed", "resumed TLS handshake, echo 64 bytes, close; 20 at a time", 64, 20, "--reconnect", "--resume",
        per="connection"),
    tls("proxy-64-c50", "proxy that ends TLS, 64 bytes, 50 connections", 64, 50, servers=TLS_RELAY, is_quick=True),
    tls("proxy-16k-c50", "proxy that ends TLS, 16 KiB, 50 connections", 16384, 50, servers=TLS_RELAY),
    tls("proxy-connect", "TLS handshake with a proxy, echo 64 bytes, close; 20 at a time", 64, 20, "--reconnect",
        servers=TLS_RELAY, per="connection"),
    Scenario("metrics", "metrics-c1", "what metrics cost: echo, 64 bytes, 1 connection", ("--size", "64"), METRICS),
    Scenario("metrics", "metrics-c50", "what metrics cost: echo, 64 bytes, 50 connections", ("--size", "64"), METRICS,
             50, is_quick=True),
)  # fmt: skip

IDLE = (
    Scenario("memory", "memory", "10,000 idle connections", (), (BARE, GNET, LIBUV, LIBEVENT, NIO), 10_000,
             is_quick=True, is_idle=True, per="connection"),
    Scenario("proxy", "proxy-memory", "9,000 idle connections through a proxy", (), RELAY, 9_000,
             is_quick=True, is_idle=True, per="pair"),
    Scenario("tls", "tls-memory", "5,000 idle TLS connections", (), (BARE_TLS_RELEASING, GNET_TLS, NIO_TLS), 5_000,
             transport="tls", is_quick=True, is_idle=True, per="connection"),
)  # fmt: skip

HANDLES = Scenario("handles", "handles", "1,000,000 messages of 64 bytes to 100 connections from another thread", (),
                   (), 100, is_quick=True, per="message")  # fmt: skip

TIMERS = (
    Scenario("timers", "timers-costs", "1,000,000 timers of 1 ms to 1 h", (), (), is_quick=True, per="timer"),
    Scenario("timers", "timers-firing", "1,000,000 timers of 1 ms to 2 s, set as fast as they can be, and fired", (), (),
             is_quick=True, per="timer"),
)  # fmt: skip

WORKS = ("echo", "http", "redis", "udp", "connect", "proxy", "tls", "metrics", "memory", "handles", "timers")
