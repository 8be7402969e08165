import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { changeFile } from '../../src/core/kernel/files/change-file.ts';
import { changeOverview } from '../../src/core/session/documents/overview.ts';
import { iterationPaths } from '../../src/core/session/layout/paths.ts';
import type { SessionRig } from '../../tests/support/session-rig.ts';
import { endOfWorker } from '../../tests/support/supervisors.ts';
import { type Measurement, NotMeasured, round, rounded } from '../bench.ts';
import { cheapAgentCpuMs, type Medium, restingRig, withCheapAgents } from './bench-rig.ts';
import { cpuOf } from './process-cost.ts';

const FILES = 1000;
/** Enough for a median, and below the limit of the phase. */
const ITERATIONS = 12;
/** The length of the flow log of a long session. */
const MAX_FLOW_LINES = 500;

/** Milliseconds from the end of one agent to the start of the next, after this many iterations. */
export async function measureGap(history: number, medium: Medium): Promise<Record<string, Measurement>> {
  await using rig = await restingRig({ repo: { files: manyFiles() } }, medium);
  await withCheapAgents(rig);
  // Until the index is more than a second old, as in any real repository, each git status reads all files.
  await rig.repo.git(['update-index', '--force-write-index']);
  await rig.resume();
  await rig.until(({ progress }) => progress.totalIterations >= 1);
  await rig.stop('after_iteration');
  await rig.until(({ status }) => status.kind === 'stopped');
  await endOfWorker(rig);
  const first = (await rig.state()).progress.totalIterations;
  if (history > 1) await writeHistory(rig, history);
  // Runs until the phase's limit; from then on, nothing needs to read the whole history, not even this bench.
  await rig.resume();
  await rig.until(({ status }) => status.kind === 'blocked', { withinMs: 120_000 });
  const from = (await rig.state()).progress.totalIterations;
  await rig.resume();
  await untilIterations(rig, from + 2);
  const pid = await rig.workerPid();
  if (pid === undefined)
    throw new NotMeasured('the machine is too busy: a worker exited before it could be measured.');
  const before = await cpuOf(pid);
  const begunAt = (await rig.state()).progress.totalIterations;
  await untilIterations(rig, from + ITERATIONS);
  const after = await cpuOf(pid);
  const last = (await rig.state()).progress.totalIterations;
  await rig.stop('now');
  await endOfWorker(rig);
  const agentMs = cheapAgentCpuMs(rig);
  const gaps: number[] = [];
  for (let iteration = begunAt + 1; iteration < last; iteration += 1)
    gaps.push(await gapAfter(rig, iteration));
  const each = (ms: number) => round(ms / (last - begunAt));
  return {
    [`gapMs${history}`]: rounded(gaps),
    [`ownCpuMs${history}`]: each(after.ownMs - before.ownMs),
    // Includes what starts the agent, but not the agent itself, which is neither ours nor git.
    [`gitCpuMs${history}`]: round(each(after.childrenMs - before.childrenMs) - agentMs),
    ...(history === 1 && { historyAtFirst: first }),
  };
}

/** Reads only the cached state: folding so long a history would take longer than an iteration. */
async function untilIterations(rig: SessionRig, count: number): Promise<void> {
  const giveUpAt = systemClock.monotonic() + 120_000;
  while ((await rig.state()).progress.totalIterations < count) {
    if (systemClock.monotonic() > giveUpAt) throw new Error(`The session did not reach ${count} iterations.`);
    await systemClock.sleep(25);
  }
}

function manyFiles(): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: FILES }, (_, index) => [
      `src/part-${index % 20}/file-${index}.txt`,
      `file ${index}\n`,
    ]),
  );
}

/** From the time when the wrapper recorded the end of its agent to the record of the next agent. */
async function gapAfter(rig: SessionRig, iteration: number): Promise<number> {
  const { dir } = iterationPaths(rig.paths, iteration);
  const exit = (await readdir(dir)).find((name) => /^exit\.\d+$/.test(name));
  const ended = await stat(join(dir, exit ?? 'exit'));
  const next = await stat(iterationPaths(rig.paths, iteration + 1).child);
  return next.mtimeMs - ended.mtimeMs;
}

/** Writes iterations that never ran into every file that grows with them. */
async function writeHistory(rig: SessionRig, count: number): Promise<void> {
  const { events, history, overview, sessionLog, state } = rig.paths;
  const lines = (await readFile(events, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const started = lines.find(({ type }) => type === 'iteration_started');
  const ended = lines.find(({ type }) => type === 'iteration_ended');
  const pattern = JSON.parse((await readFile(history, 'utf8')).split('\n')[0] ?? '{}');
  const { n: firstN, lease, at } = lines.at(-1);
  let n = firstN;
  const next = (event: object) => {
    n += 1;
    return `${JSON.stringify({ ...event, n, lease, at })}\n`;
  };
  const first = lines.filter(({ type }) => type === 'iteration_started').length;
  const more = { events: [] as string[], history: [] as string[], flow: [] as string[], log: [] as string[] };
  for (let iteration = first + 1; iteration <= count; iteration += 1) {
    const flow = `[${iteration} @ 01-08 14:37] Part ${iteration} done`;
    more.events.push(next({ ...started, iteration }), next({ ...ended, iteration, flowLines: [flow] }));
    more.history.push(`${JSON.stringify({ ...pattern, iteration, n })}\n`);
    more.flow.push(flow);
    more.log.push(`[01-08 14:37] iteration ${iteration} ended (#${n})\n`);
  }
  // This many iterations exceed the limit of the phase; a person's resume resets its counts.
  const by = { channel: 'cli' };
  more.events.push(next({ v: 1, type: 'resumed', by, phase: 'investigation', resetsCounts: true }));
  more.events.push(next({ v: 1, type: 'stopped', by, why: 'asked for' }));
  await appendTo(events, more.events);
  await appendTo(history, more.history);
  await appendTo(sessionLog, [...more.log, `[01-08 14:37] stopped (#${n})\n`]);
  // The overview grows by a few lines with each iteration, which is not measured here.
  const appendFlow = more.flow.slice(-MAX_FLOW_LINES);
  await changeFile(overview, (text) => changeOverview(text ?? '', { appendFlow }));
  await rm(state, { force: true });
}

async function appendTo(path: string, lines: readonly string[]): Promise<void> {
  await writeFile(path, lines.join(''), { flag: 'a' });
}
