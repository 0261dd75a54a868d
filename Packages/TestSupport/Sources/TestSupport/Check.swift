public import Testing

/// Fails the test where a condition does not hold: `#expect` at little cost, for loops over many cases.
///
/// - Parameter subject: The failure in words, made only where there is one.
public func check(
  _ condition: Bool, _ subject: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation
) {
  if !condition { Issue.record("\(subject())", sourceLocation: sourceLocation) }
}

/// Whether the tests run under a sanitizer: memory costs more then, and time too.
public let isSanitized = isLoaded("__tsan_init") || isLoaded("__asan_init")
