import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../src/acts/common/context.ts';
import { startSession } from '../../src/acts/sessions/start-session.act.ts';
import { documentText } from '../../src/session/documents/documents.ts';
import { readEvents } from '../../src/session/events/event-log.ts';
import type { EventOf } from '../../src/session/events/events.ts';
import type { SessionPaths } from '../../src/session/layout/paths.ts';
import { slotsInUse, slotsRoot } from '../../src/session/slots.ts';
import { builtPrograms } from './built-programs.ts';
import { endSessionsBelow, PATIENT_CLOCK, processesOf, untilState, workerPidOf } from './live-session.ts';
import { makeProject } from './project.ts';
import { endProcessesOf, killSupervisors, SUPERVISED } from './supervisors.ts';

/** Each agent records its session and its folder. */
const NOTES = 'echo "$SAMOCODE_SESSION $(git branch --show-current)" >> "$REHEARSAL_SESSION_DIR/notes.md"';
const SCENARIO = {
  paceMs: 0,
  rules: [{ when: {}, do: [{ act: 'run', command: ['sh', '-c', NOTES] }, { act: 'normal' }] }],
};

export interface QueuedSessions extends AsyncDisposable {
  context: ActionContext;
  /** In the order of their start. */
  sessions: { id: string; branch: string; paths: SessionPaths }[];
}

/**
 * Sessions of one project without gates, started one after the other, and a supervisor that admits them.
 * @param notify lines of the `.env` of the config folder
 */
export async function queuedSessions(
  count: number,
  maxParallel: number,
  notify = '',
): Promise<QueuedSessions> {
  const { worker, rehearsal } = await builtPrograms();
  const project = await makeProject({
    lines: { MAX_PARALLEL: String(maxParallel), GATES: 'none' },
    env: SUPERVISED,
    acting: { programs: { worker, rehearsal }, clock: PATIENT_CLOCK },
  });
  const { repo, context, sessionsDir } = project;
  const configDir = join(repo.homeDir, '.config/samocode');
  await mkdir(configDir, { recursive: true });
  await writeFile(join(configDir, '.env'), notify);
  const scenario = join(repo.root, 'scenario.json');
  await writeFile(scenario, JSON.stringify(SCENARIO));
  const starting = { ...context, env: { ...context.env, REHEARSAL_SCENARIO: scenario } };
  const sessions: QueuedSessions['sessions'] = [];
  const dispose = async () => {
    await killSupervisors(repo.homeDir);
    await endSessionsBelow(sessionsDir, context.host);
    await endProcessesOf(repo.homeDir);
    await repo[Symbol.asyncDispose]();
  };
  try {
    for (let number = 1; number <= count; number += 1) {
      const task = `Give every boat name number ${number}`;
      const { file, view } = await startSession({ task, name: `boat-${number}` }, starting);
      sessions.push({ id: file.id, branch: view.state.worktree?.branch ?? '', paths: view.paths });
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { context, sessions, [Symbol.asyncDispose]: dispose };
}

/** The results, once each session is done. */
export async function whenAllAreDone({ context: { host }, sessions }: QueuedSessions) {
  const runs: { from: string; to: string }[] = [];
  const firsts: string[] = [];
  const strangers: string[] = [];
  for (const { id, branch, paths } of sessions) {
    await untilState({ paths, host }, ({ status }) => status.kind === 'done', { withinMs: 1_200_000 });
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
  const [first] = sessions;
  return {
    workers: workers.filter((pid) => pid !== undefined).length,
    processes: processes.flat().length,
    slots: first === undefined ? 0 : (await slotsInUse(slotsRoot(first.paths.sessionsDir), host)).length,
  };
}
