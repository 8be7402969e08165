import { appendLines } from '../../base/files/append-lines.ts';
import { readTail } from '../../base/files/lines.ts';
import { stampsAt } from '../../base/files/stamps.ts';
import { describeEvent } from '../../session/documents/describe-event.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import type { SessionEvent } from '../../session/events/events.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { historyLineOf } from './project-event.ts';

/** How much of a file's end is read to find what it has already. */
const TAIL_BYTES = 64 * 1024;

/** The number of the newest event that session.log shows. */
export function loggedUpTo({ sessionLog }: Pick<SessionPaths, 'sessionLog'>): number {
  const tail = readTail(sessionLog, TAIL_BYTES);
  const written = [...tail.matchAll(/\(#(\d+)\)$/gm)].map((match) => Number(match[1]));
  return Math.max(0, ...written);
}

export function writeHistory(
  { history }: Pick<SessionPaths, 'history'>,
  events: readonly SessionEvent[],
): void {
  const ended = events.filter((event) => event.type === 'iteration_ended');
  if (ended.length === 0) return;
  const tail = readTail(history, TAIL_BYTES);
  const written = [...tail.matchAll(/"n":(\d+)[,}]/g)].map((match) => Number(match[1]));
  // Lines come in their order: what is older than the oldest one here was written before it.
  const oldest = written.length > 0 ? Math.min(...written) : 0;
  const missing = ended.filter(({ n }) => !written.includes(n) && !(n < oldest));
  appendLines(history, missing.map(historyLineOf).join(''), isJson);
}

export function writeSessionLog(
  { sessionLog }: Pick<SessionPaths, 'sessionLog'>,
  events: readonly SessionEvent[],
): void {
  const tail = readTail(sessionLog, TAIL_BYTES);
  const lines = events.map((event) => {
    const text = describeEvent(event);
    const mark = `(#${event.n})`;
    if (text === undefined || tail.includes(`${mark}\n`)) return '';
    return sessionLogLine(stampsAt(Date.parse(event.at)).log, `${text} ${mark}`);
  });
  appendLines(sessionLog, lines.join(''));
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/**
 * One line of `session.log`, its LF included.
 * @param stamp `MM-DD HH:MM`
 */
export function sessionLogLine(stamp: string, text: string): string {
  return `[${stamp}] ${oneLine(text)}\n`;
}
