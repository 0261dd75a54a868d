/// The arguments of a command as COMMAND DOCS tells them, parsed from the notation of manual pages.
///
/// `word` is an argument, `word:type` an argument other than a string, `WORD` a literal, `WORD word` an argument behind
/// a literal. `[...]` is optional, `{...}` a group, `|` separates alternatives, and `...` stands behind repeated
/// arguments.
struct Syntax {
  var name = ""
  var type = "string"
  var token: String?
  var isOptional = false
  var isMultiple = false
  var members: [Syntax] = []

  /// The arguments described by a text in this notation.
  static func items(of text: String) -> [Syntax] {
    var rest = Substring(text)
    return sequence(&rest)
  }

  /// Parses up to a closing bracket or a bar, and leaves it.
  private static func sequence(_ rest: inout Substring) -> [Syntax] {
    var items: [Syntax] = []
    while true {
      while rest.first == " " { rest.removeFirst() }
      guard let first = rest.first, !"]}|".contains(first) else { return items }
      var item = first == "[" || first == "{" ? group(&rest) : word(&rest)
      if rest.hasPrefix("...") {
        rest.removeFirst(3)
        item.isMultiple = true
      }
      if let last = items.last, last.type == "pure-token", item.type != "pure-token", item.token == nil,
        !item.isOptional
      {
        item.token = last.token
        if item.members.isEmpty == false { item.name = last.name }
        items.removeLast()
      }
      items.append(item)
    }
  }

  private static func word(_ rest: inout Substring) -> Syntax {
    var text = rest.prefix { !" []{}|".contains($0) }
    if text.hasSuffix("...") { text.removeLast(3) }
    rest.removeFirst(text.count)
    if text == text.uppercased() { return Syntax(name: text.lowercased(), type: "pure-token", token: String(text)) }
    let parts = text.split(separator: ":").map(String.init)
    let type = parts.count > 1 ? parts[1] : ["key", "pattern"].contains(parts[0]) ? parts[0] : "string"
    return Syntax(name: parts[0], type: type)
  }

  private static func group(_ rest: inout Substring) -> Syntax {
    let isOptional = rest.removeFirst() == "["
    var alternatives = [sequence(&rest)]
    while rest.first == "|" {
      rest.removeFirst()
      alternatives.append(sequence(&rest))
    }
    if !rest.isEmpty { rest.removeFirst() }
    let members = alternatives.map(block)
    var item = members.count == 1 ? members[0] : Syntax(name: names(members), type: "oneof", members: members)
    item.isOptional = isOptional
    return item
  }

  /// A group of several arguments.
  private static func block(_ items: [Syntax]) -> Syntax {
    items.count == 1 ? items[0] : Syntax(name: names(items), type: "block", members: items)
  }

  private static func names(_ items: [Syntax]) -> String { items.map(\.name).joined(separator: "_") }

  func write(to reply: inout ReplyBuffer) {
    let flags = (isOptional ? ["optional"] : []) + (isMultiple ? ["multiple"] : [])
    let isKey = type == "key"
    reply.map(2 + (isKey ? 1 : 0) + (token == nil ? 0 : 1) + (flags.isEmpty ? 0 : 1) + (members.isEmpty ? 0 : 1))
    reply.bulk("name")
    reply.bulk(name)
    reply.bulk("type")
    reply.bulk(type)
    if isKey {
      reply.bulk("key_spec_index")
      reply.integer(0)
    }
    if let token {
      reply.bulk("token")
      reply.bulk(token)
    }
    if !flags.isEmpty {
      reply.bulk("flags")
      reply.set(flags.count)
      for flag in flags { reply.status(flag) }
    }
    if !members.isEmpty {
      reply.bulk("arguments")
      reply.array(members.count)
      for member in members { member.write(to: &reply) }
    }
  }
}
