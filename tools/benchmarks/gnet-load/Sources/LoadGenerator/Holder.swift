internal import CLoad
internal import Glibc

/// Opens connections and keeps them, for someone who looks at the server's memory meanwhile.
public final class Holder {
  private let target: Target
  private var descriptors: [Int32] = []

  /// Opens `count` connections.
  public init(_ target: Target, count: Int) throws(LoadError) {
    if target.isDatagram { throw LoadError("datagrams have no connections to hold") }
    if !(1...1_000_000).contains(count) { throw LoadError("1 to 1,000,000 connections are possible") }
    let limit = cload_raise_file_limit()
    if limit < Int64(count + 16) {
      throw LoadError("\(count) connections need more open files than the \(limit) allowed; see ulimit -n")
    }
    self.target = target
    for number in 0..<count { descriptors.append(try target.connect(source: Int32(number / 20_000))) }
  }

  deinit { close() }

  /// Lets every connection, one after the other, echo so many bytes; every byte is checked.
  public func echo(_ size: Int) throws(LoadError) {
    let pattern = Pattern.noise(reach: max(size, 1))
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: max(size, 1))
    defer { buffer.deallocate() }
    for (index, fd) in descriptors.enumerated() {
      let origin = index * 7919 % pattern.period
      var (sent, received) = (0, 0)
      var watched = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
      while received < size {
        if sent < size {
          let result = cload_send(fd, pattern.bytes + origin + sent, size - sent)
          if result < 0, result != -Int(EAGAIN) { throw LoadError("sending to \(target)", result) }
          sent += max(0, result)
        }
        if poll(&watched, 1, 10_000) == 0 { throw LoadError("\(target) sent no reply for 10 seconds") }
        let result = cload_receive(fd, buffer + received, size - received)
        if result == 0 { throw LoadError("\(target) closed connection \(index)") }
        if result < 0, result != -Int(EAGAIN) { throw LoadError("receiving from \(target)", result) }
        received += max(0, result)
      }
      if let wrong = pattern.mismatch(buffer, size, at: origin) {
        throw LoadError("\(target) sent a wrong byte on connection \(index): byte \(wrong)")
      }
    }
  }

  /// Closes them all.
  public func close() {
    for fd in descriptors { _ = cload_close(fd) }
    descriptors = []
  }
}
