package import Poller

/// Whom a readiness event is for.
///
/// ```
///   63          32 31 30           0
///   [ generation  ][      slot     ]    a connection: the generation is neither 0 nor all ones
///   [      0      ][0][     id     ]    a listening socket
///   [      0      ][1][     id     ]    a datagram socket
/// ```
/// All ones are the poller's own token.
package enum LoopToken: Equatable {
  case connection(ConnectionToken)
  case listener(Int)
  case datagrams(Int)

  private static let datagramsBit: UInt32 = 1 << 31

  /// The token as the poller carries it.
  package var encoded: Poller.Token {
    switch self {
    case .connection(let token):
      assert(token.generation != 0 && token.generation != .max)
      return Poller.Token(rawValue: token.rawValue)
    case .listener(let id):
      assert(id >= 0 && id < Int(Self.datagramsBit))
      return Poller.Token(rawValue: UInt64(id))
    case .datagrams(let id):
      assert(id >= 0 && id < Int(Self.datagramsBit))
      return Poller.Token(rawValue: UInt64(UInt32(id) | Self.datagramsBit))
    }
  }

  /// Reads the token of an event.
  @inline(__always)
  init(_ token: Poller.Token) {
    let connection = ConnectionToken(rawValue: token.rawValue)
    if connection.generation != 0 {
      self = .connection(connection)
    } else if connection.slot & Self.datagramsBit == 0 {
      self = .listener(Int(connection.slot))
    } else {
      self = .datagrams(Int(connection.slot & ~Self.datagramsBit))
    }
    assert(encoded == token)
  }
}

/// A connection of a loop: its slot, and which of the slot's connections is meant.
///
/// A late event for a connection that has gone finds no one by its token, also when the slot or the descriptor's
/// number is in use again.
package struct ConnectionToken: RawRepresentable, Equatable, Sendable {
  package let rawValue: UInt64

  @inline(__always)
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The token of no connection.
  static var none: ConnectionToken { ConnectionToken(rawValue: 0) }

  @inline(__always)
  init(slot: UInt32, generation: UInt32) { rawValue = UInt64(generation) << 32 | UInt64(slot) }

  @inline(__always)
  var slot: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

  @inline(__always)
  var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }

  /// The generation that follows another in a slot. Never 0: that generation stands for sockets without a connection.
  /// Never all ones: these are in the poller's own token.
  static func generation(after generation: UInt32) -> UInt32 { generation >= .max - 1 ? 1 : generation + 1 }
}
