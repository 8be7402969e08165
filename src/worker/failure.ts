import { basename, dirname, isAbsolute, relative } from 'node:path';
import { stderr } from 'node:process';
import { type Clock, isoUtc } from '../base/clock.ts';
import { isSamocodeError, systemErrorCode } from '../base/errors.ts';
import type { SessionPaths } from '../session/paths.ts';

/** What went wrong, in sentences for people; `rule` is its name. */
export interface Failure {
  rule: string;
  what: string;
  hint: string;
}

/** @param then what a person does once it is put right: `resume the session` */
export function explainFailure({ paths }: { paths: SessionPaths }, error: unknown, then: string): Failure {
  if (isSamocodeError(error)) {
    return { rule: error.code, what: `${error.what} ${error.why}`, hint: error.hint };
  }
  if (isRefusedFile(error)) {
    const what = `The machine refused a file to the worker: ${error.code} at ${placeOf(paths.sessionsDir, String(error.path))}.`;
    return { rule: 'file_refused', what, hint: `Put it right, then ${then}.` };
  }
  const what = 'The worker met a fault of its own; worker.stderr in the run folder says where.';
  return { rule: 'worker_fault', what, hint: `To try again, ${then}.` };
}

export function isRefusedFile(error: unknown): error is NodeJS.ErrnoException {
  return systemErrorCode(error) !== undefined && error instanceof Error && 'path' in error;
}

/** Says on stderr what a person may have to look for; session.log may lie on the disk that fails. */
export function say({ clock }: { clock: Pick<Clock, 'now'> }, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`${isoUtc(clock.now())} ${text}\n`);
}

/** By its place among the sessions; of a draft the folder, which is what refused it. */
function placeOf(sessionsDir: string, path: string): string {
  const place = path.endsWith('.draft') ? dirname(path) : path;
  const inside = relative(sessionsDir, place);
  return inside.startsWith('..') || isAbsolute(inside) ? basename(place) : inside;
}
