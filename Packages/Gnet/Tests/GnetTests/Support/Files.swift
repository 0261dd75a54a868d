import SystemPackage
import Testing

@testable import Gnet

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// What tests do with files and the sockets that have one.
enum Files {
  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  static func remove(_ path: String) {
    unsafe _ = unlink(path)
    unsafe _ = rmdir(path)
  }

  static func makeFile(_ path: String) {
    let fd = unsafe open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    close(fd)
  }

  static func write(_ text: String, to path: String) {
    var text = text
    let fd = unsafe open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
    text.withUTF8 { unsafe _ = Glibc.write(fd, $0.baseAddress, $0.count) }
    close(fd)
  }

  /// The first 64 KiB of a file.
  static func read(_ path: String) -> String {
    let fd = unsafe open(path, O_RDONLY | O_CLOEXEC)
    defer { close(fd) }
    return unsafe String(unsafeUninitializedCapacity: 65536) { unsafe max(0, Glibc.read(fd, $0.baseAddress, $0.count)) }
  }

  static func makeDirectory(_ path: String) { unsafe _ = mkdir(path, 0o700) }

  static func makeLink(_ path: String, to target: String) { unsafe _ = symlink(target, path) }

  static func permissions(of path: String) -> Int {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int(status.st_mode & 0o777) : -1
  }

  static func changeWorkingDirectory(to path: String) { unsafe _ = chdir(path) }

  static var workingDirectory: String {
    unsafe String(unsafeUninitializedCapacity: 4096) { room in
      unsafe room.withMemoryRebound(to: CChar.self) {
        unsafe getcwd($0.baseAddress!, $0.count) == nil ? 0 : strlen($0.baseAddress!)
      }
    }
  }

  /// A socket that is bound to `path` and that nobody listens on; closing it leaves the file there.
  static func bindSocket(to path: String, type: Int32) throws -> Int32 {
    let fd = socket(AF_UNIX, type | Int32(SOCK_CLOEXEC.rawValue), 0)
    let address = try #require(RawAddress(path: path))
    let result = Kernel.shared.bind(fd, to: address)
    try #require(result == 0)
    return fd
  }
}
