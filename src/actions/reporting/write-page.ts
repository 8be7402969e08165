import { mkdir } from 'node:fs/promises';
import { dirname, extname, join, relative } from 'node:path';
import { isoUtc } from '../../base/clock.ts';
import { systemErrorCode } from '../../base/errors.ts';
import { writeLightly } from '../../base/files/atomic-file.ts';
import { threeDigits } from '../../base/files/stamps.ts';
import { sessionPage } from '../../report/session-page.ts';
import { pageOfTranscript } from '../../report/transcript-page.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import { nameWithoutDate } from '../../session/layout/names.ts';
import { reportFolder } from '../../session/layout/paths.ts';
import type { ActionContext } from '../acting/context.ts';
import { READING_ERRORS } from '../reading/reading-errors.ts';
import type { WorkerReport } from '../reading/worker-now.ts';
import type { BesidePage } from './report-iterations.ts';
import type { CardQuestion } from './session-card.ts';
import { sessionReport } from './session-report.ts';
export function pagePath({ paths, folder }: SessionView): string {
  return join(reportFolder(paths.runDir), `${nameWithoutDate(folder)}.html`);
}

/** Writes the page of one session, and beside it the transcripts that are too long for it. */
export async function writePage(
  view: SessionView,
  { worker, path, wordsOf }: { worker: WorkerReport; path: string; wordsOf: CardQuestion['wordsOf'] },
  context: ActionContext,
): Promise<void> {
  const folder = `${path.slice(0, path.length - extname(path).length)}-files`;
  const beside: BesidePage = async (start, { entries, isCut, logPath }) => {
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
  await writeText(path, sessionPage(await sessionReport({ view, worker, wordsOf }, beside, context)));
}

/** A name may hold what has a meaning in a URL. */
export function linkTo(from: string, to: string): string {
  const steps = relative(dirname(from), to).split('/');
  return steps.map(encodeURIComponent).join('/');
}

/** For its person alone: what a session holds may be secret. */
export async function writeText(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    writeLightly(path, text, 0o600);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    throw READING_ERRORS.report_not_written({ path, code }, { cause: error });
  }
}
