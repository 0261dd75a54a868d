internal import Gnet
internal import HTTPTypes

/// The state that the sessions of a service share on a loop.
final class HTTPLoop {
  let options: HTTPOptions
  let handler: RequestHandler
  /// The clients, where their number is limited.
  let clients: ClientList?
  private let serverField: String
  private var second = -1
  private var line: [UInt8] = []

  init(_ options: HTTPOptions, _ handler: @escaping RequestHandler) {
    self.options = options
    self.handler = handler
    clients = options.connectionLimit.map(ClientList.init)
    // Through HTTPTypes, which lets no line end in.
    serverField = options.serverName.map { "Server: \(HTTPField(name: .server, value: $0).value)\r\n" } ?? ""
  }

  /// The fields `Server` and `Date` of every answer, composed once a second.
  var momentFields: [UInt8] {
    let now = DateField.currentSecond
    if now != second {
      second = now
      line = serverField.utf8 + DateField(second: now).line
    }
    return line
  }
}
