import Gnet
import GnetTesting
import TestPeers
import Testing

@Suite("proxy, relaying")
struct ProxyRelayingTests {
  // MARK: On a simulated network

  @Test(
    "half-closes pass both ways, over each kind of socket", arguments: SimulatedBackend.Family.allCases, [1, 2])
  func halfCloses(family: SimulatedBackend.Family, loops: Int) throws {
    for backendFamily in SimulatedBackend.Family.allCases {
      try SimulatedProxy.run(to: [backendFamily], .init(loops: loops), seeds: 0..<3) { proxy in
        let backend = proxy.backends[0]
        backend.listen()
        let idle = proxy.descriptorCount
        for round in 0..<4 {
          let client = proxy.connect(over: family)
          let peer = try proxy.accept(backend)
          let (first, second) = round % 2 == 0 ? (client, peer) : (peer, client)
          first.send("question")
          first.endOutput()
          try proxy.require(try proxy.rest(of: second) == Array("question".utf8), "another question")
          let answer = proxy.bytes(5000)
          second.send(answer)
          second.endOutput()
          try proxy.require(try proxy.rest(of: first) == answer, "another answer")
        }
        try proxy.simulation.run(until: { proxy.descriptorCount == idle })
      }
    }
  }

  @Test("a reset passes both ways, and takes what waits with it", arguments: [1, 2])
  func resets(loops: Int) throws {
    try SimulatedProxy.run(to: [.ipv4], .init(loops: loops)) { proxy in
      proxy.simulation.network.bufferCapacity = 1000
      proxy.backends[0].listen()
      let idle = proxy.descriptorCount
      for round in 0..<4 {
        let ends = try proxy.pair(proxy.backends[0])
        let (first, second) = round % 2 == 0 ? ends : (ends.backend, ends.client)
        first.send("x")
        try proxy.expect("x", at: second)
        if round > 1 {
          second.send(proxy.bytes(20_000))
          first.isReadingPaused = true
          proxy.simulation.run(for: .milliseconds(50))
        }
        first.reset()
        try proxy.simulation.run(until: { second.isEnded || second.wasReset })
        try proxy.require(second.wasReset, "the other end is not reset")
        second.close()
      }
      try proxy.simulation.run(until: { proxy.descriptorCount == idle })
    }
  }

  @Test("an end that does not read holds the other up, and no memory grows", arguments: [true, false])
  func holdingUp(isClient: Bool) throws {
    var arguments = SimulatedProxy.Arguments()
    arguments.server.outboundHighWatermark = 10_000
    arguments.server.readBufferCapacity = 2000
    try SimulatedProxy.run(to: [.ipv4], arguments) { proxy in
      proxy.simulation.network.bufferCapacity = 1000
      proxy.backends[0].listen()
      let ends = try proxy.pair(proxy.backends[0])
      let (reader, writer) = isClient ? ends : (ends.backend, ends.client)
      reader.isReadingPaused = true
      let sent = proxy.bytes(50_000)
      writer.send(sent)
      writer.endOutput()
      proxy.simulation.run(for: .seconds(1))
      let (read, waiting) = (proxy.total(\.bytesRead), proxy.total(\.pendingOutputBytes))
      // The watermark and what is read at once, and the buffers of the socket.
      try proxy.require(10_000...12_000 ~= waiting, "\(waiting) bytes wait to be sent")
      try proxy.require(read <= waiting + 4000, "\(read) bytes were read")
      // The other direction does not wait.
      reader.send("hello")
      try proxy.expect("hello", at: writer)
      reader.isReadingPaused = false
      try proxy.require(try proxy.rest(of: reader) == sent, "other bytes arrive than were sent")
    }
  }

  @Test("a shutdown lets relays finish, within the drain time-out", arguments: [1, 2])
  func draining(loops: Int) throws {
    var arguments = SimulatedProxy.Arguments(loops: loops)
    arguments.server.drainTimeout = .seconds(10)
    try SimulatedProxy.run(to: [.ipv4], arguments) { proxy in
      proxy.backends[0].listen()
      let (client, backend) = try proxy.pair(proxy.backends[0])
      client.send("question")
      try proxy.expect("question", at: backend)
      proxy.server.shutdown()
      try proxy.simulation.run(until: { proxy.descriptorCount == 2 + proxy.server.loops.count })
      for _ in 0..<3 {
        backend.send("answer")
        try proxy.expect("answer", at: client)
        client.send("question")
        try proxy.expect("question", at: backend)
      }
      if proxy.simulation.seed % 2 == 0 {
        backend.endOutput()
        try proxy.expectEnd(of: client)
        client.endOutput()
        try proxy.simulation.run(until: { proxy.simulation.hasEnded(proxy.server) }, within: .seconds(3))
      } else {
        proxy.simulation.run(for: .seconds(9))
        try proxy.require(!client.isEnded && !backend.isEnded, "a relay has ended before its time")
        try proxy.simulation.run(until: { proxy.simulation.hasEnded(proxy.server) }, within: .seconds(2))
      }
    }
  }

  // MARK: Between programs

  @Test(
    "a backend that is killed amid traffic costs its own connections only", .needs("python3"), arguments: [1, 2])
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

  @Test(
    "64 MiB pass both ways at once between slow ends, whole and in bounded memory", .needs("python3"),
    arguments: [1, 2])
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
}
