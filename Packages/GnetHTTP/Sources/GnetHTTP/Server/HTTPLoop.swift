internal import Gnet
internal import HTTPTypes

/// The state that the sessions of a service share on a loop.
@safe
final class HTTPLoop {
  let options: HTTPOptions
  let handler: RequestHandler
  /// The clients, where their number is limited.
  let clients: ClientList?
  /// The fields `Server` and `Date`. Written in place, so that a reader shares nothing that is counted.
  private let moment: UnsafeMutableBufferPointer<UInt8>
  private let dateStart: Int
  private var second = DateField.currentSecond

  init(_ options: HTTPOptions, _ handler: @escaping RequestHandler) {
    self.options = options
    self.handler = handler
    clients = options.connectionLimit.map(ClientList.init)
    // Through HTTPTypes, which lets no line end in.
    let server = options.serverName.map { "Server: \(HTTPField(name: .server, value: $0).value)\r\n" } ?? ""
    dateStart = server.utf8.count
    let fields = server.utf8 + DateField(second: second).line
    unsafe moment = .allocate(capacity: fields.count)
    _ = unsafe moment.initialize(fromContentsOf: fields)
  }

  deinit { unsafe moment.deallocate() }

  /// The fields `Server` and `Date` of every answer, composed once a second.
  var momentFields: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      let now = DateField.currentSecond
      if now != second { moveDate(to: now) }
      return unsafe _overrideLifetime(Span(_unsafeElements: UnsafeBufferPointer(moment)), borrowing: self)
    }
  }

  /// Overwrites the date, whose length never changes.
  @inline(never)
  private func moveDate(to now: Int) {
    second = now
    _ = unsafe moment.extracting(dateStart...).update(fromContentsOf: DateField(second: now).line)
  }
}
