import type { CommentedText } from '../../../../core/caller/facts/line-comments.ts';
import { escapedMarkup } from '../../../../core/kernel/text.ts';
import { type Html, html, markup, type Part } from '../../html/html.ts';
import { reviewedLines } from '../../review/review-session.act.ts';
import type { Colouring } from './colouring.ts';
import type { Token } from './colours/tokens-of.ts';

const MAX_LINES = 2000;
const MAX_DIFF_CHARS = 400_000;
/** In a longer line, what lies between its first and its last difference says little. */
const MAX_MARKED = 200;

export interface FileDiff extends CommentedText {
  /** The file's name in comments on the diff. */
  name: string;
  isTooLong: boolean;
}

/** @param at the index among the changed files; git prints counts and diffs in the same order */
export function fileDiff(diff: { text: string; truncated: boolean }, at: number): FileDiff | undefined {
  const { lines, places } = reviewedLines(diff.text);
  // Only header lines can begin with "diff"; content lines begin with a sign or a space.
  const starts = [...lines.keys()].filter((index) => lines[index]?.startsWith('diff --git '));
  const start = starts[at];
  if (start === undefined) return undefined;
  // A file that has become a link has two, its removal and what it is now.
  const end = starts.slice(at + 1).find((next) => places[next]?.file !== places[start]?.file);
  const own = { lines: lines.slice(start, end), places: places.slice(start, end) };
  const isCut = end === undefined && diff.truncated;
  const isTooLong = isCut || own.lines.length > MAX_LINES || own.lines.join('\n').length > MAX_DIFF_CHARS;
  return { ...own, name: places[start]?.file ?? '', isTooLong };
}

/** A line on one side of a hunk. */
interface Line {
  kind: 'ins' | 'del' | 'same';
  /** With its sign. */
  text: string;
  /** As in comments: below zero on the old side. */
  number: number;
}

/** What is side by side; `hunk` is the line above a hunk, alone. */
interface Row {
  hunk?: string;
  old?: Line;
  now?: Line;
}

/** The tokens of each line, by its number. */
export type LineColours = ReadonlyMap<number, readonly Token[]>;
type CodeOf = (line: Line) => Html;

const COLUMNS = html`<col class="at"><col class="at"><col>`;
const SIDE_COLUMNS = html`<col class="at"><col><col class="at"><col>`;

/** The changed lines of a file as a table; lines that can be commented on have a button. */
export function diffTable(
  diff: FileDiff,
  { isSide, colours }: { isSide: boolean; colours: LineColours },
): Html {
  const pairs = rowsOf(diff);
  if (pairs.length === 0) return html`<pre dir="ltr">${diff.lines.slice(1).join('\n')}</pre>`;
  const marks = new Map(pairs.flatMap(marksIn));
  const codeOf: CodeOf = (line) => code(line, marks.get(line.number), colours.get(line.number));
  const rows = isSide
    ? pairs.map((row) => sideRow(row, codeOf))
    : rowsOf(diff, false).map((row) => unifiedRow(row, codeOf));
  return html`<table class="patch${isSide && ' side'}" dir="ltr" data-file="${diff.name}"><colgroup>${isSide ? SIDE_COLUMNS : COLUMNS}</colgroup><tbody>${rows}</tbody></table>`;
}

/** The rows of all hunks; none if only the file's mode has changed. Without pairs, each changed line has its own. */
function rowsOf({ lines, places }: FileDiff, inPairs = true): Row[] {
  const first = lines.findIndex((line) => line.startsWith('@@ '));
  if (first === -1) return [];
  const rows: Row[] = [];
  // The first added line of a block is beside the first removed one, and so on.
  let beside = 0;
  for (const [at, text] of lines.entries()) {
    if (at < first || text.startsWith('\\')) continue;
    const { line, old, isOld } = places[at] ?? {};
    if (line !== undefined && old === undefined && !isOld) {
      rows[beside] = { ...rows[beside], now: { kind: 'ins', text, number: line } };
      beside += 1;
      continue;
    }
    if (line === undefined) rows.push({ hunk: text });
    else if (old === undefined) rows.push({ old: { kind: 'del', text, number: -line } });
    else
      rows.push({
        old: { kind: 'same', text, number: -old },
        now: { kind: 'same', text, number: line },
      });
    if (!isOld || !inPairs) beside = rows.length;
  }
  return rows;
}

