internal import GnetHTTP

/// The page for people: one document with its style and its script, which loads nothing else.
///
/// The files are in the folder `Resources`, which is embedded into the program.
enum Page {
  /// The scripts in the order in which they build upon each other.
  private static let scripts = [
    PackageResources.units_js, PackageResources.counts_js, PackageResources.rates_js, PackageResources.history_js,
    PackageResources.elements_js, PackageResources.chart_js, PackageResources.histogram_js, PackageResources.table_js,
    PackageResources.server_js, PackageResources.page_js,
  ]

  /// The document, split where the nonce belongs.
  private static let parts: [Substring] = {
    let script = scripts.map(text).joined(separator: "\n")
    let document = text(PackageResources.page_html)
      .replacing("{{style}}", with: text(PackageResources.page_css))
      .replacing("{{script}}", with: script)
    return document.split(separator: "{{nonce}}", omittingEmptySubsequences: false)
  }()

  /// The page. Each answer has another nonce: a script that is injected into the page does not know it.
  static func response() -> Response {
    let nonce = Nonce().text
    let fields: HTTPFields = [
      .contentSecurityPolicy: policy(nonce), .xContentTypeOptions: "nosniff", .cacheControl: "no-store",
      HTTPField.Name("Referrer-Policy")!: "no-referrer",
    ]
    return Response(.ok, parts.joined(separator: nonce), type: "text/html; charset=utf-8", fields: fields)
  }

  /// The policy: the page's own style and script, events from the same origin, and the icon within the page.
  private static func policy(_ nonce: String) -> String {
    """
    default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; connect-src 'self'; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'
    """
  }

  private static func text(_ resource: [UInt8]) -> String { String(decoding: resource, as: UTF8.self) }
}

/// A number that is used once: 128 bits from the system's generator, in hexadecimal digits.
private struct Nonce {
  let text: String

  init() {
    var generator = SystemRandomNumberGenerator()
    text = (0..<16).map { _ in
      let byte = UInt8.random(in: 0 ... .max, using: &generator)
      return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
