import { closeSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../core/caller/context/find-session.ts';
import { CLI_ERRORS } from '../../core/faces/terminal/cli-errors.ts';
import { linesFrom, readBoundedText } from '../../core/kernel/files/lines.ts';
import { namesAt } from '../../core/kernel/files/path-stats.ts';
import { openPlainFile, withPlainFile } from '../../core/kernel/files/plain-file.ts';
import type { SessionView } from '../../core/session/folder/session-view.ts';

interface ServiceLog {
  name: string;
  path: string;
  lines: string[];
  isCut: boolean;
}

const MAX_BYTES = 256 * 1024;
const ENDING = '.txt';

/**
 * The last lines that the services of a session have printed.
 * @param input `name`: of one service; absent: all that have run
 */
export async function readServiceLogs(
  { name, lines: most, ...question }: SessionQuestion & { name?: string | undefined; lines: number },
  context: ActionContext,
): Promise<{ view: SessionView; logs: ServiceLog[] }> {
  const view = await findSession(question, context);
  const { services } = view.paths;
  const ran = servicesIn(services);
  if (name !== undefined && !ran.includes(name))
    throw CLI_ERRORS.usage({
      why: `No service "${name.slice(0, 100)}" of ${view.folder} has run.`,
      hint: ran.length > 0 ? `These have: ${ran.join(', ')}.` : 'None has run yet.',
    });
  const shown = ran.filter((each) => name === undefined || each === name);
  return { view, logs: shown.map((each) => lastLines(each, join(services, `${each}${ENDING}`), most)) };
}

function servicesIn(folder: string): string[] {
  const names = (namesAt(folder) ?? []).filter((file) => file.endsWith(ENDING));
  return names.map((file) => file.slice(0, -ENDING.length)).sort();
}

function lastLines(name: string, path: string, most: number): ServiceLog {
  const reading = readBoundedText(path, { maxBytes: MAX_BYTES, keep: 'end' });
  const { text, omittedBytes } = reading.kind === 'text' ? reading : { text: '', omittedBytes: 0 };
  const lines = text.split('\n').filter((line) => line !== '');
  return { name, path, lines: lines.slice(-most), isCut: omittedBytes > 0 || lines.length > most };
}

const POLL_MS = 500;

interface Followed {
  path: string;
  offset: number;
  /** When the file was made: each start of a service makes a new one, often with the number of the old one. */
  bornMs: number | undefined;
}

/**
 * The lines that are added to the logs in a folder, also to those that begin later, until `signal` is aborted.
 * @param input `name`: of one service
 */
export async function* newServiceLines(
  { services, name }: { services: string; name: string | undefined },
  { clock, signal }: Pick<ActionContext, 'clock'> & { signal: AbortSignal },
): AsyncGenerator<{ name: string; line: string }> {
  const names = () => servicesIn(services).filter((each) => name === undefined || each === name);
  const pathOf = (each: string) => join(services, `${each}${ENDING}`);
  const followed = new Map(names().map((each) => [each, endOf(pathOf(each))]));
  for (;;) {
    for (const each of names()) {
      const log = followed.get(each) ?? { path: pathOf(each), offset: 0, bornMs: undefined };
      followed.set(each, log);
      for (const line of linesAfter(log)) yield { name: each, line };
    }
    await clock.sleep(POLL_MS, signal);
  }
}

function endOf(path: string): Followed {
  const end = withPlainFile(path, (_, { size, birthtimeMs }) => ({ offset: size, bornMs: birthtimeMs }));
  return 'offset' in end ? { path, ...end } : { path, offset: 0, bornMs: undefined };
}

function* linesAfter(log: Followed): Generator<string> {
  const opened = openPlainFile(log.path);
  if (opened.kind !== 'opened') return;
  try {
    const { birthtimeMs, size } = opened.stats;
    if (birthtimeMs !== log.bornMs) Object.assign(log, { bornMs: birthtimeMs, offset: 0 });
    // Its middle was cut out: what is left of it has been seen.
    log.offset = Math.min(log.offset, size);
    for (const { text = '', end } of linesFrom(opened.descriptor, log.offset)) {
      log.offset = end;
      yield text;
    }
  } finally {
    closeSync(opened.descriptor);
  }
}
