/**
 * A table with a row per thing and a column per quantity, which is updated in place.
 *
 * Each of `columns` has a `title`, perhaps a longer `meaning`, the `kind` "text" or "bytes" where that is the value, and a
 * function `value` from a row's subject to a quantity, to text, or to `null`. Its function `bar`, where there is one, tells
 * the part of a whole to show as a bar.
 */
class Table {
  constructor(caption, rowTitle, columns) {
    this.columns = columns;
    this.body = make("tbody");
    const heads = columns.map(({ title, meaning, kind }) =>
      make("th", { scope: "col", class: kind ?? "" }, meaning ? make("abbr", { title: meaning }, title) : title));
    this.element = make(
      "div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
      make(
        "table", {}, make("caption", { class: "unseen" }, caption),
        make("thead", {}, make("tr", {}, make("th", { scope: "col" }, rowTitle), ...heads)), this.body));
  }

  /** Shows rows: each has the `title`, perhaps the `target` of a link, the `subject`, and a `kind` for its style. */
  update(rows) {
    while (this.body.childElementCount > rows.length) this.body.lastElementChild.remove();
    while (this.body.childElementCount < rows.length) this.body.append(this.makeRow());
    rows.forEach((row, index) => this.updateRow(this.body.children[index], row));
  }

  makeRow() {
    const cells = this.columns.map(({ kind }) =>
      make("td", { class: kind ?? "" }, make("span", { class: "digits" }), make("span", { class: "unit" })));
    return make("tr", {}, make("th", { scope: "row" }, make("a")), ...cells);
  }

  updateRow(element, { title, target, subject, kind }) {
    setAttribute(element, "class", kind ?? "");
    const [head, ...cells] = element.children;
    setText(head.firstElementChild, title);
    if (target) setAttribute(head.firstElementChild, "href", target);
    this.columns.forEach((column, index) => this.updateCell(cells[index], column, subject));
  }

  updateCell(cell, { value, bar, kind }, subject) {
    const quantity = value(subject) ?? "–";
    const isPlain = typeof quantity === "string";
    setText(cell.firstElementChild, isPlain ? quantity : quantity.digits);
    setText(cell.lastElementChild, isPlain ? "" : quantity.unit);
    cell.classList.toggle("zero", kind !== "text" && (isPlain || quantity.digits === "0"));
    if (bar) {
      const part = bar(subject);
      cell.classList.add("bar-cell");
      // A narrower bar would look like a border of the cell.
      cell.style.setProperty("--part", part < 0.02 ? "0" : String(part));
    }
  }
}
