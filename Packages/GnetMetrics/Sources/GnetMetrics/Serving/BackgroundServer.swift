package import Gnet
internal import SystemPackage

/// A server on a thread of its own: it is bound when this is created, and has ended when ``stop()`` returns.
package final class BackgroundServer: Sendable {
  /// The server.
  package let server: Server
  private let thread: Thread

  /// Starts serving, and returns when every address is bound.
  ///
  /// - Parameter onFailure: called if the server ends by an error later, on its thread.
  /// - Throws: what `serve` throws if it does not come so far.
  package init(
    _ events: Events, options: Options, on addresses: [String],
    onFailure: @escaping @Sendable (ServeError) -> Void
  ) throws(ServeError) {
    let start = Latch<Result<Server, ServeError>>()
    var events = events
    events.onInitComplete = { server in
      start.set(.success(server))
      return .none
    }
    let prepared = events
    do throws(Errno) {
      thread = try Thread {
        do throws(ServeError) {
          try serve(prepared, options: options, on: addresses)
        } catch {
          if !start.set(.failure(error)) { onFailure(error) }
        }
      }
    } catch {
      throw .system(operation: "pthread_create", address: addresses.first, error)
    }
    switch start.wait() {
    case .success(let server):
      self.server = server
    case .failure(let error):
      thread.join()
      throw error
    }
  }

  /// Shuts the server down and waits for its end; to be called once.
  package func stop() {
    server.shutdown()
    thread.join()
  }
}
