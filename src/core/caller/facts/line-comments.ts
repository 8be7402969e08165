import { compareLines } from '../../kernel/line-diff.ts';

/** A text that a person comments on line by line: a document, or a diff. */
export interface CommentedText {
  lines: readonly string[];
  /** The place of each line; undefined for a line of a diff before its first file. */
  places: readonly (LinePlace | undefined)[];
}

export interface LinePlace {
  file: string;
  /** Absent if the comment is about the whole file. */
  line?: number;
  /** The line was removed, and `line` is its old number. */
  isOld?: true;
  /** The old number of a line that stays. */
  old?: number;
}

export interface LineComment {
  /** The index of the line above the comment; -1 if it is about the whole text. */
  below: number;
  text: string;
}

/**
 * Finds the comments that a person wrote below lines of a text. Deleted lines are ignored; a changed line counts as a
 * comment below the line before it.
 */
export function commentsIn(shown: readonly string[], edited: string): LineComment[] {
  const lines = shown.map((line) => line.trimEnd());
  const known = new Set(lines);
  // Editors strip trailing spaces, and people put blank lines around their comments.
  const numbers = [...lines.keys()].filter((at) => lines[at] !== '');
  const now = edited.split(/\r?\n/).map((line) => line.trimEnd());
  const filled = [...now.keys()].filter((at) => now[at] !== '');
  const of = (all: readonly string[], some: readonly number[]) => some.map((at) => all[at] ?? '');
  const comments: LineComment[] = [];
  let [old, next, below] = [0, 0, -1];
  let isOpen = false;
  for (const { mark, text } of compareLines(of(lines, numbers), of(now, filled))) {
    if (mark !== '+') {
      if (mark === ' ') below = numbers[old] ?? -1;
      old += 1;
      isOpen &&= mark === '-';
    } else if (isOpen) {
      const last = comments.at(-1);
      const gap = now[(filled[next] ?? 0) - 1] === '' ? '\n\n' : '\n';
      if (last) last.text += gap + text;
    } else if (!known.has(text)) {
      comments.push({ below, text });
      isOpen = true;
    }
    if (mark !== '-') next += 1;
  }
  return comments;
}

export function documentLines(file: string, text: string): CommentedText {
  const lines = text.trimEnd().split('\n');
  return { lines, places: lines.map((_, at) => ({ file, line: at + 1 })) };
}

/** The lines of a git diff, each with its place in the file. */
export function diffLines(diff: string): CommentedText {
  const lines = diff.replace(/\n$/, '').split('\n');
  const places: (LinePlace | undefined)[] = [];
  let file: string | undefined;
  const at = { old: 0, now: 0 };
  const left = { old: 0, now: 0 };
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('\\')) {
      places.push(places.at(-1));
      continue;
    }
    if (left.old > 0 || left.now > 0) {
      const isOld = line.startsWith('-');
      const isNew = line.startsWith('+');
      const place = isOld ? { line: at.old, isOld } : { line: at.now, ...(!isNew && { old: at.old }) };
      places.push(file === undefined ? undefined : { file, ...place });
      for (const side of ['old', 'now'] as const) {
        if (side === 'old' ? isNew : isOld) continue;
        at[side] += 1;
        left[side] -= 1;
      }
      continue;
    }
    if (line.startsWith('diff --git ')) file = fileOf(lines, index);
    const [, old, olds = '1', now, nows = '1'] =
      /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (old !== undefined) {
      Object.assign(at, { old: Number(old), now: Number(now) });
      Object.assign(left, { old: Number(olds), now: Number(nows) });
    }
    places.push(file === undefined ? undefined : { file });
  }
  return { lines, places };
}

/** The name of the file whose part of a diff begins at `start`: the new name, unless the file was removed. */
function fileOf(lines: readonly string[], start: number): string | undefined {
  let end = start + 1;
  while (end < lines.length && !/^(?:diff --git |@@ )/.test(lines[end] ?? '')) end += 1;
  const head = lines.slice(start + 1, end);
  const named = (mark: RegExp) => head.map((line) => mark.exec(line)?.[1]).find(Boolean);
  return (
    named(/^\+\+\+ "?b\/(.*?)"?\t?$/) ??
    named(/^rename to (.*)$/) ??
    named(/^--- "?a\/(.*?)"?\t?$/) ??
    /^diff --git "?a\/(.*?)"? "?b\/\1"?$/.exec(lines[start] ?? '')?.[1]
  );
}

/**
 * Joins the comments into one message, each with its place and the quoted line.
 * @param now the current text: a line that moved gets its new place, and one that no longer exists is marked as changed
 */
export function commentsMessage(
  { lines, places }: CommentedText,
  comments: readonly LineComment[],
  now: CommentedText,
): { message: string; stale: number } {
  let stale = 0;
  const parts = comments.map(({ below, text }) => {
    const place = places[below];
    const line = lines[below];
    if (place === undefined || line === undefined) return text;
    const same = now.places.filter((each, at) => each?.file === place.file && now.lines[at] === line);
    const found = same.find((each) => each?.line === place.line) ?? (same.length === 1 ? same[0] : undefined);
    if (found === undefined) stale += 1;
    const { file, line: number, isOld } = found ?? place;
    const where = number === undefined ? file : `${file}:${number}`;
    const about = [isOld && 'removed line', found === undefined && 'this line has changed since'];
    const note = about.filter(Boolean).join('; ');
    return `${where}${note && ` (${note})`}\n> ${line}\n\n${text}`;
  });
  return { message: parts.join('\n\n'), stale };
}
