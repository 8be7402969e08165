import type { FileHandle } from 'node:fs/promises';
import { writeWhole } from '../base/atomic-file.ts';
import type { Host } from '../base/host.ts';
import { openPlainHandle } from '../base/plain-file.ts';
import { isRunning } from '../base/process-table.ts';
import { ITERATION_MARK, SESSION_MARK } from '../providers/environment.ts';
import type { EventType } from '../session/event-types.ts';
import { type EventOf, parseEvent, type SessionEvent } from '../session/events.ts';
import { linesFrom } from '../session/log-lines.ts';
import type { SessionPaths } from '../session/paths.ts';
import { childRecordAt } from './child-record.ts';
import { type ExitStamp, exitStamp } from './exit-stamp.ts';

/** A log that stood still would have its times in this order; copies and backups have any. */
const SAME_MOMENT_NS = 1_000_000_000n;

/** What is never recorded while an iteration is open: a child could have done it. */
const NOT_WHILE_OPEN: readonly EventType[] = [
  'answers_recorded',
  'plan_approved',
  'changes_requested',
  'phase_set',
  'parked',
  'done',
];

interface Found {
  /** Where the first line begins that no worker can have written. */
  offset: number;
  why: string;
}

/**
 * Cuts off what was added to the log while no worker lived, as far as it gives itself away: an iteration
 * that ended while its processes still run or before its child did, or a person's act while one was open.
 * What was cut off stays beside the log. To be called by the owner of the lease, before the log is opened.
 * @returns why something was cut
 */
export async function cutForgedEnd(
  paths: SessionPaths,
  { host, sessionId, lease }: { host: Host; sessionId: string; lease: number },
): Promise<string | undefined> {
  const opened = await openPlainHandle(paths.events, { write: true });
  if (opened.kind !== 'opened') return undefined;
  const { handle } = opened;
  try {
    const living = await livingIterations(host, sessionId);
    const found = await findForged(handle, paths, living);
    if (found === undefined) return undefined;
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(size - found.offset);
    await handle.read(bytes, 0, bytes.length, found.offset);
    await writeWhole(`${paths.events}.cut-${lease}`, bytes);
    await handle.truncate(found.offset);
    await handle.sync();
    return found.why;
  } finally {
    await handle.close();
  }
}

/** Iterations whose processes still run. */
async function livingIterations(host: Host, sessionId: string): Promise<ReadonlySet<number>> {
  const living = new Set<number>();
  for (const { pid } of (await host.processes.list()).filter(isRunning)) {
    if ((await host.processes.environmentOf(pid, SESSION_MARK)) !== sessionId) continue;
    living.add(Number(await host.processes.environmentOf(pid, ITERATION_MARK)));
  }
  return living;
}

/** Ends before the last one were read by workers that went on from there: nothing is concluded from them any more. */
async function findForged(
  handle: FileHandle,
  paths: SessionPaths,
  living: ReadonlySet<number>,
): Promise<Found | undefined> {
  let openIteration: number | undefined;
  let lastEnd: { event: EventOf<'iteration_ended'>; offset: number } | undefined;
  let found: Found | undefined;
  let offset = 0;
  for await (const { text, end } of linesFrom(handle, 0)) {
    const reading = parseEvent(text);
    if (reading.kind === 'event') {
      const { event } = reading;
      if (event.type === 'iteration_started') {
        openIteration = event.iteration;
        found = undefined;
      }
      const why = contradiction(event, openIteration, living);
      if (why !== undefined) found ??= { offset, why };
      if (event.type === 'iteration_ended') {
        openIteration = undefined;
        lastEnd = { event, offset };
      }
    }
    offset = end;
  }
  if (found !== undefined || lastEnd === undefined || openIteration !== undefined) return found;
  if (!(await endedAfterLog(handle, paths, lastEnd.event))) return undefined;
  return { offset: lastEnd.offset, why: `iteration ${lastEnd.event.iteration} had not ended yet` };
}

function contradiction(
  event: SessionEvent,
  openIteration: number | undefined,
  living: ReadonlySet<number>,
): string | undefined {
  if (openIteration !== undefined && NOT_WHILE_OPEN.includes(event.type))
    return `${event.type} while iteration ${openIteration} was open`;
  if (event.type === 'iteration_ended' && living.has(event.iteration))
    return `processes of iteration ${event.iteration} still run`;
  return undefined;
}

async function endedAfterLog(
  handle: FileHandle,
  paths: SessionPaths,
  { iteration, exitStamp: seen }: EventOf<'iteration_ended'>,
): Promise<boolean> {
  const exit = exitStamp(paths, iteration, await childRecordAt(paths, iteration));
  return exit !== undefined && isForetold(seen, exit, await handle.stat({ bigint: true }));
}

/**
 * True when the child wrote how it ended after the last line that the log got: nobody can set that time. A clock
 * that was set back turns times round, but not for an end that names the very file: its writer had seen it.
 */
export function isForetold(
  seen: string | undefined,
  exit: ExitStamp,
  log: { ctimeNs: bigint; mtimeNs: bigint },
): boolean {
  const isCopy = log.ctimeNs - log.mtimeNs > SAME_MOMENT_NS;
  return exit.text !== seen && !isCopy && exit.ctimeNs > log.ctimeNs;
}
