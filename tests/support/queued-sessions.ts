import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../src/core/caller/context/context.ts';
import { documentText } from '../../src/core/session/documents/documents.ts';
import type { EventOf } from '../../src/core/session/events/events.ts';
import { slotsInUse, slotsRoot } from '../../src/core/session/folder/slots.ts';
import type { SessionPaths } from '../../src/core/session/layout/paths.ts';
import { readEvents } from '../../src/core/session/log/event-log.ts';
import { builtPrograms } from './built-programs.ts';
import { endSessionsBelow, PATIENT_CLOCK, processesOf, untilState, workerPidOf } from './live-session.ts';
import { makeProject, projectOf, type TempProject, writeProject } from './project.ts';
import { startSession } from './start-session.ts';
import { endProcessesOf, killSupervisors, SUPERVISED } from './supervisors.ts';
import { IDENTITY, repoIn } from './temp-repo.ts';

const BLOCKED = JSON.stringify({ status: 'blocked', reason: 'The sail is torn', needs: 'human_decision' });
const WORK = {
  done: [{ act: 'normal' }],
  blocked: [{ act: 'signal-file', text: BLOCKED }, { act: 'result' }],
};

/** Each agent waits until all sessions have started, and records its session and its folder. */
const scenarioOf = (signal: string, ends: QueuedSessions['ends']) => {
  const wait = `until [ -e '${signal}' ]; do sleep 0.1; done`;
  const note = 'echo "$SAMOCODE_SESSION $(git branch --show-current)" >> "$REHEARSAL_SESSION_DIR/notes.md"';
  const command = ['sh', '-c', `${wait}; ${note}`];
  return { paceMs: 0, rules: [{ when: {}, do: [{ act: 'run', command }, ...WORK[ends]] }] };
};

export interface QueuedSessions extends AsyncDisposable {
  context: ActionContext;
  /** In the order of their start. */
  sessions: { id: string; branch: string; paths: SessionPaths }[];
  /** Blocked is a session after one agent, done after nine. */
  ends: 'done' | 'blocked';
}

/**
 * Sessions without gates, started one after the other, and a supervisor that admits them.
 * @param counts the number of sessions of each project
 * @param options `machine`: lines of the `.env` of the config folder
 */
export async function queuedSessions(
  counts: readonly [number, ...number[]],
  maxParallel: number,
  { machine = '', ends = 'done' }: { machine?: string } & Partial<Pick<QueuedSessions, 'ends'>> = {},
): Promise<QueuedSessions> {
  const { worker, rehearsal } = await builtPrograms();
  const lines = { MAX_PARALLEL: String(maxParallel), GATES: 'none' };
  const acting = { programs: { worker, rehearsal }, clock: PATIENT_CLOCK };
  const project = await makeProject({ lines, env: SUPERVISED, acting });
  const { repo, context } = project;
  const projects: TempProject[] = [project];
  for (const [at] of counts.slice(1).entries()) {
    // Of the same person.
    const beside = { path: repo.root, [Symbol.asyncDispose]: async () => undefined };
    const clone = repoIn(beside, `repo-${at}`);
    await repo.git(['clone', '--quiet', ...IDENTITY, repo.path, clone.path]);
    const other = await projectOf({ ...clone, env: repo.env }, acting);
    await writeProject(other, { PROVIDER: 'rehearsal', SANDBOX: 'off', ...lines });
    projects.push(other);
  }
  const configDir = join(repo.homeDir, '.config/samocode');
  await mkdir(configDir, { recursive: true });
  await writeFile(join(configDir, '.env'), machine);
  const scenario = join(repo.root, 'scenario.json');
  const signal = join(repo.root, 'all-have-started');
  await writeFile(scenario, JSON.stringify(scenarioOf(signal, ends)));
  const sessions: QueuedSessions['sessions'] = [];
  const dispose = async () => {
    await killSupervisors(repo.homeDir);
    for (const { sessionsDir } of projects) await endSessionsBelow(sessionsDir, context.host);
    await endProcessesOf(repo.homeDir);
    for (const each of projects) await each.repo[Symbol.asyncDispose]();
  };
  try {
    for (const [at, count] of counts.entries())
      for (let number = 1; number <= count; number += 1) {
        const own = projects[at]?.context ?? context;
        const starting = { ...own, env: { ...own.env, REHEARSAL_SCENARIO: scenario } };
        const task = `Give every boat name number ${number}`;
        const { file, view } = await startSession({ task, name: `boat-${number}` }, starting);
        sessions.push({ id: file.id, branch: view.state.worktree?.branch ?? '', paths: view.paths });
      }
    await writeFile(signal, '');
  } catch (error) {
    await dispose();
    throw error;
  }
  return { context, sessions, ends, [Symbol.asyncDispose]: dispose };
}

/** The results, once each session has ended. */
export async function whenAllHaveEnded({ context: { host }, sessions, ends }: QueuedSessions) {
  const runs: { from: string; to: string }[] = [];
  const firsts: string[] = [];
  const strangers: string[] = [];
  for (const { id, branch, paths } of sessions) {
    await untilState({ paths, host }, ({ status }) => status.kind === ends, { withinMs: 1_200_000 });
    const events = await readEvents(paths, 0);
    const started = events.filter((event) => event.type === 'iteration_started');
    const ended = events.filter((event) => event.type === 'iteration_ended');
    runs.push(...started.map((event, index) => ({ from: event.at, to: endOf(ended[index]) })));
    firsts.push(started[0]?.at ?? '');
    const notes = (await documentText(join(paths.sessionDir, 'notes.md'))) ?? 'nothing was noted';
    strangers.push(...notes.split('\n').filter((line) => line !== '' && line !== `${id} ${branch}`));
  }
  return {
    /** Maximum of simultaneously running agents. */
    mostAtOnce: Math.max(
      ...runs.map(({ from }) => runs.filter((run) => run.from <= from && from < run.to).length),
    ),
    /** For each session, how many older ones had their first agent later. */
    overtaken: firsts.map((at, index) => firsts.slice(0, index).filter((older) => older > at).length),
    /** Records of agents of another session, or in another worktree. */
    strangers,
    left: await leftovers(sessions, host),
  };
}

function endOf(event: EventOf<'iteration_ended'> | undefined): string {
  return event?.at ?? '9';
}

async function leftovers(sessions: QueuedSessions['sessions'], host: ActionContext['host']) {
  const workers = await Promise.all(sessions.map(({ paths }) => workerPidOf({ paths, host })));
  const processes = await Promise.all(sessions.map(({ id }) => processesOf(host, id)));
  const roots = new Set(sessions.map(({ paths }) => slotsRoot(paths.sessionsDir)));
  const slots = await Promise.all([...roots].map((root) => slotsInUse(root, host)));
  return {
    workers: workers.filter((pid) => pid !== undefined).length,
    processes: processes.flat().length,
    slots: slots.flat().length,
  };
}
