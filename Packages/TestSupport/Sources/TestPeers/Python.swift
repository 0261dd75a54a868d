/// Pythons with a module, for peers that others have written.
public enum Python {
  /// The Python of the system that has a module; `nil` if there is none.
  public static func installed(with module: String) -> String? {
    // The first in the path may be another one than the system's own.
    ["python3", "/usr/bin/python3"].first { hasModule($0, module) }
  }

  /// A Python with the newest version of a module from the package index, in a folder beside the tests; `nil` if there is none
  /// to be had.
  ///
  /// - Parameter package: the name in the index, if it is another one than that of the module.
  public static func current(with module: String, of package: String? = nil) -> String? {
    let folder = "\(Program.products)/python-\(module)"
    let python = "\(folder)/bin/python"
    if hasModule(python, module) { return python }
    let isInstalled = [
      ("python3", ["-m", "venv", "--clear", folder]),
      (python, ["-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "10", package ?? module]),
    ].allSatisfy { (try? Program($0.0, $0.1))?.exitCode() == 0 }
    return isInstalled ? python : nil
  }

  private static func hasModule(_ python: String, _ module: String) -> Bool {
    (try? Program(python, ["-c", "import \(module)"]))?.exitCode() == 0
  }
}
