import TestPeers
import Testing

/// Scripts in Python that run the example `proxy` between clients and backends of their own.
enum ProxyScript {
  /// Runs a script to its end; its assertions must hold.
  ///
  /// A script finds `listen()`, a listening socket, whose address is `url(socket)`; `Proxy(addresses...)`, which runs the
  /// example; and the functions below. Sockets give up when nothing comes for long.
  static func run(loops: Int = 1, _ script: String) throws {
    _ = try output(of: "python3", ["-I", "-c", prelude + script, "\(loops)"])
  }

  private static let prelude = """
    import atexit, hashlib, os, signal, socket, subprocess, sys, threading, time

    def listen():
        s = socket.create_server(("127.0.0.1", 0))
        s.settimeout(20)
        return s
    def url(s): return "tcp://127.0.0.1:%d" % s.getsockname()[1]
    def accept(s):
        peer = s.accept()[0]
        peer.settimeout(20)
        return peer
    def rest(s):
        pieces = []
        while piece := s.recv(65536): pieces.append(piece)
        return b"".join(pieces)
    def exactly(s, count):
        data = b""
        while len(data) < count and (piece := s.recv(count - len(data))): data += piece
        return data
    def equal(a, b): assert a == b, f"{a!r} is not {b!r}"
    def eventually(condition, what):
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, what
            time.sleep(0.002)
    def in_background(work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        return thread

    class Proxy:
        def __init__(self, *targets, address="tcp://127.0.0.1:0", options=()):
            words = [address, "--loops", sys.argv[1]]
            for target in targets: words += ["--to", target]
            self.process = subprocess.Popen(["proxy", *words, *options], stdout=subprocess.PIPE, text=True)
            atexit.register(self.process.kill)
            self.url = self.process.stdout.readline().split()[-1]
        def connect(self, receive_buffer=None):
            host, port = self.url.removeprefix("tcp://").rsplit(":", 1)
            s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            s.settimeout(20)
            if receive_buffer: s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            s.connect((host.strip("[]"), int(port)))
            return s
        def pair(self, backend):
            client = self.connect()
            return client, accept(backend)
        def memory(self):
            # Memory of its own, in MiB.
            with open(f"/proc/{self.process.pid}/status") as file: lines = dict(line.split(":", 1) for line in file)
            return int(lines["RssAnon"].split()[0]) / 1024
        def end(self):
            self.process.send_signal(signal.SIGTERM)
            equal(self.process.wait(20), 0)

    """
}
