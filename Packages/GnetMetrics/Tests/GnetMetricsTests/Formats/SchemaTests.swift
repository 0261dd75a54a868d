import GnetMetrics
import Testing

@testable import MetricsClient

@Suite struct SchemaTests {
  @Test("every field says whether it only grows, and times say their unit")
  func comments() throws {
    let schema = try Schema()
    let fields = schema.fields(of: "LoopCounters")
    #expect(fields.count == 35)
    for field in fields {
      let comment = schema.comment(of: field, in: "LoopCounters")
      let says = ["Only grows.", "Goes up and down.", "Constant."].filter(comment.hasSuffix)
      #expect(says.count == 1, "\(field): \(comment)")
    }
    for field in fields where field.hasSuffix("_nanoseconds") || field.hasSuffix("_time") {
      #expect(schema.comment(of: field, in: "LoopCounters").lowercased().contains("nanoseconds"))
    }
  }

  @Test("VERSION, the code and the newest entry of the changelog agree")
  func version() throws {
    #expect(try Package.text("VERSION") == "\(GnetMetricsPackage.version)\n")
    #expect(try Package.text("CHANGELOG.md").contains("\n## [\(GnetMetricsPackage.version)] - "))
  }
}
