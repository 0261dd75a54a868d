import TestPeers
import Testing

@Suite("proxy, relaying", .needs("python3"))
struct ProxyRelayingTests {
  @Test(
    "half-closes pass both ways, over each kind of socket",
    arguments: ["AF_INET", "AF_INET6", "AF_UNIX"], [1, 2])
  func halfCloses(family: String, loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      front = {"AF_INET": "tcp://127.0.0.1:0", "AF_INET6": "tcp://[::1]:0", "AF_UNIX": "unix://" + path()}["\(family)"]
      for backend in [listen(), listen(socket.AF_INET6), listen(socket.AF_UNIX)]:
          proxy = Proxy(url(backend), address=front, options=["--check-interval", "0"])
          idle = proxy.sockets()
          for first, second in [(0, 1), (1, 0)] * 5:
              ends = proxy.pair(backend)
              ends[first].sendall(b"question")
              ends[first].shutdown(socket.SHUT_WR)
              equal(rest(ends[second]), b"question")
              answer = os.urandom(300_000)
              sender = in_background(lambda: (ends[second].sendall(answer), ends[second].shutdown(socket.SHUT_WR)))
              assert rest(ends[first]) == answer
              sender.join()
              for end in ends: end.close()
          eventually(lambda: proxy.sockets() == idle, "connections stay open")
          proxy.end()
      """)
  }

  @Test("a reset passes both ways, and takes what waits with it", arguments: [1, 2])
  func resets(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      backend = listen()
      proxy = Proxy(url(backend), options=["--check-interval", "0"])
      idle = proxy.sockets()
      def flood(s):
          try:
              while True: s.sendall(bytes(65536))
          except ConnectionError: pass
      for first, second in [(0, 1), (1, 0)]:
          ends = proxy.pair(backend)
          ends[first].sendall(b"x")
          equal(ends[second].recv(1), b"x")
          reset(ends[first])
          assert was_reset(ends[second])
          ends[second].close()
          ends = proxy.pair(backend)
          sender = in_background(flood, ends[second])
          equal(len(exactly(ends[first], 1_000_000)), 1_000_000)
          reset(ends[first])
          sender.join(20)
          assert not sender.is_alive(), "the sender was not told"
          ends[second].close()
      eventually(lambda: proxy.sockets() == idle, "connections stay open")
      proxy.end()
      """)
  }

  @Test("a backend that is killed amid traffic costs its own connections only", arguments: [1, 2])
  func killed(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      program = '''
      import socket, threading
      s = socket.create_server(("127.0.0.1", 0))
      print(s.getsockname()[1], flush=True)
      def echo(peer):
          while data := peer.recv(65536): peer.sendall(data)
      while True: threading.Thread(target=echo, args=(s.accept()[0],), daemon=True).start()
      '''
      backends = [subprocess.Popen([sys.executable, "-I", "-c", program], stdout=subprocess.PIPE) for _ in range(2)]
      for backend in backends: atexit.register(backend.kill)
      ports = [int(backend.stdout.readline()) for backend in backends]
      proxy = Proxy(*(f"127.0.0.1:{port}" for port in ports))
      clients = [proxy.connect() for _ in range(20)]
      data = os.urandom(50_000)
      counts = [0] * 20
      isOver = threading.Event()
      failures = []
      def talk(number):
          try:
              while not isOver.is_set():
                  clients[number].sendall(data)
                  if exactly(clients[number], len(data)) != data: failures.append(number); return
                  counts[number] += 1
          except OSError: failures.append(number)
      threads = [in_background(talk, number) for number in range(20)]
      eventually(lambda: min(counts) > 0, "not all are served")
      backends[0].kill()
      eventually(lambda: len(failures) == 10, "ten connections end")
      before = counts[:]
      living = [number for number in range(20) if number not in failures]
      eventually(lambda: all(counts[number] > before[number] + 3 for number in living), "the others stand still")
      # New ones go to the other backend.
      for _ in range(10):
          client = proxy.connect()
          client.sendall(b"hello")
          equal(exactly(client, 5), b"hello")
      isOver.set()
      for thread in threads: thread.join()
      equal(len(failures), 10)
      proxy.process.kill()
      """)
  }

  @Test("64 MiB pass both ways at once between slow ends, whole and in bounded memory", arguments: [1, 2])
  func volume(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      backend = listen()
      proxy = Proxy(url(backend), options=["--check-interval", "0"])
      ends = proxy.connect(receive_buffer=65536), accept(backend)
      before = proxy.memory()
      data = [os.urandom(64 << 20) for _ in ends]
      digests = [hashlib.sha256() for _ in ends]
      def send(number):
          ends[number].sendall(data[number])
          ends[number].shutdown(socket.SHUT_WR)
      def receive(number):
          count = 0
          while piece := ends[number].recv(65536):
              digests[number].update(piece)
              count += 1
              # Slow by turns: the proxy is full, and is empty.
              if count % 100 < 10: time.sleep(0.005)
      threads = [in_background(work, number) for work in (send, receive) for number in (0, 1)]
      peak = before
      while any(thread.is_alive() for thread in threads):
          peak = max(peak, proxy.memory())
          time.sleep(0.01)
      for number in (0, 1): equal(digests[1 - number].digest(), hashlib.sha256(data[number]).digest())
      # Two directions of 1 MiB at the watermark, in rings that double, and room for the allocator.
      assert peak - before < 12, f"{peak - before} MiB"
      for end in ends: end.close()
      proxy.end()
      """)
  }

  @Test("an end that does not read holds the other up, and no memory grows", arguments: [0, 1])
  func holdingUp(reader: Int) throws {
    try ProxyScript.run(
      """
      backend = listen()
      proxy = Proxy(url(backend), options=["--check-interval", "0"])
      ends = proxy.pair(backend)
      reader, writer = ends[\(reader)], ends[1 - \(reader)]
      before = proxy.memory()
      writer.settimeout(0.5)
      sent = 0
      try:
          while sent < 1 << 30: sent += writer.send(bytes(1 << 20))
      except TimeoutError: pass
      assert sent < 64 << 20, sent
      assert proxy.memory() - before < 8
      # The other direction does not wait.
      reader.sendall(b"hello")
      writer.settimeout(20)
      equal(exactly(writer, 5), b"hello")
      writer.shutdown(socket.SHUT_WR)
      equal(len(rest(reader)), sent)
      proxy.process.kill()
      """)
  }

  @Test("SIGTERM lets relays finish, within the drain time-out", arguments: [1, 2])
  func draining(loops: Int) throws {
    try ProxyScript.run(
      loops: loops,
      """
      backend = listen()
      proxy = Proxy(url(backend), options=["--check-interval", "0", "--drain-timeout", "3600"])
      client, peer = proxy.pair(backend)
      client.sendall(b"question")
      equal(exactly(peer, 8), b"question")
      proxy.signal()
      eventually(lambda: proxy.sockets() == 2, "the listening socket stays open")
      for _ in range(3):
          peer.sendall(b"answer")
          equal(exactly(client, 6), b"answer")
          client.sendall(b"question")
          equal(exactly(peer, 8), b"question")
      assert proxy.process.poll() is None
      peer.close()
      equal(rest(client), b"")
      client.close()
      equal(proxy.process.wait(20), 0)

      proxy = Proxy(url(backend), options=["--check-interval", "0", "--drain-timeout", "0.3"])
      client, peer = proxy.pair(backend)
      start = time.monotonic()
      proxy.end()
      assert 0.3 <= time.monotonic() - start < 10
      """)
  }
}
