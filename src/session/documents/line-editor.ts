import { isBlank, type MarkdownLines, parseMarkdown } from './markdown-lines.ts';

/** Collects changes of lines; indexes are those of the text as it was. */
export interface LineEditor {
  replace(index: number, body: string): void;
  remove(index: number): void;
  /** Inserts lines before line `index` (the number of lines: at the end), after earlier insertions there. */
  insert(index: number, bodies: readonly string[]): void;
  /** Inserts a block before line `index`, set apart from its neighbours by blank lines. */
  insertBlock(index: number, bodies: readonly string[]): void;
}

/** The text with what `edit` changes in it, every other byte as it was. */
export function editMarkdown(text: string, edit: (doc: MarkdownLines, editor: LineEditor) => void): string {
  const doc = parseMarkdown(text);
  const { lines, eol } = doc;
  const replaced = new Map<number, string | undefined>();
  const inserted = new Map<number, string[]>();

  function insert(index: number, bodies: readonly string[]): void {
    const there = inserted.get(index) ?? [];
    for (const body of bodies) there.push(body);
    inserted.set(index, there);
  }

  function insertBlock(index: number, bodies: readonly string[]): void {
    const before = inserted.get(index)?.at(-1) ?? lines[index - 1] ?? '';
    if (!isBlank(before)) insert(index, ['']);
    insert(index, bodies);
    if (!isBlank(lines[index] ?? '')) insert(index, ['']);
  }

  edit(doc, {
    replace: (index, body) => replaced.set(index, body + endingOf(lines[index] ?? '')),
    remove: (index) => replaced.set(index, undefined),
    insert,
    insertBlock,
  });
  const out: string[] = [];
  const emit = (line: string) => {
    const last = out.length - 1;
    if (last >= 0 && !out[last]?.endsWith('\n')) out[last] += eol;
    out.push(line);
  };
  for (let index = 0; index <= lines.length; index += 1) {
    for (const body of inserted.get(index) ?? []) emit(body + eol);
    const line = replaced.has(index) ? replaced.get(index) : lines[index];
    if (line !== undefined) emit(line);
  }
  return doc.bom + out.join('');
}

function endingOf(line: string): string {
  if (line.endsWith('\r\n')) return '\r\n';
  return line.endsWith('\n') ? '\n' : '';
}
