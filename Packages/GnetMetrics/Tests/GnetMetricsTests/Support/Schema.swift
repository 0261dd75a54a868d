import Foundation
import TestSupport

/// The schema as its file has it.
struct Schema {
  private let text: String

  init() throws { text = try String(contentsOfFile: "\(Package.folder)/proto/metrics.proto", encoding: .utf8) }

  /// The names of a message's fields, in the order of the file.
  func fields(of message: String) -> [String] {
    let body = text.split(separator: "message \(message) {\n").last?.prefix { $0 != "}" } ?? ""
    return body.split(separator: "\n").compactMap { line in
      line.firstMatch(of: #/^ {2}(?:optional|repeated) \w+ (\w+) = /#).map { String($0.1) }
    }
  }

  /// The number of a message's field; 0 if there is no such field.
  func number(of field: String, in message: String) -> Int {
    let body = text.split(separator: "message \(message) {\n").last?.prefix { $0 != "}" } ?? ""
    let number = body.split(separator: " \(field) = ").dropFirst().first?.prefix(while: \.isNumber)
    return number.flatMap { Int($0) } ?? 0
  }

  /// The comment above a message's field, in one line.
  func comment(of field: String, in message: String) -> String {
    let body = text.split(separator: "message \(message) {\n").last?.prefix { $0 != "}" } ?? ""
    var comment: [Substring] = []
    for line in body.split(separator: "\n") {
      if line.hasPrefix("  // ") {
        comment.append(line.dropFirst(5))
      } else if line.contains(" \(field) = ") {
        return comment.joined(separator: " ")
      } else {
        comment = []
      }
    }
    return ""
  }
}

/// This package in the file system.
enum Package {
  static let folder = Files.packageFolder()

  static func text(_ file: String) throws -> String {
    try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
  }
}
