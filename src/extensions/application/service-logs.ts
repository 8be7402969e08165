import { join } from 'node:path';
import type { ActionContext } from '../../core/caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../core/caller/context/find-session.ts';
import { linesFrom, readBoundedText } from '../../core/kernel/files/lines.ts';
import { namesAt } from '../../core/kernel/files/path-stats.ts';
import { openPlainHandle } from '../../core/kernel/files/plain-file.ts';
import { CLI_ERRORS } from '../../core/kit/terminal/cli-errors.ts';
import type { SessionView } from '../../core/session/events/session-view.ts';

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
  const ran = (namesAt(services) ?? [])
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();
  if (name !== undefined && !ran.includes(name))
    throw CLI_ERRORS.usage({
      why: `No service "${name.slice(0, 100)}" of ${view.folder} has run.`,
      hint: ran.length > 0 ? `These have: ${ran.join(', ')}.` : 'None has run yet.',
    });
  const shown = ran.filter((each) => name === undefined || each === name);
  return { view, logs: shown.map((each) => lastLines(each, join(services, `${each}${ENDING}`), most)) };
}

function lastLines(name: string, path: string, most: number): ServiceLog {
  const reading = readBoundedText(path, { maxBytes: MAX_BYTES, keep: 'end' });
  const { text, omittedBytes } = reading.kind === 'text' ? reading : { text: '', omittedBytes: 0 };
  const lines = text.split('\n').filter((line) => line !== '');
  return { name, path, lines: lines.slice(-most), isCut: omittedBytes > 0 || lines.length > most };
}

const POLL_MS = 500;

/** The lines that are added to the logs, until `signal` is aborted. */
export async function* newServiceLines(
  logs: readonly Pick<ServiceLog, 'name' | 'path'>[],
  { clock, signal }: Pick<ActionContext, 'clock'> & { signal: AbortSignal },
): AsyncGenerator<{ name: string; line: string }> {
  const followed = logs.map(({ name, path }) => ({ name, path, offset: sizeOf(path) }));
  for (;;) {
    for (const log of followed) for await (const line of linesAfter(log)) yield { name: log.name, line };
    await clock.sleep(POLL_MS, signal);
  }
}

function sizeOf(path: string): number {
  const opened = openPlainHandle(path);
  if (opened.kind !== 'opened') return 0;
  const { size } = opened.handle.stat();
  opened.handle.close();
  return size;
}

async function* linesAfter(log: { path: string; offset: number }): AsyncGenerator<string> {
  const opened = openPlainHandle(log.path);
  if (opened.kind !== 'opened') return;
  const { handle } = opened;
  try {
    // It was begun again.
    if (handle.stat().size < log.offset) log.offset = 0;
    for await (const { text = '', end } of linesFrom(handle, log.offset)) {
      log.offset = end;
      yield text;
    }
  } finally {
    handle.close();
  }
}
