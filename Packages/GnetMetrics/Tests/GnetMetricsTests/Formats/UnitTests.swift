import Testing

@testable import MetricsClient

@Suite struct UnitTests {
  @Test(
    "counts have three digits and a unit",
    arguments: [
      (0, "0"), (999, "999"), (1000, "1 k"), (1234, "1.23 k"), (99_960, "100 k"), (999_499, "999 k"),
      (999_500, "1 M"), (UInt64.max, "18.4 E"),
    ] as [(UInt64, String)])
  func counts(value: UInt64, text: String) { #expect(HumanUnits.count(value) == text) }

  @Test(
    "bytes have three digits and a binary unit",
    arguments: [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (1 << 30, "1 GiB")]
      as [(UInt64, String)])
  func bytes(value: UInt64, text: String) { #expect(HumanUnits.bytes(value) == text) }

  @Test(
    "times have the unit that suits them",
    arguments: [
      (0, "0 ns"), (50_000, "50 us"), (2_500_000, "2.5 ms"), (12_300_000_000, "12.3 s"), (303_000_000_000, "5 min 3 s"),
      (7_500_000_000_000, "2 h 5 min"), (273_600_000_000_000, "3 d 4 h"),
    ] as [(UInt64, String)])
  func times(nanoseconds: UInt64, text: String) { #expect(HumanUnits.time(nanoseconds: nanoseconds) == text) }

  @Test(
    "nanoseconds become seconds without loss",
    arguments: [
      (0, "0"), (1, "0.000000001"), (1_500_000_000, "1.5"), (1_795_492_629_837_310_996, "1795492629.837310996"),
      (UInt64.max, "18446744073.709551615"),
    ] as [(UInt64, String)])
  func seconds(nanoseconds: UInt64, text: String) { #expect(PrometheusFormat.seconds(nanoseconds) == text) }
}
