"""Bar charts in SVG, for light and dark pages."""

from html import escape

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .note { fill: #57606a; font-size: 12px }
  .user { fill: #8c959f } .system { fill: #d0d7de }
  .ours .user { fill: #f05138 } .ours .system { fill: #f7a99c }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #8d96a0 }
    .user { fill: #6e7681 } .system { fill: #30363d }
    .ours .system { fill: #8a3a2c }
  }
"""
WIDTH, LABEL, BAR, ROW = 760, 170, 400, 24


def chart(title, groups):
    """`groups`: a title and its rows (label, is_ours, parts, text) each. Bars are to scale within their group."""
    parts, y = [], 52
    for heading, rows in groups:
        if not rows:
            continue
        parts.append(f'<text class="title" x="0" y="{y}">{escape(heading)}</text>')
        y += 12
        longest = max(sum(values) for _, _, values, _ in rows) or 1
        for label, is_ours, values, text in rows:
            parts.append(f'<g class="{"ours" if is_ours else "peer"}">')
            parts.append(f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>')
            x = LABEL
            for name, value in zip(("user", "system"), values):
                width = BAR * value / longest
                parts.append(f'<rect class="{name}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="17" rx="2"/>')
                x += width
            parts.append(f'<text class="note" x="{x + 8:.1f}" y="{y + 13}">{escape(text)}</text></g>')
            y += ROW
        y += 22
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img">'
    note = f'<text class="note" x="0" y="20">{escape(title)}</text>'
    return "\n".join([head, f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>", note, *parts, "</svg>", ""])
