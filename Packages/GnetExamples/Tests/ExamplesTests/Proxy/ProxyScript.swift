import TestPeers
import Testing

/// Scripts in Python that run the example `proxy` between clients and backends of their own.
enum ProxyScript {
  /// Runs a script to its end; its assertions must hold.
  ///
  /// A script finds `listen()`, a listening socket, whose address is `url(socket)`; `refusing()`, the address of a port that
  /// refuses until `listen()` is called on the socket; `Proxy(addresses...)`, which runs the example; and the functions
  /// below. Sockets give up when nothing comes for long.
  static func run(loops: Int = 1, _ script: String) throws {
    _ = try output(of: "python3", ["-I", "-c", prelude + script, "\(loops)"])
  }

  private static let prelude = """
    import atexit, hashlib, os, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, True)

    def path(): return os.path.join(folder, os.urandom(4).hex())
    def bound(family=socket.AF_INET, name=None):
        s = socket.socket(family)
        s.settimeout(20)
        names = {socket.AF_INET: ("127.0.0.1", 0), socket.AF_INET6: ("::1", 0)}
        s.bind(name or names.get(family) or path())
        return s
    def listen(family=socket.AF_INET, name=None, backlog=100):
        s = bound(family, name)
        s.listen(backlog)
        return s
    def url(s):
        name = s.getsockname()
        if s.family == socket.AF_UNIX: return "unix://" + name
        return f"tcp://[{name[0]}]:{name[1]}" if ":" in name[0] else f"tcp://{name[0]}:{name[1]}"
    def full():
        # Listens, and takes no more connections. Returns the socket, and those that fill its queue.
        s = listen(backlog=0)
        clients = []
        while True:
            clients.append(socket.socket())
            clients[-1].settimeout(0.3)
            try: clients[-1].connect(s.getsockname())
            except TimeoutError: return s, clients
    def accept(s):
        peer = s.accept()[0]
        peer.settimeout(20)
        return peer
    def reset(s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    def was_reset(s):
        try:
            while s.recv(65536): pass
            return False
        except ConnectionResetError: return True
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
            self.errors = open(path(), "w+")
            self.process = subprocess.Popen(["proxy", *words, *options], stdout=subprocess.PIPE, stderr=self.errors, text=True)
            atexit.register(self.process.kill)
            self.url = self.process.stdout.readline().split()[-1]
        def connect(self, source=None, receive_buffer=None):
            name = self.url.removeprefix("unix://")
            family = socket.AF_UNIX
            if self.url.startswith("tcp"):
                host, port = self.url.removeprefix("tcp://").rsplit(":", 1)
                name = (host.strip("[]"), int(port))
                family = socket.AF_INET6 if ":" in name[0] else socket.AF_INET
            s = socket.socket(family)
            s.settimeout(20)
            if receive_buffer: s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if source: s.bind(source)
            s.connect(name)
            return s
        def pair(self, backend):
            client = self.connect()
            return client, accept(backend)
        def log(self):
            with open(self.errors.name) as file: return file.read()
        def sockets(self):
            # The number of open sockets.
            folder = f"/proc/{self.process.pid}/fd"
            def is_socket(name):
                try: return os.readlink(f"{folder}/{name}").startswith("socket:")
                except FileNotFoundError: return False  # closed meanwhile
            return sum(map(is_socket, os.listdir(folder)))
        def memory(self):
            # Memory of its own, in MiB.
            with open(f"/proc/{self.process.pid}/status") as file: lines = dict(line.split(":", 1) for line in file)
            return int(lines["RssAnon"].split()[0]) / 1024
        def signal(self): self.process.send_signal(signal.SIGTERM)
        def end(self, within=20):
            self.signal()
            equal(self.process.wait(within), 0)

    """
}
