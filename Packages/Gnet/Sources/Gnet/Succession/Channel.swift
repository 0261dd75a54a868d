internal import CGnet
internal import SystemPackage

/// The channel between a process and its successor: listeners go one way, and the word that the successor is ready the other
/// way. The successor's end is descriptor 3 at its start.
struct Channel: ~Copyable, Sendable {
  private let socket: OwnedSocket
  var fd: Int32 { socket.fd }

  /// The most bytes of a message: an address and a path.
  private static let capacity = 8192

  /// Takes over an end of a channel.
  init(adopting fd: Int32) { socket = OwnedSocket(adopting: fd, of: Kernel.shared) }

  /// The two ends of a channel, this process's and the successor's.
  struct Ends: ~Copyable {
    let own: Channel
    let other: Channel
  }

  /// Opens a channel.
  static func open() throws(Errno) -> Ends {
    var ends: [Int32] = [-1, -1]
    try Kernel.shared.checked(unsafe cgnet_open_channel(&ends))
    return Ends(own: Channel(adopting: ends[0]), other: Channel(adopting: ends[1]))
  }

  /// Sets the time that sending or receiving a message may take, rounded up to milliseconds; at least one, since none would
  /// be no limit.
  func setPatience(_ time: Duration) throws(Errno) {
    try Kernel.shared.checked(cgnet_set_patience(fd, max(1, Int32(clamping: time.count(of: .millisecond)))))
  }

  // MARK: Messages

  /// Sends a message of fields, and descriptors. A field has no zero byte.
  func send(_ fields: [String], _ descriptors: [Int32] = []) throws(Errno) {
    assert(!fields.isEmpty && fields.allSatisfy { !$0.utf8.contains(0) }, "a reader would find other fields")
    assert(descriptors.allSatisfy { $0 >= 0 })
    var rest = descriptors[...]
    repeat {
      let part = Array(rest.prefix(Int(CGNET_MESSAGE_DESCRIPTORS)))
      rest = rest.dropFirst(part.count)
      let bytes = Array(fields.joined(separator: "\0").utf8)
      try Kernel.shared.checked(unsafe cgnet_send_message(fd, bytes, bytes.count, part, Int32(part.count)))
    } while !rest.isEmpty
  }

  /// Receives the next message. Its descriptors are the caller's.
  func receive() throws(Errno) -> (fields: [String], descriptors: [Int32]) {
    var bytes = [UInt8](repeating: 0, count: Self.capacity)
    var descriptors = [Int32](repeating: -1, count: Int(CGNET_MESSAGE_DESCRIPTORS))
    var descriptorCount: Int32 = 0
    let count = unsafe cgnet_receive_message(fd, &bytes, bytes.count, &descriptors, &descriptorCount)
    try Kernel.shared.checked(Int32(clamping: count))
    assert(count <= bytes.count && 0...descriptors.count ~= Int(descriptorCount))
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    return (
      text.split(separator: "\0", omittingEmptySubsequences: false).map(String.init),
      Array(descriptors.prefix(Int(descriptorCount)))
    )
  }

  /// Waits for a message, or for the end of the channel. Returns `false` when the time is over.
  func waitForMessage(within time: Duration) -> Bool {
    let end = ContinuousClock.now + time
    while true {
      let result = cgnet_wait_readable(fd, Int32(clamping: (end - ContinuousClock.now).count(of: .millisecond)))
      if result != -EINTR { return result != 0 }
    }
  }
}
