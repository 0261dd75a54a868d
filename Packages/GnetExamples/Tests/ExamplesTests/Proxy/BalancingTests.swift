import TestPeers
import Testing

@Suite("proxy, balancing", .needs("python3"))
struct ProxyBalancingTests {
  @Test("round-robin gives each backend its turn", arguments: [1, 3])
  func roundRobin(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      backends = [listen() for _ in range(3)]
      proxy = Proxy(*map(url, backends), options=["--check-interval", "0"])
      for _ in range(4):
          for number, backend in enumerate(backends):
              client, peer = proxy.pair(backend)
              peer.sendall(b"%d" % number)
              equal(client.recv(10), b"%d" % number)
      proxy.end()
      """)
  }

  @Test("least-connections fills up the backend that has fewer", arguments: [1, 3])
  func leastConnections(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      backends = [listen() for _ in range(2)]
      proxy = Proxy(*map(url, backends), options=["--balance", "least-connections", "--check-interval", "0"])
      idle = proxy.sockets()
      def connect():
          client = proxy.connect()
          client.sendall(b"x")
          for backend in backends: backend.setblocking(False)
          found = []
          def arrived():
              for number, backend in enumerate(backends):
                  try: found.append((number, backend.accept()[0]))
                  except BlockingIOError: pass
              return found
          eventually(arrived, "no backend has the connection")
          number, peer = found[0]
          peer.settimeout(20)
          equal(peer.recv(1), b"x")
          return number, client, peer
      held = [connect() for _ in range(6)]
      equal(sorted(number for number, _, _ in held), [0, 0, 0, 1, 1, 1])
      for number, client, peer in held:
          if number == 1: client.close(); peer.close()
      eventually(lambda: proxy.sockets() <= idle + 6, "the connections stay open")
      equal([connect()[0] for _ in range(3)], [1, 1, 1])
      proxy.process.kill()
      """)
  }

  @Test("source-address-hash sends a host to the same backend always", arguments: [1, 3])
  func sourceAddressHash(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      backends = [listen() for _ in range(3)]
      proxy = Proxy(*map(url, backends), options=["--balance", "source-address-hash", "--check-interval", "0"])
      def serve(number, backend):
          while True:
              try: peer = accept(backend)
              except OSError: return
              peer.sendall(b"%d" % number)
              peer.close()
      for number, backend in enumerate(backends): in_background(serve, number, backend)
      chosen = {}
      for round in range(3):
          for host in range(2, 18): chosen.setdefault(host, set()).add(proxy.connect((f"127.0.0.{host}", 0)).recv(10))
      assert all(len(numbers) == 1 for numbers in chosen.values()), chosen
      equal(set.union(*chosen.values()), {b"0", b"1", b"2"})
      proxy.end()
      """)
  }
}
