/// Bytes that show a swap, a loss or a repetition: no two neighbourhoods look alike.
func pattern(_ count: Int) -> [UInt8] {
  unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
    for index in 0..<count { unsafe bytes[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8 &+ index >> 16) }
    filled = count
  }
}
