import TestPeers
import Testing

@Suite("proxy, the PROXY header", .needs("python3"))
struct ProxyHeaderTests {
  @Test(
    "a backend is told the client's address before anything else",
    arguments: ["v1", "v2"], ["AF_INET", "AF_INET6", "AF_UNIX"])
  func header(version: String, family: String) throws {
    try ProxyScript.run(
      """
      front = {"AF_INET": "tcp://127.0.0.1:0", "AF_INET6": "tcp://[::1]:0", "AF_UNIX": "unix://" + path()}["\(family)"]
      for backend in [listen(), listen(socket.AF_INET6), listen(socket.AF_UNIX)]:
          proxy = Proxy(url(backend), address=front, options=["--send-proxy", "\(version)", "--check-interval", "0"])
          for early in [b"", b"early", os.urandom(100_000)]:
              client = proxy.connect()
              family, mine, theirs = client.family, client.getsockname(), client.getpeername()
              client.sendall(early)
              client.shutdown(socket.SHUT_WR)
              if "\(version)" == "v1":
                  words = {socket.AF_INET: "TCP4", socket.AF_INET6: "TCP6"}
                  header = "PROXY UNKNOWN\\r\\n"
                  if family in words: header = f"PROXY {words[family]} {mine[0]} {theirs[0]} {mine[1]} {theirs[1]}\\r\\n"
                  header = header.encode()
              else:
                  if family == socket.AF_UNIX:
                      kind, addresses = 0x31, struct.pack("108s108s", mine.encode(), theirs.encode())
                  else:
                      kind = 0x11 if family == socket.AF_INET else 0x21
                      hosts = [socket.inet_pton(family, name[0]) for name in (mine, theirs)]
                      addresses = b"".join(hosts) + struct.pack(">HH", mine[1], theirs[1])
                  header = b"\\r\\n\\r\\n\\0\\r\\nQUIT\\n" + struct.pack(">BBH", 0x21, kind, len(addresses)) + addresses
              peer = accept(backend)
              received = rest(peer)
              equal(received[:len(header)], header)
              assert received[len(header):] == early
              peer.close()
              equal(rest(client), b"")
          proxy.end()
      """)
  }

  @Test("a backend that speaks first is heard before the client has said anything", arguments: ["v1", "v2"])
  func speaksFirst(version: String) throws {
    try ProxyScript.run(
      """
      backend = listen()
      proxy = Proxy(url(backend), options=["--send-proxy", "\(version)"])
      client = proxy.connect()
      while not (header := (peer := accept(backend)).recv(200)): pass
      peer.sendall(b"220 hello")
      equal(exactly(client, 9), b"220 hello")
      client.sendall(b"QUIT")
      equal(exactly(peer, 4), b"QUIT")
      proxy.process.kill()
      """)
  }
}
