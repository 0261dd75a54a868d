/// A choice among clients, for CLIENT LIST and CLIENT KILL.
struct ClientFilter {
  enum ClientType { case normal, pubsub, replication }

  var type: ClientType?
  var ids: Set<Int>?
  var address: [UInt8]?
  var localAddress: [UInt8]?

  /// The type with a name; there are no masters and replicas here.
  static func type(_ name: Bytes) throws(ReplyError) -> ClientType {
    if name.isWord("normal") { return .normal }
    if name.isWord("pubsub") { return .pubsub }
    if name.isWord("master") || name.isWord("replica") || name.isWord("slave") { return .replication }
    throw ReplyError(quoting: Array("ERR Unknown client type '".utf8) + name.array + [UInt8(ascii: "'")])
  }

  /// Adds an option of CLIENT KILL.
  mutating func add(_ option: Bytes, _ value: Bytes) throws(ReplyError) {
    if option.isWord("id") {
      guard let id = value.integer, id > 0 else { throw ReplyError("ERR client-id should be greater than 0") }
      ids = [id]
    } else if option.isWord("type") {
      type = try Self.type(value)
    } else if option.isWord("addr") {
      address = value.array
    } else if option.isWord("laddr") {
      localAddress = value.array
    } else if option.isWord("user") {
      // All clients are the default user.
      guard value.equals(Array("default".utf8)) else {
        throw ReplyError(quoting: Array("ERR No such user '".utf8) + value.array + [UInt8(ascii: "'")])
      }
    } else {
      throw .syntax
    }
  }

  func matches(_ client: Client) -> Bool {
    if let type, type != (client.modes.contains(.subscriber) ? .pubsub : .normal) { return false }
    if let ids, !ids.contains(client.id) { return false }
    if let address, !client.address.utf8.elementsEqual(address) { return false }
    if let localAddress, !client.localAddress.utf8.elementsEqual(localAddress) { return false }
    return true
  }
}
