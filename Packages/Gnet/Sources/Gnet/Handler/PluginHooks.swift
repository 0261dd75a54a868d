/// The hooks of a server's plugins as one call: looking into a list would cost more than the hooks.
struct PluginHooks: Sendable {
  private typealias Hook = @Sendable (inout Connection, Int) -> Void

  /// Whether there are any plugins.
  let exist: Bool
  private let preWriteHook: Hook

  init(_ plugins: [any Plugin]) {
    exist = !plugins.isEmpty
    // Neither by `map` nor by `reduce`, which would wrap each hook in two thunks.
    var all: Hook = { _, _ in }
    if let last = plugins.last { all = Self.hook(last) }
    for plugin in plugins.dropLast().reversed() { all = Self.chain(Self.hook(plugin), all) }
    preWriteHook = all
  }

  /// Calls `preWrite` of all plugins.
  @inline(__always)
  func preWrite(_ connection: inout Connection, _ byteCount: Int) { preWriteHook(&connection, byteCount) }

  private static func hook(_ plugin: some Plugin) -> Hook { { plugin.preWrite(&$0, byteCount: $1) } }

  private static func chain(_ first: @escaping Hook, _ second: @escaping Hook) -> Hook {
    {
      first(&$0, $1)
      second(&$0, $1)
    }
  }
}
