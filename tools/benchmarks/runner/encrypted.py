"""TLS in the comparison: echo servers that speak TLS, and proxies that end TLS in front of a plain backend."""

import pathlib
import subprocess

from proxies import Proxy, gnet_proxy, haproxy, nginx
from servers import Missing, Running, Server, gnet, listening


class Identity:
    """A certificate and its key, made once for a folder: P-256, signed by itself."""

    def __init__(self, place):
        folder = place.scratch / "tls"
        self.certificate, self.key = str(folder / "certificate.pem"), str(folder / "key.pem")
        # Both in one file, as HAProxy takes them. It is written last.
        self.both = folder / "both.pem"
        if self.both.exists():
            return
        folder.mkdir(exist_ok=True)
        tool = pathlib.Path(__file__).parents[2] / "certificate"
        done = subprocess.run([tool, folder], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise Missing(f"no certificate could be made: {done.stderr.strip()}")
        self.both.write_text(pathlib.Path(self.certificate).read_text() + pathlib.Path(self.key).read_text())

    @property
    def options(self):
        """The options of our examples."""
        return ("--tls-certificate", self.certificate, "--tls-key", self.key)


def small_server(name, hint, *more):
    def start(place, _scenario, before):
        program, identity = place.built(name, hint), Identity(place)
        command = [program, listening("tls", place, name), identity.certificate, identity.key, *more]
        return Running(command, None, before=before)

    return start


def bare_tls(*more):
    return small_server("bare-tls", "peers/bare-tls.c was not built: it needs a C compiler and libssl-dev", *more)


def gnet_tls(prefix):
    def start(place, scenario, before):
        return gnet(place, scenario, before, *Identity(place).options, prefix=prefix)

    return start


def gnet_tls_proxy(prefix):
    def start(place, scenario, before, backend):
        return gnet_proxy(place, scenario, before, backend, *Identity(place).options, prefix=prefix)

    return start


def haproxy_tls(place, scenario, before, backend):
    return haproxy(place, scenario, before, backend, f"ssl crt {Identity(place).both}")


def nginx_tls(place, scenario, before, backend):
    identity = Identity(place)
    directives = f"ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {identity.certificate}; ssl_certificate_key {identity.key};"
    return nginx(place, scenario, before, backend, "ssl", directives)


BARE_TLS = Server("bare", "bare C loop", bare_tls())
BARE_TLS_RELEASING = Server("bare", "bare C loop, releasing buffers", bare_tls("--release-buffers"))
GNET_TLS = Server("gnet", "Gnet", gnet_tls("gnet"))
GNET_TLS_BEFORE = Server("before", "Gnet, before", gnet_tls("before"))
GNET_TLS_BEFORE_CONTROL = Server("control", "Gnet, before, again", gnet_tls("before"))
NIO_TLS = Server("nio", "SwiftNIO", small_server("nio-tls-peer", "it was not built: see the messages above"))
TLS_CONTROL = Server("control", "bare C loop, again", bare_tls())

HAPROXY_TLS = Proxy("haproxy", "HAProxy", haproxy_tls)
GNET_TLS_PROXY = Proxy("gnet", "Gnet proxy", gnet_tls_proxy("gnet"))
GNET_TLS_PROXY_BEFORE = Proxy("before", "Gnet proxy, before", gnet_tls_proxy("before"))
GNET_TLS_PROXY_BEFORE_CONTROL = Proxy("control", "Gnet proxy, before, again", gnet_tls_proxy("before"))
NGINX_TLS = Proxy("nginx", "nginx", nginx_tls)
HAPROXY_TLS_CONTROL = Proxy("control", "HAProxy, again", haproxy_tls)
