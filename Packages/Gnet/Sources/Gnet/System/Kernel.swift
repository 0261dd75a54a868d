internal import CGnet
internal import Poller
internal import SystemPackage

/// The operating system. Every call goes to the kernel or to the C library.
final class Kernel: ThreadedSystem {
  /// The system of all servers outside of tests.
  static let shared = Kernel()

  private let resolver = Resolver()

  private init() {}

  // MARK: Streams

  @inline(__always)
  func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    unsafe cgnet_receive(fd, buffer.baseAddress, buffer.count)
  }

  @inline(__always)
  func send(_ fd: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Int {
    unsafe second.isEmpty
      ? cgnet_send(fd, first.baseAddress, first.count)
      : cgnet_send_two(fd, first.baseAddress, first.count, second.baseAddress, second.count)
  }

  func endOutput(of fd: Int32) -> Int32 { cgnet_end_output(fd) }

  // MARK: Datagrams

  @inline(__always)
  func receiveDatagrams(_ fd: Int32, into buffers: OpaquePointer) -> Int32 {
    unsafe cgnet_receive_datagrams(fd, buffers)
  }

  @inline(__always)
  func sendDatagrams(_ fd: Int32, _ runs: UnsafeBufferPointer<cgnet_run>, _ bytes: UnsafeRawBufferPointer) -> Int32 {
    unsafe cgnet_send_datagrams(fd, bytes.baseAddress, runs.baseAddress, Int32(runs.count))
  }

  // MARK: Sockets

  func openSocket(family: Int32, isDatagram: Bool) -> Int32 { cgnet_socket(family, isDatagram) }

  func bind(_ fd: Int32, to address: RawAddress) -> Int32 {
    unsafe withUnsafePointer(to: address.storage) { unsafe cgnet_bind(fd, $0, address.length) }
  }

  func listen(_ fd: Int32, backlog: Int32) -> Int32 { cgnet_listen(fd, backlog) }

  func connect(_ fd: Int32, to address: RawAddress) -> Int32 {
    unsafe withUnsafePointer(to: address.storage) { unsafe cgnet_connect(fd, $0, address.length) }
  }

  func accept(_ fd: Int32, peer: inout RawAddress) -> Int32 { unsafe cgnet_accept(fd, &peer.storage, &peer.length) }

  func setOption(_ fd: Int32, _ option: cgnet_option, _ value: Int32) -> Int32 { cgnet_set_option(fd, option, value) }

  func readLocalAddress(of fd: Int32, into address: inout RawAddress) -> Int32 {
    unsafe cgnet_local_address(fd, &address.storage, &address.length)
  }

  func readPeerAddress(of fd: Int32, into address: inout RawAddress) -> Int32 {
    unsafe cgnet_peer_address(fd, &address.storage, &address.length)
  }

  func adopt(_ fd: Int32) -> Int32 { cgnet_adopt(fd) }

  func identify(_ fd: Int32, as kind: inout cgnet_socket_kind) -> Int32 { unsafe cgnet_identify_socket(fd, &kind) }

  func duplicate(_ fd: Int32) -> Int32 { cgnet_duplicate(fd) }

  func takeError(of fd: Int32) -> Int32 { cgnet_pending_error(fd) }

  func unreadCount(_ fd: Int32) -> Int { Int(cgnet_unread_count(fd)) }

  func unacknowledgedCount(_ fd: Int32) -> Int { Int(cgnet_unacknowledged_count(fd)) }

  func canSegment(_ fd: Int32) -> Bool { cgnet_can_segment(fd) }

  func peerProcess(of fd: Int32) -> Int32 { cgnet_peer_process(fd) }

  func makeBlocking(_ fd: Int32) -> Int32 { cgnet_make_blocking(fd) }

  @discardableResult
  func close(_ fd: Int32) -> Int32 { cgnet_close(fd) }

  // MARK: Files

  func identity(ofFileAt path: String) -> FileIdentity? {
    var file = cgnet_file()
    guard unsafe cgnet_identify_file(path, &file) == 0 else { return nil }
    return FileIdentity(device: file.device, number: file.number, isSocket: file.is_socket)
  }

  var workingDirectory: String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    guard unsafe cgnet_working_directory(&buffer, buffer.count) == 0 else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func setPermissions(ofFileAt path: String, _ mode: UInt32) -> Int32 {
    unsafe cgnet_change_mode(path, mode_t(truncatingIfNeeded: mode))
  }

  func removeFile(at path: String) { unsafe _ = cgnet_remove_file(path) }

  func lockFolder(at path: String) -> Int32 { unsafe cgnet_lock_folder(path) }

  var descriptorLimit: Int { Int(cgnet_descriptor_limit()) }

  // MARK: Names, threads and the clock

  func resolve(_ query: NameQuery) throws(NameError) -> [RawAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = (query.isPassive ? AI_PASSIVE : 0) | AI_NUMERICSERV
    unsafe hints.ai_socktype = Int32(query.isDatagram ? CGNET_DATAGRAM : CGNET_STREAM)
    unsafe hints.ai_family = query.family
    var found: UnsafeMutablePointer<addrinfo>?
    let result = unsafe getaddrinfo(query.host.isEmpty ? nil : query.host, String(query.port), &hints, &found)
    guard result == 0 else { throw NameError(reason: unsafe String(cString: gai_strerror(result))) }
    defer { unsafe freeaddrinfo(found) }
    var addresses: [RawAddress] = []
    var next = unsafe found
    while let entry = unsafe next {
      unsafe addresses.append(RawAddress(copying: entry.pointee.ai_addr, length: entry.pointee.ai_addrlen))
      unsafe next = entry.pointee.ai_next
    }
    return addresses
  }

  func start(_ lookup: Lookup) { resolver.start(lookup, on: self) }

  func startThread(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) -> Thread {
    try Thread(name: name, body)
  }

  /// The current time of the kernel's monotonic clock.
  @inline(__always)
  static var monotonicTime: Poller.Instant { Poller.Instant(nanoseconds: cgnet_now()) }

  var now: Poller.Instant {
    @inline(__always) get { Self.monotonicTime }
  }

  var continuousNow: ContinuousClock.Instant { .now }

  // MARK: Readiness

  func openSelector() throws(Errno) -> KernelSelector { KernelSelector(PollerOwner(try Poller())) }
}

