import * as z from 'zod';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { NewerVersion } from '../events/bodies/format.ts';
import { GivenTexts, type GivenWork, SessionFile, textsOf } from '../events/bodies/session-file.ts';
import type { SessionPaths } from '../layout/paths.ts';
import { SESSION_ERRORS } from '../layout/session-errors.ts';
import { readLog } from './event-log.ts';

const MAX_SESSION_FILE_BYTES = 16 * 1024 * 1024;

type StartPaths = Pick<SessionPaths, 'events' | 'state' | 'sessionFile'>;

/**
 * The choices of a session's start, as recorded in the event of its creation, so that no later change of `session.json`
 * has an effect. Read from that file only before there is an event.
 * @returns undefined if neither exists
 */
export async function recordedFile(paths: StartPaths): Promise<SessionFile | undefined> {
  const log = await readLog(paths, { useCache: false });
  return log?.state.file ?? (await readSessionFile(paths));
}

/** What `session.json` says of the start. */
export interface WrittenStart {
  file: SessionFile;
  given: GivenTexts;
}

export function sessionFileText({ file, given }: WrittenStart): string {
  return `${JSON.stringify({ ...file, given }, null, 2)}\n`;
}

/** What `session.json` says of the choices. @returns undefined when that file is missing */
export async function readSessionFile(
  paths: Pick<SessionPaths, 'sessionFile'>,
): Promise<SessionFile | undefined> {
  return (await readWrittenStart(paths))?.file;
}

/** @returns undefined when there is no `session.json` */
export async function readWrittenStart({
  sessionFile: path,
}: Pick<SessionPaths, 'sessionFile'>): Promise<WrittenStart | undefined> {
  const reading = await readPlainFile(path, MAX_SESSION_FILE_BYTES);
  if (reading.kind === 'missing') return undefined;
  if (reading.kind === 'unusable') throw broken(path, `It is ${reading.problem}`);
  const value = parseJson(reading.bytes.toString('utf8'));
  if (value === undefined) throw broken(path, 'It is not JSON');
  const written = Written.safeParse(value);
  if (written.success) {
    // What a newer samocode added belongs to the bytes that identify the session.
    const { given = textsOf(value as GivenWork), ...file } = value as z.infer<typeof Written>;
    return { file, given };
  }
  const newer = NewerVersion.safeParse(value);
  if (newer.success) throw SESSION_ERRORS.session_file_broken({ path, newer: newer.data.v });
  throw broken(path, z.prettifyError(written.error));
}

const Written = SessionFile.extend({ given: GivenTexts.optional() });

function broken(path: string, problem: string) {
  return SESSION_ERRORS.session_file_broken({ path, problem });
}
