"""The proxies of the comparison: each relays to a bare echo loop, the backend."""

import pathlib
import re
import subprocess

from servers import Missing, Running, Server, bare, free_port, run_nginx


class Proxy(Server):
    """A server that needs a backend, which is started with it."""

    def start(self, place, scenario, before=(), beside=()):
        backend = bare(place, scenario, beside)
        try:
            running = self._start(place, scenario, before, backend.address)
        except BaseException:
            backend.stop()
            raise
        running.backend = backend
        return running


def bare_proxy(place, _scenario, before, backend):
    program = place.built("bare-proxy", "peers/bare-proxy.c was not built: is there a C compiler?")
    return Running([program, "127.0.0.1:0", backend], None, before=before)


def gnet_proxy(place, _scenario, before, backend, *more, prefix="gnet"):
    program = place.built(f"{prefix}-proxy", "there is no example 'proxy' to be built")
    command = [program, "127.0.0.1:0", "--to", backend, "--check-interval", "0", "--loops", "1", *more]
    running = Running(command, None, before=before)
    running.address = running.address.removeprefix("tcp://")
    return running


def gnet_proxy_before(place, scenario, before, backend):
    return gnet_proxy(place, scenario, before, backend, prefix="before")


def nio_proxy(place, _scenario, before, backend):
    program = place.built("nio-peer", "it was not built: see the messages above")
    return Running([program, "proxy", "127.0.0.1:0", backend], None, before=before)


def haproxy(place, scenario, before, backend, bind=""):
    program, port = place.installed("haproxy"), free_port()
    configuration = place.scratch / "haproxy-tcp.cfg"
    configuration.write_text(f"""
global
  nbthread 1
  maxconn {scenario.connections + 100}
  tune.bufsize 65536
defaults
  mode tcp
  timeout client 60s
  timeout connect 5s
  timeout server 60s
listen relay
  bind 127.0.0.1:{port} backlog 1024 {bind}
  server echo {backend}
""")
    return Running([program, "-db", "-f", str(configuration)], f"127.0.0.1:{port}", before=before)


def nginx(place, scenario, before, backend, listen="", directives=""):
    port = free_port()
    configuration = f"""{stream_module(place.installed("nginx"))}
events {{ worker_connections {2 * scenario.connections + 100}; }}
stream {{
  access_log off;
  server {{
    listen 127.0.0.1:{port} backlog=1024 {listen};
    {directives}
    proxy_pass {backend};
    proxy_buffer_size 64k;
  }}
}}
"""
    return run_nginx(place, before, "nginx-stream", port, configuration)


def stream_module(program):
    """The line of the configuration that loads the stream module; none if the module is a part of the program."""
    built = subprocess.run([program, "-V"], stdin=subprocess.DEVNULL, capture_output=True, text=True).stderr
    if re.search(r"--with-stream(\s|$)", built):
        return ""
    folder = re.search(r"--modules-path=(\S+)", built)
    module = pathlib.Path(folder[1] if folder else "", "ngx_stream_module.so")
    if not module.is_file():
        raise Missing("its stream module is not installed")
    return f"load_module {module};"


BARE_PROXY = Proxy("bare", "bare C proxy", bare_proxy)
GNET_PROXY = Proxy("gnet", "Gnet proxy", gnet_proxy)
GNET_PROXY_BEFORE = Proxy("before", "Gnet proxy, before", gnet_proxy_before)
GNET_PROXY_BEFORE_CONTROL = Proxy("control", "Gnet proxy, before, again", gnet_proxy_before)
HAPROXY_TCP = Proxy("haproxy", "HAProxy", haproxy)
NGINX_STREAM = Proxy("nginx", "nginx", nginx)
NIO_PROXY = Proxy("nio", "SwiftNIO", nio_proxy)
PROXY_CONTROL = Proxy("control", "bare C proxy, again", bare_proxy)
