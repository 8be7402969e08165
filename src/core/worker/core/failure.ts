import { basename, dirname, isAbsolute, relative } from 'node:path';
import { stderr } from 'node:process';
import { type Clock, isoUtc } from '../../kernel/clock.ts';
import { isSamocodeError, type SamocodeError, systemErrorCode } from '../../kernel/errors.ts';
import { fileRefused } from '../../kernel/files/refused-file.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { WORKER_ERRORS } from './worker-errors.ts';

/** Explains an error to people. @param then what a person does once it is fixed: `resume the session` */
export function explainFailure(
  { paths }: { paths: SessionPaths },
  error: unknown,
  then: string,
): SamocodeError {
  if (isSamocodeError(error)) return error;
  if (!isRefusedFile(error)) return WORKER_ERRORS.worker_fault({ then }, { cause: error });
  return fileRefused(error, { path: pathForPeople(paths.sessionsDir, String(error.path)), then });
}

export function isRefusedFile(error: unknown): error is NodeJS.ErrnoException {
  return systemErrorCode(error) !== undefined && error instanceof Error && 'path' in error;
}

/** Reports a problem on stderr: session.log might be on the failing disk. */
export function say({ clock }: { clock: Pick<Clock, 'now'> }, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`${isoUtc(clock.now())} ${text}\n`);
}

/** The path relative to the sessions folder; for a draft, the path of the folder that refused it. */
function pathForPeople(sessionsDir: string, path: string): string {
  const place = path.endsWith('.draft') ? dirname(path) : path;
  const inside = relative(sessionsDir, place);
  return inside.startsWith('..') || isAbsolute(inside) ? basename(place) : inside;
}
