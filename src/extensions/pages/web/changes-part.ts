import { html as drawn, parse } from 'diff2html';
import { readChanges, type SessionChanges } from '../../../core/acts/reading/read-changes.act.ts';
import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { shellWord } from '../../../core/kernel/shell-quoted.ts';
import { counted } from '../../../core/kernel/text.ts';
import { handleOf } from '../../../core/session/layout/names.ts';
import { type Html, html, markup, type Part } from '../html/html.ts';
import { changedLines } from '../html/iterations.ts';
import { reviewedLines } from '../review/review-session.act.ts';
import { type ChangedFile, diffId, fileStat, fileTree } from './diff/file-tree.ts';
import { sessionQuestion } from './web-context.ts';

const MAX_UNCOMMITTED = 50;
/** The same limit as in a review, because comments are compared with the diff that it reads. */
const MAX_CHARS = 4_000_000;

/** The list of files that the session has changed; a file's diff is read when the person opens it. */
export async function changesPart(
  { session, key }: { session: ShownSession; key: string },
  context: ActionContext,
): Promise<Html> {
  try {
    return changesList(await readChanges(sessionQuestion(session), context), key);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return html`<p class="note">${error.why}</p>`;
  }
}

function changesList({ view, stat, since, uncommitted, outsidePlan }: SessionChanges, key: string): Html {
  const { files, fileCount, insertions, deletions } = stat;
  const command = html`<code dir="ltr">samocode diff ${handleOf(view.folder)}</code>`;
  return html`<p class="sentence">${counted(fileCount, 'file')} ${changedLines(insertions, deletions)} since ${since}</p>
<div class="changed">${files.length > 1 && fileTree(files, outsidePlan)}<div class="files">
${files.map((file) => fileLine(file, { key, isPlanned: !outsidePlan.includes(file.path) }))}
${fileCount > files.length && html`<p class="note">… and ${fileCount - files.length} more: ${command}</p>`}
${uncommitted.length > 0 && html`<h3>Not committed</h3><ul class="uncommitted">${uncommitted.slice(0, MAX_UNCOMMITTED).map((path) => html`<li><code dir="ltr">${path}</code></li>`)}</ul>`}
${uncommitted.length > MAX_UNCOMMITTED && html`<p class="note">… and ${uncommitted.length - MAX_UNCOMMITTED} more</p>`}</div></div>`;
}

function fileLine(file: ChangedFile, { key, isPlanned }: { key: string; isPlanned: boolean }): Html {
  const { path, renamedFrom, insertions } = file;
  const id = diffId(path);
  const name = html`${renamedFrom !== undefined && html`<code>${renamedFrom}</code> → `}<code>${path}</code> ${fileStat(file, isPlanned)}`;
  if (insertions === null)
    return html`<div class="file" id="${id}" dir="ltr">${name}</div>
`;
  const from = `/s/${key}/diff?as={as}&path=${encodeURIComponent(path)}`;
  return html`<details class="file" id="${id}" data-file="${path}"><summary dir="ltr" data-load="${from}" data-into="${id}-lines">${name}</summary><div id="${id}-lines"></div></details>
`;
}

/** The diff of one file, or, if it is too long for a page, the command that shows it. */
export async function diffPart(
  { session, path, isSide }: { session: ShownSession; path: string; isSide: boolean },
  context: ActionContext,
): Promise<Html> {
  // Reads the diff of all files, because the diff of a single file does not show that it was renamed.
  const input = { ...sessionQuestion(session), path: '.', maxChars: MAX_CHARS };
  const { stat, patch = { text: '', truncated: false }, view } = await readChanges(input, context);
  const at = stat.files.findIndex((file) => file.path === path);
  if (at === -1)
    return html`<p class="note">This file no longer differs: its change was undone, or it was renamed.</p>`;
  const diff = fileDiff(patch, at);
  if (diff !== undefined && !diff.isTooLong) return diffTable(diff, { isSide });
  const size = diff !== undefined && !patch.truncated && ` (${counted(diff.lines.length, 'line')})`;
  return html`<p class="note">Too long to be shown here${size}. In a terminal: <code dir="ltr">samocode diff ${handleOf(view.folder)} ${shellWord(path)}</code></p>`;
}

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
