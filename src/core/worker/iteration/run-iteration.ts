import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { PROVIDER_ERRORS } from '../../agents/contract/provider-errors.ts';
import { credentialNames } from '../../agents/registry.ts';
import { BASE_ERRORS } from '../../kernel/base-errors.ts';
import { crashPoint } from '../../kernel/fault-points.ts';
import { ensurePlainFolder } from '../../kernel/files/append-lines.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { stampsAt } from '../../kernel/files/stamps.ts';
import { type ChildRecord, exitFile } from '../../sandbox/programs/run-child.ts';
import { logFileName } from '../../session/documents/documents.ts';
import type { OpenIteration } from '../../session/events/state.ts';
import { iterationPaths } from '../../session/layout/paths.ts';
import { takeCommandsMeanwhile } from '../commands/take-commands.ts';
import { watcherOf } from '../commands/while-taking-commands.ts';
import { budgetVerdict, WRAP_UP_LIMIT_MS } from '../limits/budget.ts';
import { AgentOutput } from '../limits/output.ts';
import { assemblePrompt } from '../prompt/assemble.ts';
import { promptState } from '../prompt/prompt-state.ts';
import { deliverMessages } from '../record/messages.ts';
import type { AgentChoice } from '../state/agent-choice.ts';
import { joinEnvironment } from '../state/environment.ts';
import { Blocked } from '../state/interrupts.ts';
import {
  type Iteration,
  iterationOf,
  noteEndedByUs,
  readAgentRecord,
  readEndedByUs,
  readExit,
} from '../state/iteration.ts';
import { ifTaken, patiently, unlessLost } from '../state/passing-errors.ts';
import { endAgentIfUnseen, endAgentTree, isAlive } from '../state/processes.ts';
import { record, stateOf, type Worker } from '../state/worker.ts';
import { checkRunFolder } from './end.ts';
import { finishIteration } from './finish-iteration.ts';
import { spawnAgent } from './start.ts';
import {
  AwakeTime,
  SAMPLE_EVERY_MS,
  Sampler,
  WATCH_ENDS,
  type WatchEnd,
  type WatchedAgent,
} from './watch.ts';

/** Runs one iteration: a new one, or one that an earlier worker left open. */
export async function runIteration(
  worker: Worker,
  of: { left: OpenIteration } | { agent: AgentChoice },
): Promise<void> {
  const left = 'left' in of ? of.left : undefined;
  // Time has passed since the last look.
  if (left) worker.memory.seen = undefined;
  const begun = iterationOf(worker, 'left' in of ? of.left : await beginIteration(worker, of.agent));
  const open = { ...begun, isLeft: left !== undefined };
  const recorded = left && (await readAgentRecord(worker, open.iteration));
  // If the record was deleted, a second agent must not run alongside the first.
  if (left && !recorded) await endAgentTree(worker, undefined, { leftoversOnly: true });
  worker.guard.agentRuns = true;
  const child = recorded ?? (await startOrFinish(worker, open));
  if (child === undefined) return;
  const isOurs = recorded === undefined;
  const wasSeen = isOurs || (await isAlive(worker, child));
  try {
    await watchAndFinish(worker, open, { child, isOurs, wasSeen });
  } catch (error) {
    if (BASE_ERRORS.lease_lost.is(error)) await endAgentIfUnseen(worker, open, child);
    throw error;
  }
}

async function watchAndFinish(
  worker: Worker,
  open: Iteration,
  { child, isOurs, wasSeen }: { child: ChildRecord; isOurs: boolean; wasSeen: boolean },
): Promise<void> {
  using log = new AgentOutput(open.logs.stdout, open.cli);
  const { known, ...watched } = await watchAgent(worker, open, child, log);
  // An agent can start and end between two samples, so its group is identified by the wrapper that leads it. If the
  // wrapper was never seen alive, its number may have been reused for another group.
  const seen = wasSeen ? [child.wrapper, ...known] : known;
  const ended = await endAgent(worker, open, { child, isOurs, end: watched.end, known: seen });
  log.readToEnd();
  await finishIteration(worker, open, { ...ended, awakeMs: watched.awakeMs, child, log });
}

async function startOrFinish(worker: Worker, open: Iteration): Promise<ChildRecord | undefined> {
  await joinEnvironment(worker);
  const notStarted = async (problem: string) => {
    await worker.services?.end();
    await finishIteration(worker, open, { end: 'not_started', awakeMs: 0, problem });
    return undefined;
  };
  // Its folder is not synced. The notes and feedback in it go to the next agent.
  if (statsAt(open.files.prompt) === undefined)
    return await notStarted('Its prompt was lost in a power cut.');
  try {
    return await spawnAgent(worker, open);
  } catch (error) {
    if (!PROVIDER_ERRORS.child_not_started.is(error)) throw error;
    return await notStarted(error.why);
  }
}

/**
 * Ends the whole tree of an agent and checks the run folder.
 * @throws Blocked when processes could not be ended
 */
