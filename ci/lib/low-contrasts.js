// The texts of a page that have less contrast to their background than 4.5 to 1, the limit of WCAG 2, level AA.
(() => {
  const luminance = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const colour = (text) => text.match(/[\d.]+/g).map(Number);
  const ground = (element) => {
    if (!element) return [255, 255, 255];
    const parts = colour(getComputedStyle(element).backgroundColor);
    return parts.length === 4 && parts[3] === 0 ? ground(element.parentElement) : parts;
  };
  const isRead = (node) => node.data.trim() && !node.parentElement.closest("script, noscript, .unseen")
    && node.parentElement.checkVisibility();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    if (!isRead(texts.currentNode)) continue;
    const element = texts.currentNode.parentElement;
    const [a, b] = [colour(getComputedStyle(element).color), ground(element)].map(luminance);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`${texts.currentNode.data.trim()}: ${contrast.toFixed(2)}`);
  }
  return found;
})()
