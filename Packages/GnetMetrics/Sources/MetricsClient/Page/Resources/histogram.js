/**
 * Bars for the parts of values in each bucket.
 *
 * `definition` has the `title`, the `name` in the schema, the function `quantity` of a bound, and `noun` for the values.
 */
class Histogram {
  constructor(definition) {
    this.definition = definition;
    this.bars = make("div", { class: "bars", role: "img" });
    this.bounds = make("div", { class: "bounds", "aria-hidden": "true" });
    this.half = make("span", { class: "value" });
    this.most = make("span", { class: "value" });
    const figure = (label, value) => make("span", { class: "figure" }, make("span", { class: "label" }, label), value);
    const figures = [figure("half up to", this.half), figure("99 % up to", this.most)];
    this.element = make(
      "figure", { class: "histogram" },
      make("figcaption", {}, make("h3", {}, definition.title), make("p", { class: "figures" }, ...figures)),
      this.bars, this.bounds);
  }

  /** Draws the counts of the buckets, whose greatest values but the last are `bounds`. */
  draw(bounds, counts) {
    if (this.bars.childElementCount !== counts.length) this.layOut(bounds, counts.length);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const largest = Math.max(1, ...counts);
    counts.forEach((count, index) => {
      const column = this.bars.children[index];
      column.firstElementChild.style.height = `${(100 * count) / largest}%`;
      setAttribute(column, "title", `${this.bucketText(bounds, index)}: ${text(share(total === 0 ? 0 : count / total))}`);
    });
    setText(this.half, this.boundText(quantileBound(bounds, counts, 0.5)));
    setText(this.most, this.boundText(quantileBound(bounds, counts, 0.99)));
    const { title, noun } = this.definition;
    const summary = `half up to ${this.half.textContent}, 99 % up to ${this.most.textContent}`;
    setAttribute(this.bars, "aria-label", total === 0 ? `${title}: no ${noun}` : `${title}: ${summary}`);
  }

  layOut(bounds, bucketCount) {
    this.bars.replaceChildren();
    this.bounds.replaceChildren();
    for (let index = 0; index < bucketCount; index += 1) {
      this.bars.append(make("div", {}, make("div", { class: "bar" })));
      const label = index < bounds.length ? roundText(this.definition.quantity(bounds[index])) : "more";
      this.bounds.append(make("span", {}, label));
    }
  }

  bucketText(bounds, index) {
    const { quantity } = this.definition;
    if (index === bounds.length) return `more than ${roundText(quantity(bounds[index - 1]))}`;
    return `${index === 0 ? "" : `${roundText(quantity(bounds[index - 1]))} to `}${roundText(quantity(bounds[index]))}`;
  }

  boundText(bound) {
    if (bound === null) return "–";
    return bound === Infinity ? "more" : roundText(this.definition.quantity(bound));
  }
}
