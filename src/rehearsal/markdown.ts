/** `text` with the value of a `Name: value` line replaced, added under `## Status` when it is missing. */
export function withStatusLine(text: string, name: string, value: string): string {
  const line = new RegExp(`^${name}:.*?(\\r?)$`, 'm');
  if (line.test(text)) return text.replace(line, (_all, cr: string) => `${name}: ${value}${cr}`);
  return withListLine(text, 'Status', `${name}: ${value}`);
}

/** `text` with `line` as the last one of the section `## heading`, which is added when it is missing. */
export function withListLine(text: string, heading: string, line: string): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(eol);
  const start = lines.findIndex((one) => one.trim() === `## ${heading}`);
  if (start < 0) return `${text.replace(/[\r\n]+$/, '')}${eol}${eol}## ${heading}${eol}${line}${eol}`;
  const next = lines.findIndex((one, at) => at > start && /^#{1,2} /.test(one));
  const end = next < 0 ? lines.length : next;
  let last = end - 1;
  while (last > start && lines[last]?.trim() === '') last--;
  if (last > start && lines[last]?.trim() === '(none yet)') lines.splice(last, 1, line);
  else lines.splice(last + 1, 0, line);
  const changed = lines.join(eol);
  return changed.endsWith(eol) ? changed : `${changed}${eol}`;
}

/** The body of `## heading`, trimmed; empty when it is missing. */
export function sectionOf(text: string, heading: string): string {
  const lines = text.split(/\r?\n/);
  const start = lines.findIndex((line) => line.trim() === `## ${heading}`);
  if (start < 0) return '';
  const next = lines.findIndex((line, at) => at > start && /^#{1,2} /.test(line));
  return lines
    .slice(start + 1, next < 0 ? undefined : next)
    .join('\n')
    .trim();
}

export function bullets(items: readonly string[]): string {
  return items.length === 0 ? '- none' : items.map((item) => `- ${item}`).join('\n');
}
