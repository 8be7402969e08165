import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { writeUnsynced } from '../../src/core/kernel/files/atomic-file.ts';
import { acquireLease } from '../../src/core/kernel/processes/lease.ts';
import type { SessionEvent } from '../../src/core/session/events/events.ts';
import type { SessionPaths } from '../../src/core/session/layout/paths.ts';
import { readEvents, readLog } from '../../src/core/session/log/event-log.ts';
import { nowText } from '../../src/core/session/words/words.ts';
import { plainLog, textOf } from './event-samples.ts';
import { laySession, preparedSessions } from './prepared-sessions.ts';
import type { TempProject } from './project.ts';

/** Up to the start of its 31st iteration. */
const EVENTS = 93;
const SECOND_MS = 1000;
/** An agent's activity changes about so often. */
const ACTIVITY_EVERY_S = 5;
/** An iteration ends and the next one begins. */
const ITERATION_EVERY_S = 300;

export interface WorkingSessions extends AsyncDisposable {
  project: TempProject;
  sessions: readonly WorkingSession[];
}

export interface WorkingSession {
  paths: SessionPaths;
  /** The number of its present iteration. */
  iteration(): number;
  /** Its agent ends, and the next one begins. @returns the number of the new iteration */
  nextIteration(): Promise<number>;
}

/**
 * So many sessions whose files change as if agents worked on them; this process holds their leases.
 * @param resting how many others there are, which ask or are done
 * @param settings in which those that work differ from the sample
 */
export async function workingSessions(
  count: number,
  resting = 0,
  settings: Settings = {},
): Promise<WorkingSessions> {
  const project = await preparedSessions(resting);
  const numbers = Array.from({ length: count }, (_, index) => resting + index);
  const sessions = await Promise.all(numbers.map((number) => layOne(project, number, settings)));
  const ended = new AbortController();
  const work = workOn(sessions, ended.signal);
  return {
    project,
    sessions,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await work;
      await project.repo[Symbol.asyncDispose]();
    },
  };
}

async function workOn(
  sessions: readonly Awaited<ReturnType<typeof layOne>>[],
  signal: AbortSignal,
): Promise<void> {
  for (let second = 0; !signal.aborted; second += 1) {
    for (const [index, session] of sessions.entries()) {
      await session.print();
      if ((second + index) % ACTIVITY_EVERY_S === 0) await session.showActivity(`looks at pier ${second}`);
      if ((second + index) % ITERATION_EVERY_S === 0) await session.nextIteration();
    }
    await systemClock.sleep(SECOND_MS, signal).catch(() => undefined);
  }
}

type Settings = Parameters<typeof laySession>[3];

async function layOne(project: TempProject, index: number, settings: Settings) {
  const { paths, file } = await laySession(project, index, plainLog(EVENTS), settings);
  await acquireLease(paths.leases, { host: project.context.host, clock: systemClock });
  const [ended, started] = (await readEvents(paths, EVENTS - 3)).filter(({ type }) =>
    /^iteration/.test(type),
  );
  let n = EVENTS;
  let iteration = started?.type === 'iteration_started' ? started.iteration : 0;
  const log = () => `01-08-1000-${iteration}-implementation.jsonl`;
  await mkdir(paths.logs, { recursive: true });
  return {
    paths,
    iteration: () => iteration,
    async print() {
      const message = { content: [{ type: 'text', text: `Pier ${n} has its names; on to the next one.` }] };
      await appendFile(join(paths.logs, log()), `${JSON.stringify({ type: 'assistant', message })}\n`);
    },
    async showActivity(activity: string) {
      const reading = await readLog(paths);
      if (reading) writeUnsynced(paths.now, nowText(file, reading.state, activity));
    },
    async nextIteration() {
      const at = new Date().toISOString();
      const first = { ...ended, n: n + 1, at, iteration, more: true };
      [n, iteration] = [n + 2, iteration + 1];
      await writeFile(join(paths.logs, log()), '');
      const events = [first, { ...started, n, at, iteration, log: log() }] as SessionEvent[];
      await appendFile(paths.events, textOf(events));
      return iteration;
    },
  };
}