/** Colours both sides of each hunk as a text; what lies between two hunks could begin or end a string. */
export async function coloursOf(
  diff: FileDiff,
  colouring: Pick<Colouring, 'tokensOf'>,
): Promise<LineColours> {
  const sides: Line[][] = [];
  for (const { hunk, old, now } of rowsOf(diff)) {
    if (hunk !== undefined) sides.push([], []);
    if (old) sides.at(-2)?.push(old);
    if (now) sides.at(-1)?.push(now);
  }
  const texts = sides.map((side) => side.map(({ text }) => text.slice(1)).join('\n'));
  const found = await colouring.tokensOf(diff.name, texts);
  return new Map(
    sides.flatMap((side, at) => side.map(({ number }, line) => [number, found[at]?.[line] ?? []])),
  );
}

type Mark = readonly [from: number, to: number];

/** The words between those with which the lines of a row begin and end alike. */
function marksIn({ old, now }: Row): [number: number, mark: Mark][] {
  if (!old || !now || old.kind === 'same') return [];
  if (Math.max(old.text.length, now.text.length) > MAX_MARKED) return [];
  const [olds, nows] = [wordsOf(old), wordsOf(now)];
  const shorter = Math.min(olds.length, nows.length);
  let [before, after] = [0, 0];
  while (before < shorter && olds[before] === nows[before]) before += 1;
  while (before + after < shorter && olds.at(-1 - after) === nows.at(-1 - after)) after += 1;
  const markIn = (words: readonly string[]): Mark => {
    const [start, marked] = [words.slice(0, before), words.slice(before, words.length - after)];
    return [start.join('').length + 1, start.concat(marked).join('').length + 1];
  };
  return [
    [old.number, markIn(olds)],
    [now.number, markIn(nows)],
  ];
}

/** Words, runs of blanks, and each other character separately. */
function wordsOf({ text }: Line): string[] {
  return text.slice(1).match(/[\p{L}\p{M}\p{N}_]+|\s+|./gu) ?? [];
}

function unifiedRow({ hunk, old, now }: Row, codeOf: CodeOf): Html {
  const line = now ?? old;
  if (!line) return html`<tr class="hunk"><td colspan="3">${shown(hunk ?? '')}</td></tr>`;
  return html`<tr class="${line.kind}">${[old, now].map((each) => html`<td class="at">${place(each)}</td>`)}<td class="code">${codeOf(line)}</td></tr>
`;
}

function sideRow({ hunk, old, now }: Row, codeOf: CodeOf): Html {
  if (hunk !== undefined) return html`<tr class="hunk"><td colspan="4">${shown(hunk)}</td></tr>`;
  const cells = [old, now].map((line) => {
    const kind = line?.kind ?? 'none';
    return html`<td class="at ${kind}">${place(line)}</td><td class="code ${kind}">${line && codeOf(line)}</td>`;
  });
  return html`<tr>${cells}</tr>
`;
}

/** A line that stays takes its comments on the new side. */
function place(line: Line | undefined): Part {
  if (line === undefined) return '';
  const count = Math.abs(line.number);
  if (line.kind === 'same' && line.number < 0) return count;
  return html`<button type="button" data-line="${line.number}" aria-label="Comment on ${line.kind === 'del' && 'removed '}line ${count}">${count}</button>`;
}

/** A line with what differs in it marked, and its tokens coloured. */
function code({ kind, text }: Line, [from, to]: Mark = [0, 0], tokens: readonly Token[] = []): Html {
  const part = (start: number, end?: number) =>
    coloured(text.slice(start, end), { start: start - 1, tokens });
  if (from === to) return part(0);
  const marked = kind === 'del' ? html`<del>${part(from, to)}</del>` : html`<ins>${part(from, to)}</ins>`;
  return html`${part(0, from)}${marked}${part(to)}`;
}

/** @param start the place of the text in its line, without the sign, as tokens count */
function coloured(text: string, { start, tokens }: { start: number; tokens: readonly Token[] }): Html {
  let done = 0;
  const parts: Html[] = [];
  for (const [from, to, kind] of tokens) {
    const [begin, end] = [Math.max(from - start, done), Math.min(to - start, text.length)];
    if (begin >= end) continue;
    parts.push(
      shown(text.slice(done, begin)),
      html`<span class="t-${kind}">${shown(text.slice(begin, end))}</span>`,
    );
    done = end;
  }
  return html`${parts}${shown(text.slice(done))}`;
}

/** The lines show hidden characters already. A part of one can begin inside an emoji, which the tag would not know. */
function shown(text: string): Html {
  return markup(escapedMarkup(text));
}
