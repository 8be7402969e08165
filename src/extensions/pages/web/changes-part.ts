import { readChanges, type SessionChanges } from '../../../core/acts/reading/read-changes.act.ts';
import type { ShownSession } from '../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { shellWord } from '../../../core/kernel/shell-quoted.ts';
import { counted } from '../../../core/kernel/text.ts';
import { handleOf } from '../../../core/session/layout/names.ts';
import { type Html, html } from '../html/html.ts';
import { changedLines } from '../html/iterations.ts';
import { diffTable, fileDiff } from './diff-part.ts';
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
${files.map((file) => fileLine(file, { key, isPlanned: !outsidePlan.includes(file.path) }))}
${fileCount > files.length && html`<p class="note">… and ${fileCount - files.length} more: ${command}</p>`}
${uncommitted.length > 0 && html`<h4>Not committed</h4><ul class="uncommitted">${uncommitted.slice(0, MAX_UNCOMMITTED).map((path) => html`<li><code dir="ltr">${path}</code></li>`)}</ul>`}
${uncommitted.length > MAX_UNCOMMITTED && html`<p class="note">… and ${uncommitted.length - MAX_UNCOMMITTED} more</p>`}`;
}

type ChangedFile = SessionChanges['stat']['files'][number];

function fileLine(
  { path, renamedFrom, insertions, deletions }: ChangedFile,
  { key, isPlanned }: { key: string; isPlanned: boolean },
): Html {
  const name = html`${renamedFrom !== undefined && html`<code>${renamedFrom}</code> → `}<code>${path}</code>`;
  const note = !isPlanned && html` <small class="attention">not in the plan</small>`;
  if (insertions === null || deletions === null)
    return html`<div class="file" dir="ltr">${name} <span class="stat">binary</span>${note}</div>
`;
  const id = fingerprint(path).slice(0, 12);
  const from = `/s/${key}/diff?as={as}&path=${encodeURIComponent(path)}`;
  return html`<details class="file" id="d-${id}" data-file="${path}"><summary dir="ltr" data-load="${from}" data-into="f-${id}">${name} <span class="stat">${changedLines(insertions, deletions)}</span>${note}</summary><div id="f-${id}"></div></details>
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
