import { hanging } from '../rendering/columns.ts';
import { diffLine } from '../rendering/markdown.ts';
import { harmless, type Style } from '../terminal/style.ts';
import type { Peek, PeekKind } from './watch-model.ts';

/** What a peek was last broken into: its lines are the same for as long as it is. */
const broken = new WeakMap<Peek, { columns: number; lines: readonly string[] }>();

/** The lines of a peek as wide as the screen: those of a diff are cut by it, sentences go on below. */
export function peekLines(peek: Peek, kind: PeekKind, columns: number): readonly string[] {
  const known = broken.get(peek);
  if (known?.columns === columns) return known.lines;
  const plain = peek.lines.flatMap((line) => harmless(line).replaceAll('\t', '    ').split('\n'));
  // Bundled code has lines of megabytes: no frame is to look at more of one than a screen can show.
  const lines =
    kind === 'diff'
      ? plain.map((line) => line.slice(0, 8 * columns))
      : plain.flatMap((line) => foldLine(line, columns));
  broken.set(peek, { columns, lines });
  return lines;
}

function foldLine(line: string, columns: number): string[] {
  const [indent = ''] = /^ */.exec(line) ?? [];
  const first = indent.length < columns / 2 ? indent : '';
  return hanging(line, { first, columns }).split('\n');
}

interface PeekPlace {
  kind: PeekKind;
  columns: number;
  height: number;
  top: number | 'end';
  style: Style;
}

/** The lines that are seen of a peek. */
export function seenLines(peek: Peek, { kind, columns, height, top, style }: PeekPlace): string[] {
  const lines = peekLines(peek, kind, columns);
  const from = firstSeen(top, { count: lines.length, height });
  const seen = lines.slice(from, from + height);
  return kind === 'diff' ? seen.map((line) => diffLine(line, style)) : seen;
}

/** The first line that is seen, wherever the person meant to be. */
export function firstSeen(top: number | 'end', { count, height }: { count: number; height: number }): number {
  const last = Math.max(0, count - height);
  return top === 'end' ? last : Math.max(0, Math.min(top, last));
}
