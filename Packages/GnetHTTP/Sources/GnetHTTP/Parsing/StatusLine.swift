/// The places of a response head's parts, as offsets from its first byte, and the facts that its fields tell.
struct ResponseIndex: MessageIndex {
  var code = 0
  var isHTTP10 = false
  var persistence = Persistence.keepAlive
  var reason = 0..<0
  /// The start of the first field line.
  var fieldsStart = 0
  var end = 0
  var framing = BodyFraming.none

  init() {}

  static func addField(_ line: HTTPLine, to facts: inout HeadFacts) throws(Refusal) { try facts.addResponseField(line) }

  /// Parses `HTTP-version SP status-code SP reason-phrase`.
  ///
  /// Some servers leave out the second space along with the phrase, which cannot be read in another way.
  init(startLine line: HTTPLine) throws(Refusal) {
    let codeStart = 9
    let codeEnd = codeStart + 3
    guard line.count >= codeEnd, line[codeStart - 1] == .space,
      line.end(of: .digit, from: codeStart) == codeEnd, line.count == codeEnd || line[codeEnd] == .space
    else {
      throw .badRequest("the status line is not a version, a status and a reason with one space between them")
    }
    isHTTP10 = try HeadIndex.isHTTP10(0..<codeStart - 1, of: line)
    code = (codeStart..<codeEnd).reduce(0) { $0 * 10 + Int(line[$1] & 0x0F) }
    guard 100..<600 ~= code else { throw .badRequest("the status is none of 100 to 599") }
    reason = min(codeEnd + 1, line.count)..<line.count
    fieldsStart = line.count + 2
  }
}
