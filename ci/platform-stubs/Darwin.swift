// Declarations of macOS's Darwin module that differ from Glibc's, only as far as Swift files with differences on macOS
// use them. ci/platforms type-checks those files on Linux with them. Not for running.
@_exported import Glibc

public typealias pthread_t = UnsafeMutablePointer<CInt>

public let SOCK_STREAM: Int32 = 1

public func pthread_create(
  _ thread: UnsafeMutablePointer<pthread_t?>, _ attributes: UnsafePointer<pthread_attr_t>?,
  _ body: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer?, _ argument: UnsafeMutableRawPointer?
) -> Int32 { 0 }

public func pthread_join(_ thread: pthread_t, _ result: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> Int32 { 0 }
