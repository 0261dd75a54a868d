/// The package's version.
public enum GnetMetricsPackage {
  /// The semantic version, the same as in the file VERSION.
  public static let version = "0.2.0"
}
