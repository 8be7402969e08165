/** One page of the reference that is made from code. */
export interface Page {
  /** Path below the project's folder. */
  path: string;
  render(): string;
}

/** A Markdown table; cells may hold Markdown, pipes are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `words` as code, separated by commas; a dash for none. */
export function codes(words: readonly string[]): string {
  return words.length === 0 ? '–' : words.map((word) => `\`${word}\``).join(', ');
}
