import { columnsOf } from './cut-to-columns.ts';

export interface Hanging {
  /** What stands before the first line, colours and all. */
  first: string;
  /** Blanks before every further line. */
  rest: number;
  columns: number;
}

/** A paragraph broken at words, its lines under each other; words longer than a line are left to the terminal. */
export function hanging(text: string, { first, rest, columns }: Hanging): string {
  const blanks = ' '.repeat(rest);
  const lines: string[] = [];
  let line = first;
  let used = columnsOf(first);
  let isFresh = true;
  for (const paragraph of text.trim().split('\n')) {
    for (const word of paragraph.split(/\s+/).filter(Boolean)) {
      const width = columnsOf(word);
      if (!isFresh && used + 1 + width > columns) {
        lines.push(line);
        line = blanks;
        used = rest;
        isFresh = true;
      }
      line += isFresh ? word : ` ${word}`;
      used += width + (isFresh ? 0 : 1);
      isFresh = false;
    }
    lines.push(line);
    line = blanks;
    used = rest;
    isFresh = true;
  }
  return lines.join('\n');
}
