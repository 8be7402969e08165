import { html as drawn, parse } from 'diff2html';
import { type Html, html, markup, type Part } from '../html/html.ts';
import { reviewedLines } from '../review/review-session.act.ts';

const MAX_LINES = 2000;
const MAX_CHARS = 400_000;
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
  const isTooLong = isCut || own.length > MAX_LINES || own.join('\n').length > MAX_CHARS;
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

/** The changed lines of a file as a table; lines that can be commented on have a button. */
export function diffTable({ name, lines }: FileDiff, { isSide }: { isSide: boolean }): Html {
  const first = lines.findIndex((line) => line.startsWith('@@ '));
  if (first === -1) return html`<pre dir="ltr">${lines.slice(1).join('\n')}</pre>`;
  const body = lines.slice(first).filter((line) => !line.startsWith('\\'));
  // diff2html needs no file names, so the header is fixed and cannot be misread.
  const patch = ['diff --git a/f b/f', '--- a/f', '+++ b/f', ...body.map((line) => line || ' ')].join('\n');
  const written = drawn(parse(patch.replaceAll(NOTE, NOTE_SIGN)), {
    outputFormat: isSide ? 'side-by-side' : 'line-by-line',
    drawFileList: false,
    maxLineLengthHighlight: MAX_COMPARED,
    rawTemplates: TEMPLATES,
  }).replaceAll(NOTE_SIGN, NOTE);
  const [left = [], right = []] = written.split(SIDE).map(rowsOf);
  const rows = left.map((row, at) => (isSide ? sideRow(row, right[at]) : unifiedRow(row)));
  return html`<table class="patch${isSide && ' side'}" dir="ltr" data-file="${name}"><colgroup>${isSide ? SIDE_COLUMNS : COLUMNS}</colgroup><tbody>${rows}</tbody></table>`;
}

interface Row {
  kind: 'hunk' | 'ins' | 'del' | 'same' | 'none';
  numbers: string;
  code: Html;
}

function rowsOf(side: string): Row[] {
  const rows = side.split(ROW).slice(0, -1);
  return rows.map((row) => {
    const [type = '', numbers = '', code = ''] = row.split(PIECE);
    return { kind: kindOf(type.trim()), numbers, code: markup(code.replace(/^&nbsp;/, ' ')) };
  });
}

function kindOf(type: string): Row['kind'] {
  if (type === 'hunk') return 'hunk';
  if (type.includes('d2h-ins')) return 'ins';
  if (type.includes('d2h-del')) return 'del';
  return type.includes('emptyplaceholder') ? 'none' : 'same';
}

function unifiedRow({ kind, numbers, code }: Row): Html {
  if (kind === 'hunk') return html`<tr class="hunk"><td colspan="3">${code}</td></tr>`;
  const [old = '', now = ''] = numbers.split(' ');
  const places = kind === 'del' ? [lineButton(old, '-'), ''] : [old, lineButton(now)];
  return html`<tr class="${kind}">${places.map((place) => html`<td class="at">${place}</td>`)}<td class="code">${code}</td></tr>
`;
}

function sideRow(left: Row, right: Row = left): Html {
  if (left.kind === 'hunk') return html`<tr class="hunk"><td colspan="4">${left.code}</td></tr>`;
  const old = left.kind === 'del' ? lineButton(left.numbers, '-') : left.numbers;
  const now = right.kind === 'none' ? '' : lineButton(right.numbers);
  const cells = (of: Row, number: Part) =>
    html`<td class="at ${of.kind}">${number}</td><td class="code ${of.kind}">${of.code}</td>`;
  return html`<tr>${cells(left, old)}${cells(right, now)}</tr>
`;
}

/** @param sign `-` for a removed line, whose number is the old one */
function lineButton(number: string, sign: '-' | '' = ''): Html {
  return html`<button type="button" data-line="${sign}${number}" aria-label="Comment on ${sign && 'removed '}line ${number}">${number}</button>`;
}
