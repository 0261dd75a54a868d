#if canImport(Darwin) || os(FreeBSD) || os(OpenBSD) || os(NetBSD) || POLLER_KQUEUE
  import CPoller

  /// The events of one wait, one for each registration.
  ///
  /// kqueue reports the two filters of a descriptor as two events; here they become the one event that epoll has. A hash
  /// table with two slots for each event, cleared for every wait, finds the event of the other filter.
  @safe
  struct KqueueInbox: ~Copyable {
    private let events: UnsafeMutableBufferPointer<Poller.Event>

    /// The hash table, with open addressing: a slot has an event's index plus one, or zero.
    private let slots: UnsafeMutableBufferPointer<UInt16>

    /// - Parameter capacity: The greatest number of events of one wait; a power of two.
    init(capacity: Int) {
      assert(capacity.nonzeroBitCount == 1 && capacity <= 1 << 15)
      unsafe events = .allocate(capacity: capacity)
      unsafe slots = .allocate(capacity: 2 * capacity)
      unsafe slots.initialize(repeating: 0)
    }

    deinit {
      unsafe events.deallocate()
      unsafe slots.deallocate()
    }

    /// A received event.
    func event(at index: Int) -> Poller.Event {
      assert(unsafe events.indices.contains(index))
      return unsafe events[index]
    }

    /// Replaces the events by the events of a wait, and returns their number.
    ///
    /// `received` is left with the first filter's event of each registration, in the order of the events here. If the
    /// other filter has fired too, `EV_CLEAR` is removed from the event's flags.
    func receive(_ received: UnsafeMutableBufferPointer<kevent>) -> Int {
      assert(unsafe received.count <= events.count)
      unsafe slots.update(repeating: 0)
      var count = 0
      for index in received.indices {
        let kevent = unsafe received[index]
        let event = unsafe Self.event(kevent)
        if !event.isWake {
          let slot = unsafe slot(for: kevent.ident, in: received)
          let known = unsafe Int(slots[slot]) - 1
          if known >= 0 {
            let flags = unsafe events[known].flags.union(event.flags)
            unsafe events[known] = Poller.Event(token: event.token, flags: flags)
            unsafe received[known].flags &= ~numericCast(EV_CLEAR)
            continue
          }
          unsafe slots[slot] = UInt16(count + 1)
        }
        unsafe received[count] = kevent
        unsafe events[count] = event
        count += 1
      }
      return count
    }

    /// The slot of a descriptor's event, or the empty slot where the event belongs.
    private func slot(for ident: UInt, in received: UnsafeMutableBufferPointer<kevent>) -> Int {
      let mask = unsafe slots.count - 1
      // Descriptors are small numbers, close together, and so their own best hash. The table is never full.
      var slot = Int(ident) & mask
      while unsafe slots[slot] != 0 && received[Int(slots[slot]) - 1].ident != ident {
        slot = (slot + 1) & mask
      }
      return slot
    }

    /// The meaning of the kernel's event; see the table at ``Poller/Event``.
    private static func event(_ kevent: kevent) -> Poller.Event {
      let filter = unsafe Int32(kevent.filter)
      if filter == Int32(EVFILT_USER) { return .wake }
      var flags: Poller.Event.Flags = filter == Int32(EVFILT_READ) ? .readable : .writable
      if unsafe UInt32(kevent.flags) & UInt32(EV_EOF) != 0 {
        flags.formUnion([.readable, .peerClosed])
        if unsafe kevent.fflags != 0 { flags.formUnion([.writable, .error]) }
      }
      let token = unsafe withUnsafePointer(to: kevent) { unsafe cpoller_kevent_token($0) }
      return Poller.Event(token: Poller.Token(rawValue: token), flags: flags)
    }
  }
#endif
