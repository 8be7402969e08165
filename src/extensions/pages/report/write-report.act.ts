import { dirname, join } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../../core/caller/context/find-session.ts';
import { READING_ERRORS } from '../../../core/caller/errors/reading-errors.ts';
import { workerReport } from '../../../core/caller/facts/worker-report.ts';
import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { systemErrorCode } from '../../../core/kernel/errors.ts';
import { writeUnsynced } from '../../../core/kernel/files/atomic-file.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import { nameWithoutDate } from '../../../core/session/layout/names.ts';
import { reportFolder } from '../../../core/session/layout/paths.ts';
import { otherBuildError } from '../../../core/session/layout/session-errors.ts';
import { type ReportSubject, sessionReport } from './collect.ts';
import { sessionPage } from './page.ts';

interface ReportRequest extends SessionQuestion, Pick<ReportSubject, 'renderSteps'> {
  /** Absolute; by default, a path in the session's run folder that workers ignore. */
  output?: string;
}

export async function writeSessionReport(
  { output, renderSteps, ...question }: ReportRequest,
  context: ActionContext,
): Promise<{ session: string; path: string }> {
  const view = await findSession(question, context);
  const { folder, paths } = view;
  if (view.isUnreadable) throw READING_ERRORS.no_report({ session: folder });
  // Whoever wrote that run folder could lead the report to any other.
  if (output === undefined && view.otherBuild?.is === 'elsewhere')
    throw otherBuildError(folder, view.otherBuild);
  const path = output ?? join(reportFolder(paths.runDir), `${nameWithoutDate(folder)}.html`);
  const worker = await workerReport(view, context);
  const page = sessionPage(await sessionReport({ view, worker, renderSteps }, context));
  try {
    makeFolder(dirname(path));
    // Readable only by its owner, because a session may contain secrets.
    writeUnsynced(path, page, { mode: 0o600 });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw READING_ERRORS.report_not_written({ path, code }, { cause: error });
  }
  return { session: folder, path };
}

/** Opens a file in the person's browser. @returns false if there is no desktop or no program for HTML files */
export async function openPage(path: string, { env }: Pick<ActionContext, 'env'>): Promise<boolean> {
  const isMac = process.platform === 'darwin';
  if (!isMac && !env.DISPLAY && !env.WAYLAND_DISPLAY) return false;
  // A browser may run until its window is closed.
  const options = { env: definedOnly(env), leavesBehind: true, timeoutMs: 'person' } as const;
  const { exitCode } = await runCommand(isMac ? 'open' : 'xdg-open', [path], options);
  return exitCode === 0;
}
