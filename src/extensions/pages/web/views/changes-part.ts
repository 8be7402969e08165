import {
  pathInTree,
  readChanges,
  type SessionChanges,
} from '../../../../core/acts/reading/read-changes.act.ts';
import type { ShownSession } from '../../../../core/acts/reading/watch-sessions.act.ts';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { branchOfSession } from '../../../../core/caller/context/session-branch.ts';
import { READING_ERRORS } from '../../../../core/caller/errors/reading-errors.ts';
import { nextSteps } from '../../../../core/caller/facts/next-steps.ts';
import { isSamocodeError } from '../../../../core/kernel/errors.ts';
import { shellWord } from '../../../../core/kernel/shell-quoted.ts';
import { counted } from '../../../../core/kernel/text.ts';
import { commitOf } from '../../../../core/project/git/repository.ts';
import { diffPatch, diffStat, type FileChange } from '../../../../core/project/worktrees/changes.ts';
import { handleOf } from '../../../../core/session/layout/names.ts';
import { changedLines } from '../../html/figures.ts';
import { type Html, html } from '../../html/html.ts';
import type { Colouring } from '../diff/colouring.ts';
import { coloursOf, diffTable, fileDiff } from '../diff/diff-table.ts';
import { diffId, fileStat, fileTree } from '../diff/file-tree.ts';
import { sessionQuestion } from '../web-context.ts';

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

function fileLine(file: FileChange, { key, isPlanned }: { key: string; isPlanned: boolean }): Html {
  const { path, renamedFrom, insertions } = file;
  const id = diffId(path);
  const name = html`${renamedFrom !== undefined && html`<code>${renamedFrom}</code> → `}<code>${path}</code> ${fileStat(file, isPlanned)}`;
  if (insertions === null)
    return html`<div class="file" id="${id}" dir="ltr">${name}</div>
`;
  const names = new URLSearchParams({ path, ...(renamedFrom !== undefined && { from: renamedFrom }) });
  const address = `/s/${key}/diff?as={as}&${names}`;
  return html`<details class="file" id="${id}" data-file="${path}"><summary dir="ltr" data-load="${address}" data-into="${id}-lines">${name}</summary><div id="${id}-lines"></div></details>
`;
}

/**
 * The diff of one file, or, if it is too long for a page, the command that shows it.
 * @param from the name before a rename
 */
export async function diffPart(
  { session, path, from, isSide }: { session: ShownSession; path: string; from?: string; isSide: boolean },
  colouring: Colouring,
  context: ActionContext,
): Promise<Html> {
  const { view } = session;
  const own = await branchOfSession(view, context);
  if (own === undefined)
    throw READING_ERRORS.nothing_changed_yet({ session: view.folder, next: nextSteps(view) });
  const head = await commitOf(own.ref, own.git);
  if (head === undefined) throw READING_ERRORS.branch_gone({ session: view.folder, branch: own.branch });
  const names = from === undefined ? [path] : [path, from];
  const paths = await Promise.all(names.map(async (name) => await pathInTree(name, [])));
  const range = { ...own.git, base: own.baseCommit, head, paths };
  const [stat, { patch, truncated }] = await Promise.all([diffStat(range), diffPatch(range, MAX_CHARS)]);
  const at = stat.files.findIndex((file) => file.path === path);
  if (at === -1)
    return html`<p class="note">This file no longer differs: its change was undone, or it was renamed.</p>`;
  const diff = fileDiff({ text: patch, truncated }, at);
  if (diff !== undefined && !diff.isTooLong)
    return diffTable(diff, { isSide, colours: await coloursOf(diff, colouring) });
  const size = diff !== undefined && !truncated && ` (${counted(diff.lines.length, 'line')})`;
  return html`<p class="note">Too long to be shown here${size}. In a terminal: <code dir="ltr">samocode diff ${handleOf(view.folder)} ${shellWord(path)}</code></p>`;
}
