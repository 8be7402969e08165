/** JSON as the formatter of this repository leaves it: lists of plain values on one line. */
export function jsonText(value: unknown): string {
  return `${render(value, '')}\n`;
}

const LINE = 110;

/** @param before characters of its line that stand before the value */
function render(value: unknown, indent: string, before = indent.length): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => render(item, inner));
    const line = `[${items.join(', ')}]`;
    const isPlain = value.every((item) => typeof item !== 'object');
    if (isPlain && before + line.length + ','.length <= LINE) return line;
    return items.length === 0 ? '[]' : `[\n${items.map((item) => inner + item).join(',\n')}\n${indent}]`;
  }
  const pairs = Object.entries(value).filter(([, item]) => item !== undefined);
  if (pairs.length === 0) return '{}';
  const lines = pairs.map(([key, item]) => {
    const start = `${inner}${JSON.stringify(key)}: `;
    return start + render(item, inner, start.length);
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
