import TestPeers
import TestSupport
import Testing

/// tlslite-ng, an implementation of TLS in Python, as a client that breaks the rules.
enum TLSLite {
  /// A Python that has the module; `nil` if there is none to be had.
  static let python = Python.current(with: "tlslite", of: "tlslite-ng")

  /// Runs a script with the functions of ``prelude`` to its end, and returns the number of its conversations.
  ///
  /// - Parameter version: 1.2 or 1.3.
  static func run(_ script: String, _ port: Int, _ version: String) throws -> Int {
    let output = try GnetTLSTests.run(try #require(python), ["-c", prelude + script, "\(port)", version])
    return output.split(separator: "\n").compactMap { Int($0) }.reduce(0, +)
  }

  /// The functions of the scripts.
  private static let prelude = #"""
    import socket, ssl, sys
    from tlslite.api import HandshakeSettings, TLSConnection
    from tlslite.constants import AlertDescription
    from tlslite.errors import TLSAbruptCloseError, TLSRemoteAlert
    from tlslite.messages import Message

    port, version = int(sys.argv[1]), {"1.2": (3, 3), "1.3": (3, 4)}[sys.argv[2]]
    CCS, ALERT, HANDSHAKE, DATA, HEARTBEAT = range(20, 25)

    class Wire:
        """A socket on which each flight can be changed before it leaves."""
        def __init__(self, changes):
            self.plain = socket.socket()
            self.plain.settimeout(60)
            # Floods, and answers that are not read, soon fill them.
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF): self.plain.setsockopt(socket.SOL_SOCKET, buffer, 4096)
            self.plain.connect(("127.0.0.1", port))
            self.changes = list(changes)
        def __getattr__(self, name): return getattr(self.plain, name)
        def sendall(self, flight):
            self.plain.sendall(self.changes.pop(0)(bytes(flight)) if self.changes else flight)
        def send(self, flight):
            self.sendall(flight)
            return len(flight)

    def connect(*changes):
        """Shakes hands; each of the changes is that of a flight."""
        settings = HandshakeSettings()
        settings.minVersion = settings.maxVersion = version
        connection = TLSConnection(Wire(changes))
        connection.handshakeClientCert(settings=settings)
        return connection

    def put(connection, kind, content):
        """Sends a record, encrypted if it is time, whatever the content."""
        for _ in connection._recordLayer.sendRecord(Message(kind, bytearray(content))): pass
        connection.sock.flush()

    def take(connection):
        """Receives a record: its kind and its content."""
        for result in connection._recordLayer.recvRecord():
            if result not in (0, 1): return result[0].type, bytes(result[1].bytes)

    def record(kind, content, version=b"\3\3"): return bytes([kind]) + version + len(content).to_bytes(2, "big") + bytes(content)
    def message(kind, content=bytes(4)): return bytes([kind]) + len(content).to_bytes(3, "big") + bytes(content)

    # Changes of flights.
    def same(flight): return flight
    def flipped(flight): return flight[:-1] + bytes([flight[-1] ^ 1])
    def before(*records): return lambda flight: b"".join(records) + flight
    def instead(*records): return lambda flight: b"".join(records)

    def outcome(body):
        """The alert that ends a conversation, `end` for close_notify, `cut` for an end without it, or `echo`."""
        try: return body()
        except TLSRemoteAlert as alert: return AlertDescription.toStr(alert.description)
        except (TLSAbruptCloseError, ConnectionResetError): return "cut"

    def answer(connection):
        """Reads five bytes that come back, or the end."""
        received = b""
        while len(received) < 5:
            piece = connection.read()
            if not piece: return "end"
            received += piece
        assert received == b"hello", received
        return "echo"

    def echo(connection):
        connection.write(b"hello")
        return answer(connection)

    def leave(connection, result):
        """Ends a connection in order."""
        connection.close()
        return result

    def opened():
        """A connection that is open on the side of the server, too."""
        connection = connect()
        assert echo(connection) == "echo"
        return connection

    def after(*contents, kind=HANDSHAKE, then=answer):
        """Sends records after the handshake."""
        connection = opened()
        for content in contents: put(connection, kind, content)
        return then(connection)

    context = ssl._create_unverified_context()
    def serve_next():
        with context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60)) as client:
            client.sendall(b"next")
            assert client.recv(4) == b"next"
            client.unwrap()

    def check(*cases):
        """Has conversations, each with its name, its outcome and its function. The next client is served after each."""
        for name, wanted, body in cases:
            found = outcome(body)
            assert found == wanted, f"{name}: {found}, not {wanted}"
            serve_next()
        print(len(cases))

    """#
}