/// The owner of a loop's poller.
private final class PollerOwner: Sendable {
  let poller: Poller

  init(_ poller: Poller) { self.poller = poller }
}

/// A loop's poller. The owner lives until `destroy()`, so uses count no references: a wait would pay for two atomic changes.
// Unchecked, because the compiler sees an unmanaged reference. It refers to a poller, which may be used on any thread.
@safe
struct KernelSelector: LoopSelector, @unchecked Sendable {
  private let owner: Unmanaged<PollerOwner>

  fileprivate init(_ owner: PollerOwner) { unsafe self.owner = Unmanaged.passRetained(owner) }

  private var poller: Poller { unsafe owner.takeUnretainedValue().poller }

  var backend: Poller.Backend { Poller.backend }

  var waker: @Sendable () -> Void {
    let waker = poller.waker
    return { waker.wake() }
  }

  func add(_ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest) throws(Errno) {
    try poller.add(FileDescriptor(rawValue: fd), token: token.encoded, interest: interest)
  }

  func modify(
    _ fd: Int32, _ token: LoopToken, _ interest: Poller.Interest, _ trigger: Poller.Trigger
  ) throws(Errno) {
    try poller.modify(FileDescriptor(rawValue: fd), token: token.encoded, interest: interest, trigger: trigger)
  }

  func remove(_ fd: Int32) { try? poller.remove(FileDescriptor(rawValue: fd)) }

  /// Waits as the poller does. A wait pays for no counted references: the owner lives until `destroy()`.
  @inline(__always)
  func wait(until deadline: Poller.Instant, now: Poller.Instant, _ body: (Poller.Event) -> Void) -> Errno? {
    unsafe owner._withUnsafeGuaranteedRef { owner in
      do throws(Errno) {
        try owner.poller.wait(until: deadline, now: now, body)
        return nil
      } catch {
        return error
      }
    }
  }

  func destroy() { unsafe owner.release() }
}
