// SVG by hand: elements as text, nothing more.

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string[] | string} [content]  elements, or text that is escaped
 */
export function element(name, attributes, content = []) {
  const list = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escape(String(value))}"`)
    .join('');
  const inner = typeof content === 'string' ? escape(content) : content.join('\n');
  return inner === '' ? `<${name}${list}/>` : `<${name}${list}>${inner}</${name}>`;
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
