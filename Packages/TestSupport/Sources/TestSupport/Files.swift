/// Files and folders, for tests.
public enum Files {
  /// Whether there is anything at a path.
  public static func exists(_ path: String) -> Bool { isThere(path) }

  /// Whether there is a program at a path.
  public static func isExecutable(_ path: String) -> Bool { mayExecute(path) }

  /// Removes a file, a link, a socket or an empty folder.
  public static func remove(_ path: String) { TestSupport.remove(path) }

  /// Makes a file with a text, or replaces the text of an existing file.
  public static func write(_ text: String = "", to path: String) {
    precondition(TestSupport.write(Array(text.utf8), toFile: path), "cannot write \(path)")
  }

  /// The text of a file; `nil` when it cannot be opened.
  public static func text(_ path: String) -> String? { bytes(ofFile: path).map { String(decoding: $0, as: UTF8.self) } }

  /// The folder of the package whose tests call this.
  public static func packageFolder(_ file: String = #filePath) -> String {
    let parts = file.split(separator: "/", omittingEmptySubsequences: false)
    guard let tests = parts.lastIndex(of: "Tests") else { preconditionFailure("\(file) is in no folder of tests") }
    return parts[..<tests].joined(separator: "/")
  }

  /// The permissions of a file, the last nine bits of its mode; `nil` when there is none.
  public static func permissions(of path: String) -> Int? { mode(ofFile: path) }

  /// Makes a folder that is its owner's.
  public static func makeDirectory(_ path: String) { makeFolder(path) }

  /// Makes a symbolic link.
  public static func makeLink(_ path: String, to target: String) { makeSymbolicLink(path, to: target) }

  /// The working directory of the process.
  public static var workingDirectory: String {
    get { currentFolder }
    set { currentFolder = newValue }
  }

  /// A path in the temporary directory that is not in use, short enough for a socket.
  public static func temporaryPath() -> String { "/tmp/gnet-\(processNumber)-\(UInt32.random(in: 0 ... .max))" }
}
