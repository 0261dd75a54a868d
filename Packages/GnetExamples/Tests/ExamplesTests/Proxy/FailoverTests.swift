import TestPeers
import Testing

@Suite("proxy, backends that fail", .needs("python3"))
struct ProxyFailoverTests {
  @Test("a backend that refuses is left out, and the next one gets all that the client has sent", arguments: [1, 2])
  func refused(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      down, up = [bound(), bound(socket.AF_UNIX)], listen()
      proxy = Proxy(url(down[0]), url(down[1]), "unix://" + path(), url(up), options=["--check-interval", "3600000"])
      equal(rest(accept(up)), b"")  # a check
      early = os.urandom(200_000)
      for _ in range(20):
          client = proxy.connect()
          sender = in_background(lambda: (client.sendall(early), client.shutdown(socket.SHUT_WR)))
          peer = accept(up)
          assert rest(peer) == early
          peer.sendall(b"answer")
          peer.close()
          equal(rest(client), b"answer")
          sender.join()
      equal(proxy.log().count("is out of the rotation"), 3)
      proxy.end()
      """)
  }

  @Test("a backend that takes no connections is given up after the time-out", arguments: [1, 2])
  func timedOut(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      (busy, waiting), up = full(), listen()
      proxy = Proxy(url(busy), url(up), options=["--check-interval", "0", "--connect-timeout", "0.3"])
      for _ in range(2):
          start = time.monotonic()
          client = proxy.connect()
          client.sendall(b"early")
          peer = accept(up)
          equal(exactly(peer, 5), b"early")
          # Whose turn is first depends on the round.
          assert time.monotonic() - start < 10
      equal(proxy.log(), "")
      alone = Proxy(url(busy), options=["--check-interval", "0", "--connect-timeout", "0.3"])
      start = time.monotonic()
      client = alone.connect()
      equal(client.recv(1), b"")
      assert 0.25 < time.monotonic() - start < 2
      proxy.process.kill()
      alone.end()
      """)
  }

  @Test("with no backend left, a client is closed within two seconds", arguments: ["0", "1000"])
  func noneLeft(interval: String) throws {
    try ProxyScript.run(
      """
      down = [bound() for _ in range(3)]
      proxy = Proxy(*map(url, down), options=["--check-interval", "\(interval)"])
      for _ in range(5):
          start = time.monotonic()
          assert proxy.connect().recv(1) == b""
          # Bytes that nobody takes end in a reset.
          client = proxy.connect()
          try:
              client.sendall(b"x")
              equal(rest(client), b"")
          except ConnectionError: pass
          assert time.monotonic() - start < 2
      proxy.end()
      """)
  }

  @Test("a backend that was down comes back by a check, which says nothing", arguments: [1, 2])
  func comesBack(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      backend = bound()
      proxy = Proxy(url(backend), options=["--check-interval", "20", "--log-level", "notice", "--send-proxy", "v1"])
      equal(proxy.connect().recv(1), b"")
      backend.listen(100)
      equal(rest(accept(backend)), b"")
      eventually(lambda: "is back" in proxy.log(), "it is not back")
      client = proxy.connect()
      client.sendall(b"x")
      # Between the checks is the client.
      while not (received := accept(backend).recv(100)): pass
      assert received.startswith(b"PROXY TCP4 "), received
      backend.close()
      eventually(lambda: proxy.log().count("is out of the rotation") == 2, proxy.log())
      proxy.process.kill()
      """)
  }

  @Test("without checks a backend is tried again for every client, and hears of nothing else")
  func noChecks() throws {
    try ProxyScript.run(
      """
      backend = bound()
      proxy = Proxy(url(backend), options=["--check-interval", "0"])
      for _ in range(3): equal(proxy.connect().recv(1), b"")
      backend.listen(100)
      client, peer = proxy.pair(backend)
      peer.sendall(b"here")
      equal(exactly(client, 4), b"here")
      backend.settimeout(0.3)
      try:
          backend.accept()
          assert False, "something else has connected"
      except TimeoutError: pass
      equal(proxy.log(), "")
      client.close(), peer.close()
      proxy.end()
      """)
  }

  @Test("a client that only ends its stream gets the backend's answer to that", arguments: [1, 2])
  func endBefore(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      down, up = bound(), listen()
      proxy = Proxy(url(down), url(up), options=["--check-interval", "0"])
      for _ in range(20):
          client = proxy.connect()
          client.shutdown(socket.SHUT_WR)
          peer = accept(up)
          equal(rest(peer), b"")
          peer.sendall(b"good-bye")
          peer.close()
          equal(rest(client), b"good-bye")
      proxy.end()
      """)
  }

  @Test("a client that resets while its backend is being connected to takes the connection back", arguments: [1, 2])
  func resetBefore(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      busy, waiting = full()
      proxy = Proxy(url(busy), options=["--check-interval", "0", "--connect-timeout", "3600"])
      idle = proxy.sockets()
      clients = [proxy.connect() for _ in range(10)]
      eventually(lambda: proxy.sockets() == idle + 20, "the proxy does not connect")
      for client in clients: reset(client)
      eventually(lambda: proxy.sockets() == idle, "attempts go on without their clients")
      equal(proxy.log(), "")
      proxy.end()
      """)
  }

  @Test("a shutdown ends clients whose backend is not there, and blames no backend", arguments: [1, 2])
  func shutdown(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      (busy, waiting), other = full(), full()
      options = ["--connect-timeout", "3600", "--drain-timeout", "3600", "--check-interval", "50"]
      proxy = Proxy(url(busy), url(other[0]), options=options)
      clients = [proxy.connect() for _ in range(4)]
      # The listening socket, the clients, their attempts and two checks.
      eventually(lambda: proxy.sockets() == 1 + 4 + 4 + 2, "the proxy does not connect")
      proxy.end()
      for client in clients: equal(client.recv(1), b"")
      equal(proxy.log(), "")
      """)
  }
}