async function endAgent(
  worker: Worker,
  open: Iteration,
  watched: Pick<WatchedAgent, 'end' | 'known'> & { child: ChildRecord; isOurs: boolean },
): Promise<{ end: WatchEnd; runFolder: string[] }> {
  const { child, known, isOurs } = watched;
  // An agent that fills the disk must still be ended, so the reason stays in memory until it can be written.
  const noted = watched.end === 'exited' ? true : await ifTaken(noteEnd(open, watched.end));
  crashPoint('before-end-tree');
  const end = watched.end === 'exited' && !isOurs ? await endBefore(worker, open) : watched.end;
  const ending = () => endAgentTree(worker, child, { leftoversOnly: end === 'exited', known });
  const tree = await patiently(worker, 'the agent is not ended', ending);
  // The agent has been ended: from here on it is safe to wait for the disk.
  const wait = <T>(act: () => Promise<T>) => patiently(worker, 'files not written', act);
  if (!noted) await wait(() => noteEnd(open, end));
  await wait(async () => await worker.services?.afterAgent());
  if (tree.kind === 'immortal') {
    const reason = `Processes of the agent could not be ended: ${tree.pids.join(', ')}. End them, then resume the session.`;
    throw new Blocked({ reason, needs: 'error_resolution', rule: 'child_immortal' });
  }
  crashPoint('after-end-tree');
  return { end, runFolder: await wait(() => checkRunFolder(worker, open)) };
}

async function noteEnd(open: Iteration, end: WatchEnd): Promise<true> {
  await noteEndedByUs(open, end);
  return true;
}

/** Why the last worker was ending the agent, if it was; the agent may have written the file itself. */
async function endBefore(worker: Worker, open: Iteration): Promise<WatchEnd> {
  const written = await readEndedByUs(open);
  const end = WATCH_ENDS.find((known) => known === written) ?? 'exited';
  return end === 'stop' && stateOf(worker).stopWanted?.when !== 'now' ? 'exited' : end;
}

const NOTHING_LEFT = { areLeft: false, stopsNow: false };

/** Watches an agent until it has ended or must be ended; takes the commands that are allowed during that time. */
export async function watchAgent(
  worker: Worker,
  open: Iteration,
  child: ChildRecord,
  log: AgentOutput,
): Promise<WatchedAgent> {
  const { clock, paths, memory } = worker;
  const exit = exitFile(open.files.exit, child);
  const watcher = watcherOf(worker);
  const watched = memory.wrapperPid === child.wrapper.pid ? [paths.commands] : [exit, paths.commands];
  const sampler = new Sampler(worker, open, child, log, await AwakeTime.resume(worker, open));
  // A failed step is retried while the agent's time continues.
  const tried = unlessLost(clock);
  for (let commandsAtMs = 0; ; ) {
    watcher.watch(watched);
    const taken =
      clock.monotonic() >= commandsAtMs ? await tried(takeCommandsMeanwhile(worker)) : NOTHING_LEFT;
    if (taken?.areLeft !== false) commandsAtMs = clock.monotonic() + SAMPLE_EVERY_MS;
    if (taken?.stopsNow || stateOf(worker).stopWanted?.when === 'now') return sampler.watched('stop');
    if ((await tried(readExit(open, child))) !== undefined) return sampler.watched('exited');
    await tried(Promise.resolve(worker.services?.whileAgent(open.phase)));
    const end = await tried(sampler.sample());
    if (end !== undefined) return sampler.watched(end);
    await watcher.wait(sampler.restMs);
  }
}

/**
 * Prepares an agent and records its start: the first of an iteration's two commit points. A crash before the commit
 * leaves nothing that counts; after a later crash the next worker continues this iteration.
 */
async function beginIteration(worker: Worker, { provider, model }: AgentChoice): Promise<OpenIteration> {
  const { clock, paths, memory } = worker;
  const { progress, messages, n } = stateOf(worker);
  // Something happened since: a command, a wait for a slot, SETUP.
  if (memory.seen?.n !== n) memory.seen = undefined;
  const { phase } = progress;
  const iteration = progress.totalIterations + 1;
  const files = iterationPaths(paths, iteration);
  const wrapUp = budgetVerdict(worker).kind === 'wrap_up';
  ensurePlainFolder(paths.iterations);
  // Files left by a crash before the commit would be mistaken for this agent's.
  rmSync(files.dir, { recursive: true, force: true });
  makeFolder(files.dir);
  const unread = messages.waiting.map(({ id }) => id);
  const messageFiles = await deliverMessages(worker, unread);
  const now = clock.now();
  const timeLimitMs = timeLimitOf(worker, provider.name, wrapUp);
  const facts = { iteration, phase, provider: provider.name, timeLimitMs, now, messageFiles, wrapUp };
  await writeWhole(files.prompt, assemblePrompt(await promptState(worker, facts)), { sync: 'file' });
  crashPoint('before-iteration-started');
  await record(
    worker,
    ...(unread.length > 0 ? [{ type: 'messages_delivered' as const, ids: unread, iteration }] : []),
    {
      type: 'iteration_started',
      iteration,
      phase,
      provider: provider.name,
      model,
      log: logFileName(stampsAt(now).file, iteration, phase),
      childUuid: randomUUID(),
      timeLimitMs,
      wrapUp,
      credentials: credentialNames(provider.name, worker.env),
      sandbox: await worker.guard.level(),
    },
  );
  crashPoint('after-iteration-started');
  const open = stateOf(worker).openIteration;
  if (open === undefined) throw new Error('The iteration_started event opened no iteration.');
  return open;
}

function timeLimitOf({ file }: Worker, provider: string, wrapUp: boolean): number {
  const { timeLimitMs, timeLimitsMs } = file.settings;
  const limitMs = timeLimitsMs[provider] ?? timeLimitMs;
  return wrapUp ? Math.min(limitMs, WRAP_UP_LIMIT_MS) : limitMs;
}
