internal import Poller
internal import RingBuffer
internal import SystemPackage

/// The filters of a connection from the socket to the handler, and the bytes that wait between them.
///
/// ```
///   handler   react  <--- input             output
///                           |                  v
///   last stage              |  unread  unsent  |
///     ...                   |  unread  unsent  |
///   first stage             |  unread  unsent  |
///                           ^                  v
///   socket                network            outbound of the slot
/// ```
///
/// Knows neither the socket nor the handler: `Streams+Filters.swift` moves the bytes. The connection's slot owns the chain.
struct FilterChain: ~Copyable {
  /// The filters that bytes pass through, the one next to the socket first.
  private(set) var stages: [Pinned<FilterStage>]
  /// The same, and the filters that bytes go past, all in the order of their places.
  private var places: [Pinned<FilterStage>]
  let buffers: Pinned<FilterBuffers>
  private let context: FilterContext

  /// The error that has ended the connection, as a filter has thrown it.
  private(set) var failure: (any Error)?
  /// The peer's address as the lowest filter tells it.
  private var peer: SocketAddress?
  /// Whether `peer` is to be told to the connection.
  private var isPeerNew = false
  /// Whether the socket's stream has ended.
  private(set) var isNetworkEnded = false
  /// Whether anything has arrived.
  var hasReceived = false
  /// Whether a filter that was added has not begun.
  var isBeginDue = false
  /// Whether bytes for the handler wait in the slot until the handler reads again.
  var holdsInput = false
  /// The end of the time that filters have to be established.
  private(set) var deadline = Poller.Instant.never

  /// Creates a chain, which destroys its stages at its end.
  init(_ stages: [Pinned<FilterStage>], _ context: FilterContext, _ buffers: Pinned<FilterBuffers>) {
    assert(stages.allSatisfy { $0.pointee.phase == .new })
    self.stages = stages
    places = stages
    self.context = context
    self.buffers = buffers
  }

  deinit { for place in places { place.destroy() } }

  // Inlined, as all that others ask a chain: a function of its own would be given a copy of the whole chain.
  /// Whether bytes pass through any filter.
  @inline(__always)
  var isActive: Bool { !stages.isEmpty }

  /// Whether every filter is established or done.
  @inline(__always)
  var isEstablished: Bool {
    for index in stages.indices where !stages[index].pointee.takesOutput { return false }
    return true
  }

  /// Whether the last filter has no more bytes for the handler.
  @inline(__always)
  var hasEndedInput: Bool { stages.last?.pointee.phase == .inputEnded }

  /// Whether the socket or the last filter has told the end of the peer's stream.
  @inline(__always)
  var isEndDue: Bool { isNetworkEnded || hasEndedInput }

  /// Whether output waits for a filter that has to hear from the peer before.
  @inline(__always)
  var holdsOutput: Bool { pendingCount > 0 }

  /// The bytes of output before the filters.
  @inline(__always)
  var pendingCount: Int {
    var count = 0
    for index in stages.indices { count += stages[index].pointee.unsent.count }
    return count
  }

  /// Whether the filters have begun from the socket upwards: above a filter that is not established, none has begun.
  var isInOrder: Bool {
    stages.drop(while: { $0.pointee.takesOutput }).dropFirst().allSatisfy { $0.pointee.phase == .new }
  }

  /// The topmost filter of a type, those included that bytes go past.
  func find<Filter: ConnectionFilter>(_ type: Filter.Type) -> Filter? {
    for place in places.reversed() { if let found = place.pointee.filter as? Filter { return found } }
    return nil
  }

  /// Adds a filter at the top.
  mutating func add(_ stage: Pinned<FilterStage>) {
    assert(stage.pointee.phase == .new)
    if failure != nil { return stage.destroy() }
    stages.append(stage)
    places.append(stage)
    isBeginDue = true
  }

  /// The peer's address, if a filter has told it since the last call.
  mutating func takeNewPeer() -> SocketAddress? {
    guard isPeerNew else { return nil }
    isPeerNew = false
    assert(peer != nil)
    return peer
  }

  /// The connection as a filter sees it that is made now.
  var currentContext: FilterContext {
    var context = context
    if let peer { context.remoteAddress = peer }
    return context
  }

  // MARK: Up

  /// Gives bytes that the handler has left to the first filter that has not begun.
  mutating func takeUnread(_ bytes: inout RingBuffer) {
    assert(!isBeginDue || stages.last?.pointee.phase == .new, "a filter is to begin that has begun")
    guard isBeginDue, let stage = stages.first(where: { $0.pointee.phase == .new }) else { return }
    stage.pointee.unread.append(moving: &bytes)
  }

  /// Passes bytes from the socket up through all filters, and has those begin whose turn has come. An error of a filter
  /// becomes ``failure``.
  ///
  /// - Parameters:
  ///   - network: the bytes from the socket; empty afterwards.
  ///   - input: the bytes for the handler.
  ///   - reply: the bytes for the socket.
  ///   - isLast: whether the socket's stream has ended behind these bytes.
  mutating func receive(
    _ network: inout RingBuffer, into input: inout RingBuffer, reply: inout RingBuffer, isLast: Bool,
    now: @autoclosure () -> Poller.Instant
  ) {
    do {
      try passUp(&network, into: &input, reply: &reply, now)
      if isLast { try endNetwork() }
    } catch {
      fail(error)
    }
  }

