import { planContent } from './plan.ts';

export interface PlanChanges {
  /** What an approval covers and has changed: `- ` old, `+ ` new, two spaces for context; 200 lines at most. */
  lines: string[];
  /** Notes that stood in the approved plan are gone or altered; they may only grow. */
  notesShrank: boolean;
}

const MAX_LINES = 200;
const MAX_LINE_LENGTH = 300;
const CONTEXT = 2;
/** Cells of the comparison table; two larger texts are shown as one replaced by the other. */
const MAX_CELLS = 4_000_000;

/** What differs between an approved plan and the current one, boxes and completion lines aside. */
export function planChanges(approvedText: string, currentText: string): PlanChanges {
  const approved = planContent(approvedText);
  const current = planContent(currentText);
  const notesShrank = !approved.notes.every((line, at) => current.notes[at] === line);
  return { lines: bounded(withContext(compareLines(approved.lines, current.lines))), notesShrank };
}

interface DiffLine {
  mark: ' ' | '-' | '+';
  text: string;
}

function compareLines(old: readonly string[], now: readonly string[]): DiffLine[] {
  const width = now.length + 1;
  if ((old.length + 1) * width > MAX_CELLS) return [...marked('-', old), ...marked('+', now)];
  // common[i * width + j]: lines that old from i and now from j share, in order.
  const common = new Uint16Array((old.length + 1) * width);
  const cell = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const isSame = old[i] === now[j];
      common[i * width + j] = isSame ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length && j < now.length) {
    if (old[i] === now[j]) {
      lines.push({ mark: ' ', text: old[i] ?? '' });
      i += 1;
      j += 1;
    } else if (cell(i + 1, j) >= cell(i, j + 1)) lines.push({ mark: '-', text: old[i++] ?? '' });
    else lines.push({ mark: '+', text: now[j++] ?? '' });
  }
  return [...lines, ...marked('-', old.slice(i)), ...marked('+', now.slice(j))];
}

/** Changed lines with a little of what stands around them; `…` where something was left out. */
function withContext(diff: readonly DiffLine[]): string[] {
  const isShown = new Uint8Array(diff.length);
  for (const [at, { mark }] of diff.entries()) {
    if (mark !== ' ') isShown.fill(1, Math.max(0, at - CONTEXT), at + CONTEXT + 1);
  }
  const lines: string[] = [];
  for (const [at, { mark, text }] of diff.entries()) {
    if (isShown[at] === 1) lines.push(cut(`${mark} ${text}`));
    else if (isShown[at - 1] === 1 && isShown.indexOf(1, at) !== -1) lines.push('…');
  }
  return lines;
}

function bounded(lines: string[]): string[] {
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES - 1), `… ${lines.length - MAX_LINES + 1} more lines`];
}

function cut(line: string): string {
  return line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line;
}

function marked(mark: DiffLine['mark'], lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ mark, text }));
}
