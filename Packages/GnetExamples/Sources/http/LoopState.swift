import HTTPSupport

/// The state that the sessions of a loop share.
final class LoopState {
  private var dateField = DateField()

  /// The field `Date` of every answer, composed once a second.
  var date: [UInt8] {
    let second = DateField.currentSecond
    if dateField.second != second { dateField = DateField(second: second) }
    return dateField.line
  }
}