  private mutating func passUp(
    _ network: inout RingBuffer, into input: inout RingBuffer, reply: inout RingBuffer, _ now: () -> Poller.Instant
  ) throws {
    assert(failure == nil, "bytes for a filter that has thrown")
    isBeginDue = false
    defer { assert(network.isEmpty, "bytes of one connection are left for the next") }
    guard let first = stages.first else { return input.append(moving: &network) }
    // A stage without unread bytes borrows the ring, and keeps a copy of what is left.
    let borrows = first.pointee.unread.isEmpty
    if borrows { swap(&first.pointee.unread, &network) } else { first.pointee.unread.append(moving: &network) }
    defer {
      if borrows {
        swap(&first.pointee.unread, &network)
        if !network.isEmpty {
          first.pointee.unread.write(prefix: network.count, of: network)
          network.removeAll()
        }
      } else {
        first.pointee.unread.giveBackSlack()
      }
    }
    try pass(into: &input, reply: &reply, now)
  }

  private mutating func pass(into input: inout RingBuffer, reply: inout RingBuffer, _ now: () -> Poller.Instant) throws
  {
    var index = 0
    while index < stages.count {
      let stage = stages[index]
      let isNew = stage.pointee.phase == .new
      if isNew { try begin(stage, at: index, reply: &reply, now()) }
      if stage.pointee.phase == .inputEnded {
        stage.pointee.unread = RingBuffer()
      } else if isNew || !stage.pointee.unread.isEmpty {
        let state = try receive(at: index, into: &input, reply: &reply)
        if case .passThrough = state {
          passThrough(at: index, into: &input, reply: &reply)
          continue
        }
        if index > 0 { stage.pointee.unread.giveBackSlack() }
      }
      if index > 0 && stages[index - 1].pointee.phase == .inputEnded { try stage.pointee.endInput() }
      assert(isInOrder)
      // Filters above wait until this one is established.
      if stage.pointee.phase == .establishing { return }
      index += 1
    }
    deadline = .never
  }

  private mutating func begin(
    _ stage: Pinned<FilterStage>, at index: Int, reply: inout RingBuffer, _ now: Poller.Instant
  ) throws {
    assert(index == 0 || stages[index - 1].pointee.takesOutput, "a filter begins above one that is not established")
    if index == 0 {
      try stage.pointee.begin(currentContext, &reply)
    } else {
      try stage.pointee.begin(currentContext, &stages[index - 1].pointee.unsent)
    }
    deadline = stage.pointee.filter?.handshakeTimeout.map { now + $0 } ?? .never
  }

  /// Passes the unread bytes of a stage to its filter.
  private mutating func receive(at index: Int, into input: inout RingBuffer, reply: inout RingBuffer) throws
    -> FilterState
  {
    let stage = stages[index]
    let wasEstablished = stage.pointee.phase == .established
    let isTop = index == stages.count - 1
    let state: FilterState
    switch (isTop, index == 0) {
    case (true, true): state = try stage.pointee.receive(&input, reply: &reply)
    case (true, false): state = try stage.pointee.receive(&input, reply: &stages[index - 1].pointee.unsent)
    case (false, true): state = try stage.pointee.receive(&stages[index + 1].pointee.unread, reply: &reply)
    case (false, false):
      state = try stage.pointee.receive(&stages[index + 1].pointee.unread, reply: &stages[index - 1].pointee.unsent)
    }
    switch state {
    case .established(let told?) where !wasEstablished && peer == nil, .passThrough(let told?) where peer == nil:
      peer = told
      isPeerNew = true
    default: break
    }
    return state
  }

  /// Removes a filter, and lets its bytes go past it.
  private mutating func passThrough(at index: Int, into input: inout RingBuffer, reply: inout RingBuffer) {
    let stage = stages.remove(at: index)
    assert(stage.pointee.phase == .established && places.contains(stage))
    if index < stages.count {
      stages[index].pointee.unread.take(&stage.pointee.unread)
    } else {
      input.take(&stage.pointee.unread)
    }
    if index > 0 {
      stages[index - 1].pointee.unsent.take(&stage.pointee.unsent)
    } else {
      reply.take(&stage.pointee.unsent)
    }
    assert(stage.pointee.unread.isEmpty && stage.pointee.unsent.isEmpty, "bytes stay with a filter that is done")
  }

  /// Takes in that the socket's stream has ended.
  private mutating func endNetwork() throws {
    isNetworkEnded = true
    for stage in stages { try stage.pointee.endInput() }
    assert(!isActive || hasEndedInput)
  }

  /// Tells the filters that have begun and are not established that the connection has ended.
  func abandon(_ error: Errno?) {
    assert(isInOrder, "more than one filter would be abandoned")
    if failure != nil { return }
    for stage in stages where stage.pointee.phase == .establishing { stage.pointee.filter?.abandoned(error) }
  }

  /// Takes in the error that ends the connection. Nothing passes any more.
  mutating func fail(_ error: any Error) {
    assert(isActive, "a chain without filters has failed")
    failure = failure ?? error
    deadline = .never
    isBeginDue = false
    dropOutput()
  }
}
