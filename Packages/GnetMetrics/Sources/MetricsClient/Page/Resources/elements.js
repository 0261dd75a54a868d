/** Creates an element with attributes and children. Text stays text: no markup of a server's gets into the page. */
function make(name, attributes = {}, ...children) {
  const isSVG = ["svg", "path", "line"].includes(name);
  const element = isSVG ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Changes the text of an element only where it differs, which leaves a selection alone. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Changes an attribute only where it differs. */
function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}
