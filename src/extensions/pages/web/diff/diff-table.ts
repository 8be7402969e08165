import { html as drawn, parse } from 'diff2html';
import { escapedMarkup } from '../../../../core/kernel/text.ts';
import { type Html, html, markup, type Part } from '../../html/html.ts';
import { reviewedLines } from '../../review/review-session.act.ts';
import type { Colouring } from './colouring.ts';
import type { Token } from './token-kinds.ts';

const MAX_LINES = 2000;
const MAX_DIFF_CHARS = 400_000;
/** Comparing words takes time quadratic in a line's length. */
const MAX_COMPARED = 200;

export interface FileDiff {
  /** The file's name in comments on the diff. */
  name: string;
  lines: readonly string[];
  isTooLong: boolean;
}

/** @param at the index among the changed files; git prints counts and diffs in the same order */
export function fileDiff(diff: { text: string; truncated: boolean }, at: number): FileDiff | undefined {
  const { lines, places } = reviewedLines(diff.text);
  // Only header lines can begin with "diff"; content lines begin with a sign or a space.
  const starts = [...lines.keys()].filter((index) => lines[index]?.startsWith('diff --git '));
  const [start, end] = starts.slice(at, at + 2);
  if (start === undefined) return undefined;
  const own = lines.slice(start, end);
  const isCut = end === undefined && diff.truncated;
  const isTooLong = isCut || own.length > MAX_LINES || own.join('\n').length > MAX_DIFF_CHARS;
  return { name: places[start]?.file ?? '', lines: own, isTooLong };
}

// The templates make diff2html emit only the pieces of each line, separated by characters that no shown text
// contains. The markup is added below.
const PIECE = '\u0001';
const ROW = '\u0002';
const SIDE = '\u0003';
const TEMPLATES = {
  'generic-wrapper': '{{{content}}}',
  'generic-block-header': `hunk${PIECE}${PIECE}{{{blockHeader}}}${ROW}`,
  'generic-line': `{{type}}${PIECE}{{{lineNumber}}}${PIECE}{{{prefix}}}{{{content}}}${ROW}`,
  'line-by-line-numbers': '{{oldNumber}} {{newNumber}}',
  'line-by-line-file-diff': '{{{diffs}}}',
  'side-by-side-file-diff': `{{{diffs.left}}}${SIDE}{{{diffs.right}}}`,
};
/** diff2html deletes these words wherever they occur, even in a line of code. */
const NOTE = '\\ No newline at end of file';
const NOTE_SIGN = '\u0004';

const COLUMNS = html`<col class="at"><col class="at"><col>`;
const SIDE_COLUMNS = html`<col class="at"><col><col class="at"><col>`;

/** The tokens of a line, by its number in comments: below zero for a line of the old side. */
export type LineColours = ReadonlyMap<number, readonly Token[]>;

/** The changed lines of a file as a table; lines that can be commented on have a button. */
export function diffTable(
  { name, lines }: FileDiff,
  { isSide, colours }: { isSide: boolean; colours: LineColours },
): Html {
  const patch = patchOf(lines);
  if (patch === undefined) return html`<pre dir="ltr">${lines.slice(1).join('\n')}</pre>`;
  const written = drawn(parse(patch), {
    outputFormat: isSide ? 'side-by-side' : 'line-by-line',
    drawFileList: false,
    maxLineLengthHighlight: MAX_COMPARED,
    rawTemplates: TEMPLATES,
  });
  const [left = [], right = []] = written.split(SIDE).map(rowsOf);
  const rows = left.map((row, at) =>
    isSide ? sideRow([row, right[at] ?? row], colours) : unifiedRow(row, colours),
  );
  return html`<table class="patch${isSide && ' side'}" dir="ltr" data-file="${name}"><colgroup>${isSide ? SIDE_COLUMNS : COLUMNS}</colgroup><tbody>${rows}</tbody></table>`;
}

/** The hunks as a patch for diff2html. Undefined if the file has none, as after a change of its mode. */
function patchOf(lines: readonly string[]): string | undefined {
  const first = lines.findIndex((line) => line.startsWith('@@ '));
  if (first === -1) return undefined;
  const body = lines.slice(first).filter((line) => !line.startsWith('\\'));
  // diff2html needs no file names, so the header is fixed and cannot be misread.
  const patch = ['diff --git a/f b/f', '--- a/f', '+++ b/f', ...body.map((line) => line || ' ')].join('\n');
  return patch.replaceAll(NOTE, NOTE_SIGN);
}

/** Colours both sides of each hunk as a text; what lies between two hunks could begin or end a string. */
export async function coloursOf(
  { name, lines }: FileDiff,
  colouring: Pick<Colouring, 'tokensOf'>,
): Promise<LineColours> {
  const sides = sidesOf(patchOf(lines) ?? '');
  const texts = sides.map((side) => side.map(({ text }) => text).join('\n'));
  const found = await colouring.tokensOf(name, texts);
  return new Map(
    sides.flatMap((side, at) => side.map(({ number }, line) => [number, found[at]?.[line] ?? []])),
  );
}

