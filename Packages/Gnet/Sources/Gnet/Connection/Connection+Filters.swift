extension Connection {
  /// Adds a filter between the socket, or the filters that the connection has, and the handler, as STARTTLS does.
  ///
  /// Takes effect when this callback is over: for the bytes left in `input`, for all later input, and for the output
  /// from now on. Earlier output leaves unchanged. Until the filter is established, output waits; `opened` is not
  /// called again. Does nothing for a datagram.
  ///
  /// ```swift
  /// events.react = { connection, input in
  ///   if connection.filter(Cipher.self) == nil, input.readAll().elementsEqual("STARTTLS\n".utf8) {
  ///     connection.write("OK\n")
  ///     connection.addFilter(Cipher())
  ///   }
  ///   return .none
  /// }
  /// ```
  ///
  /// Bytes behind the request that are left in `input` are taken for those of the filter. A protocol whose clients wait for
  /// the answer should refuse such bytes instead of dropping them: an attacker may have put them there.
  public func addFilter(_ filter: any ConnectionFilter) {
    guard state.pointee.life.isStream else { return }
    add(Pinned(FilterStage(filter)))
  }

  /// Adds a filter, as ``addFilter(_:)-(ConnectionFilter)`` does.
  ///
  /// - Throws: what the factory throws. Nothing is added then.
  public func addFilter(_ factory: ConnectionFilter.Factory) throws {
    guard state.pointee.life.isStream else { return }
    addFilter(try factory(state.pointee.filters?.pointee.currentContext ?? filterContext))
  }

  /// The connection's filter of a type, the topmost of several; `nil` if there is none. Filters that bytes go past count too.
  public func filter<Filter: ConnectionFilter>(_ type: Filter.Type) -> Filter? {
    state.pointee.filters?.pointee.find(type)
  }

  private func add(_ stage: Pinned<FilterStage>) {
    assert(state.pointee.isPhaseOfFilters)
    let filters =
      state.pointee.filters ?? Pinned(FilterChain([], filterContext, unsafe state.pointee.loop.filterBuffers))
    state.pointee.filters = filters
    filters.pointee.add(stage)
    state.pointee.life.phase = .filtered
    state.pointee.life.flags.insert(.hasRequests)
    assert(state.pointee.isPhaseOfFilters)
  }

  private var filterContext: FilterContext {
    FilterContext(
      isOutbound: isOutbound, requestedName: state.pointee.handleQueue?.requestedName, localAddress: localAddress,
      remoteAddress: remoteAddress)
  }
}
