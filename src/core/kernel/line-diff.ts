/** How far ahead a matching line is searched for; after more new lines, the rest is shown as replaced. */
const MAX_LOOKAHEAD = 500;

export interface DiffLine {
  mark: ' ' | '-' | '+';
  text: string;
}

/** A simple diff: where the texts differ, it takes the side whose next line appears sooner in the other one. */
export function compareLines(old: readonly string[], now: readonly string[]): DiffLine[] {
  const lines: DiffLine[] = [];
  const linesUntil = (line: string | undefined, side: readonly string[], from: number) => {
    const at = line === undefined ? -1 : side.slice(from, from + MAX_LOOKAHEAD).indexOf(line);
    return at === -1 ? MAX_LOOKAHEAD : at;
  };
  let i = 0;
  for (let j = 0; i < old.length || j < now.length; ) {
    const [before, after] = [old[i], now[j]];
    if (before !== undefined && before === after) {
      lines.push({ mark: ' ', text: before });
      i += 1;
      j += 1;
    } else if (before !== undefined && linesUntil(after, old, i) <= linesUntil(before, now, j)) {
      lines.push({ mark: '-', text: before });
      i += 1;
    } else {
      lines.push({ mark: '+', text: after ?? '' });
      j += 1;
    }
  }
  return lines;
}
