/// This package.
public enum GnetMetricsPackage {
  /// The version of the package, as its file VERSION has it.
  public static let version = "0.1.0"
}
