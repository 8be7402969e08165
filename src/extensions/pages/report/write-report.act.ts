import { mkdir } from 'node:fs/promises';
import { dirname, extname, join, relative } from 'node:path';
import { listSessions, whoseSessions } from '../../../core/acts/reading/list-sessions.act.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../../core/caller/context/find-session.ts';
import { READING_ERRORS } from '../../../core/caller/errors/reading-errors.ts';
import type { WorkerReport } from '../../../core/caller/facts/worker-now.ts';
import { workerReport } from '../../../core/caller/facts/worker-report.ts';
import { isoUtc } from '../../../core/kernel/clock.ts';
import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { isSamocodeError, systemErrorCode } from '../../../core/kernel/errors.ts';
import { writeLightly } from '../../../core/kernel/files/atomic-file.ts';
import { statsAt } from '../../../core/kernel/files/path-stats.ts';
import { threeDigits } from '../../../core/kernel/files/stamps.ts';
import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import type { EventOf } from '../../../core/session/events/events.ts';
import type { SessionView } from '../../../core/session/events/session-view.ts';
import { nameWithoutDate } from '../../../core/session/layout/names.ts';
import { reportFolder, runRoot } from '../../../core/session/layout/paths.ts';
import { isFileError } from '../../../core/session/status.ts';
import { overviewPage } from '../html/overview-page.ts';
import type { SessionCard } from '../html/report-data.ts';
import { sessionPage } from '../html/session-page.ts';
import { pageOfTranscript } from '../html/transcript-page.ts';
import type { WholeTranscript } from './report-iterations.ts';
import { type CardQuestion, sessionCard } from './session-card.ts';
import { sessionReport } from './session-report.ts';

interface ReportRequest extends Pick<CardQuestion, 'wordsOf'> {
  /** Absolute; by default, a path in the session's run folder that workers ignore. */
  output?: string | undefined;
}

/** Writes the page of one session. */
export async function writeSessionReport(
  { output, wordsOf, ...question }: SessionQuestion & ReportRequest,
  context: ActionContext,
): Promise<{ session: string; path: string }> {
  const view = await findSession(question, context);
  if (view.isUnreadable) throw READING_ERRORS.no_report({ session: view.folder });
  const path = output ?? pagePath(view);
  await writePage(view, { worker: await workerReport(view, context), path, wordsOf }, context);
  return { session: view.folder, path };
}

/** The maximum number of pages; sessions further down the list get none. */
const MAX_PAGES = 50;

/**
 * Writes a page about the sessions of a project, or of all projects, and a page for each session.
 * @returns also the sessions whose page could not be written
 */
export async function writeOverviewReport(
  {
    output,
    wordsOf,
    ...input
  }: ReportRequest & { projectDir?: string | undefined; allProjects?: boolean | undefined },
  context: ActionContext,
): Promise<{ path: string; sessions: string[]; withoutPage?: string[] }> {
  const list = await listSessions(input, context);
  const [first] = list.places;
  const path = output ?? join(reportFolder(runRoot(first?.sessionsDir ?? context.cwd)), 'sessions.html');
  const cards: SessionCard[] = [];
  const withoutPage: string[] = [];
  let pages = 0;
  for (const view of list.sessions) {
    // The list contains a report for every session.
    const worker = list.workers.get(view) as WorkerReport;
    const page = pagePath(view);
    const wantsPage = !view.isUnreadable && pages < MAX_PAGES;
    const { card } = await sessionCard({ view, worker, wordsOf }, context);
    if (wantsPage) pages += 1;
    const write = async () => await writePage(view, { worker, path: page, wordsOf }, context);
    const hasPage = wantsPage && (isUpToDate(view, page) || (await succeeds(write)));
    if (wantsPage && !hasPage) withoutPage.push(view.folder);
    cards.push({ ...card, page: hasPage ? linkTo(path, page) : undefined });
  }
  const madeAt = isoUtc(context.clock.now());
  const scope = whoseSessions(list, input) ?? scopeWords(list.places.length, input.allProjects);
  await writeText(path, overviewPage({ cards, scope, madeAt, version: __VERSION__ }));
  const sessions = list.sessions.map(({ folder }) => folder);
  return { path, sessions, ...(withoutPage.length > 0 && { withoutPage }) };
}

/** Returns false if a session's files cannot be read or written, so that the other sessions get their pages. */
async function succeeds(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isSamocodeError(error) || isFileError(error)) return false;
    throw error;
  }
}

/** True if the session has ended and its page is newer than its last event, as in most rows of a list. */
function isUpToDate({ state, paths }: SessionView, page: string): boolean {
  const { kind } = state.status;
  if (kind !== 'done' && kind !== 'stopped') return false;
  const [made, changed] = [statsAt(page)?.mtimeMs ?? 0, statsAt(paths.events)?.mtimeMs ?? 0];
  return made > changed;
}

function scopeWords(places: number, isAll: boolean | undefined): string {
  if (!isAll) return 'The sessions of this project.';
  return places === 1
    ? 'The sessions of the only project on this machine.'
    : `The sessions of all ${places} projects on this machine.`;
}

function pagePath({ paths, folder }: SessionView): string {
  return join(reportFolder(paths.runDir), `${nameWithoutDate(folder)}.html`);
}

/** Writes the page of one session, and separate files for transcripts that are too long for it. */
async function writePage(
  view: SessionView,
  { worker, path, wordsOf }: { worker: WorkerReport; path: string; wordsOf: CardQuestion['wordsOf'] },
  context: ActionContext,
): Promise<void> {
  const folder = `${path.slice(0, path.length - extname(path).length)}-files`;
  const write = async (start: EventOf<'iteration_started'>, { entries, isCut, logPath }: WholeTranscript) => {
    const file = join(folder, `iteration-${threeDigits(start.iteration)}.html`);
    const page = pageOfTranscript({
      name: nameWithoutDate(view.folder),
      iteration: start.iteration,
      phase: start.phase,
      madeAt: isoUtc(context.clock.now()),
      version: __VERSION__,
      entries,
      page: linkTo(file, path),
      restIn: isCut ? logPath : undefined,
    });
    await writeText(file, page);
    return linkTo(path, file);
  };
  await writeText(path, sessionPage(await sessionReport({ view, worker, wordsOf }, { write }, context)));
}

/** Returns a relative link. Names may contain characters that have a meaning in URLs. */
function linkTo(from: string, to: string): string {
  const steps = relative(dirname(from), to).split('/');
  return steps.map(encodeURIComponent).join('/');
}

/** Makes the file readable only by its owner, because a session may contain secrets. */
async function writeText(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    writeLightly(path, text, 0o600);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw READING_ERRORS.report_not_written({ path, code }, { cause: error });
  }
}

/** Opens a file in the person's browser. @returns false if there is no desktop or no program for HTML files */
export async function openPage(path: string, { env }: Pick<ActionContext, 'env'>): Promise<boolean> {
  const isMac = process.platform === 'darwin';
  if (!isMac && !env.DISPLAY && !env.WAYLAND_DISPLAY) return false;
  const options = { env: definedOnly(env), leavesBehind: true };
  const { exitCode } = await runCommand(isMac ? 'open' : 'xdg-open', [path], options);
  return exitCode === 0;
}