/** The lines of each side of each hunk without their signs, numbered as in comments. */
function sidesOf(patch: string): { number: number; text: string }[][] {
  const hunks = parse(patch).flatMap(({ blocks }) => blocks);
  return hunks.flatMap(({ lines }) => {
    const numbered = (numberOf: (line: (typeof lines)[number]) => number | undefined) =>
      lines.flatMap((line) => {
        const number = numberOf(line);
        return number === undefined ? [] : [{ number, text: withNote(line.content.slice(1)) }];
      });
    return [numbered(({ oldNumber }) => oldNumber && -oldNumber), numbered(({ newNumber }) => newNumber)];
  });
}

function withNote(text: string): string {
  return text.replaceAll(NOTE_SIGN, NOTE);
}

interface Row {
  kind: 'hunk' | 'ins' | 'del' | 'same' | 'none';
  numbers: string;
  /** The line with its sign, in pieces. */
  pieces: readonly Piece[];
}

/** A part of a line; `mark`: it is what differs from the line that replaces it, or that it replaces. */
interface Piece {
  text: string;
  mark?: 'ins' | 'del';
}

function rowsOf(side: string): Row[] {
  const rows = side.split(ROW).slice(0, -1);
  return rows.map((row) => {
    const [type = '', numbers = '', code = ''] = row.split(PIECE);
    return { kind: kindOf(type.trim()), numbers, pieces: piecesOf(code.replace(/^&nbsp;/, ' ')) };
  });
}

/** diff2html writes no other tags, and escapes the text. */
function piecesOf(code: string): Piece[] {
  return [...code.matchAll(/<(ins|del)>(.*?)<\/\1>|[^<]+/gs)].map(([all, mark, marked]) =>
    mark === undefined
      ? { text: unescaped(all) }
      : { text: unescaped(marked ?? ''), mark: mark as 'ins' | 'del' },
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x27;': "'",
  '&#x2F;': '/',
};

function unescaped(code: string): string {
  return withNote(code.replace(/&[^;]+;/g, (entity) => ENTITIES[entity] ?? entity));
}

function kindOf(type: string): Row['kind'] {
  if (type === 'hunk') return 'hunk';
  if (type.includes('d2h-ins')) return 'ins';
  if (type.includes('d2h-del')) return 'del';
  return type.includes('emptyplaceholder') ? 'none' : 'same';
}

function unifiedRow({ kind, numbers, pieces }: Row, colours: LineColours): Html {
  if (kind === 'hunk') return html`<tr class="hunk"><td colspan="3">${codeOf(pieces)}</td></tr>`;
  const [old = '', now = ''] = numbers.split(' ');
  const places = kind === 'del' ? [lineButton(old, '-'), ''] : [old, lineButton(now)];
  const tokens = colours.get(kind === 'del' ? -Number(old) : Number(now));
  return html`<tr class="${kind}">${places.map((place) => html`<td class="at">${place}</td>`)}<td class="code">${codeOf(pieces, tokens)}</td></tr>
`;
}

function sideRow([left, right]: readonly [Row, Row], colours: LineColours): Html {
  if (left.kind === 'hunk') return html`<tr class="hunk"><td colspan="4">${codeOf(left.pieces)}</td></tr>`;
  const old = left.kind === 'del' ? lineButton(left.numbers, '-') : left.numbers;
  const now = right.kind === 'none' ? '' : lineButton(right.numbers);
  const cells = ({ kind, pieces }: Row, place: Part, line: number) =>
    html`<td class="at ${kind}">${place}</td><td class="code ${kind}">${codeOf(pieces, colours.get(line))}</td>`;
  return html`<tr>${cells(left, old, -Number(left.numbers))}${cells(right, now, Number(right.numbers))}</tr>
`;
}

/** A line with what differs in it marked, and its tokens coloured. */
function codeOf(pieces: readonly Piece[], tokens: readonly Token[] = []): Html {
  // Tokens do not count the sign.
  let start = -1;
  const parts = pieces.map(({ text, mark }): Html => {
    const code = coloured(text, { start, tokens });
    start += text.length;
    return mark === undefined ? code : mark === 'ins' ? html`<ins>${code}</ins>` : html`<del>${code}</del>`;
  });
  return html`${parts}`;
}

/** @param start the place of the text in its line */
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

/** @param sign `-` for a removed line, whose number is the old one */
function lineButton(number: string, sign: '-' | '' = ''): Html {
  return html`<button type="button" data-line="${sign}${number}" aria-label="Comment on ${sign && 'removed '}line ${number}">${number}</button>`;
}
