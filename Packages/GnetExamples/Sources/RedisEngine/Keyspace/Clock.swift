/// The time of day.
enum Clock {
  /// Milliseconds since 1970.
  static var milliseconds: Int { Platform.milliseconds }

  /// Seconds since 1970.
  static var seconds: Int { milliseconds / 1000 }
}
