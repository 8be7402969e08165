import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { finishUnasked } from '../../../src/core/acts/finish/finish-session.act.ts';
import type { startSession } from '../../../src/core/acts/sessions/start-session.act.ts';
import type { ActionContext } from '../../../src/core/caller/context/context.ts';
import { supervisorPaths } from '../../../src/core/sandbox/programs/supervisor-folder.ts';
import type { SessionFile } from '../../../src/core/session/events/bodies/session-file.ts';
import type { NewEvent } from '../../../src/core/session/events/events.ts';
import { readSession } from '../../../src/core/session/folder/read-session.ts';
import { readAllSessions } from '../../../src/core/session/folder/session-list.ts';
import { runRoot, type SessionPaths, sessionPaths } from '../../../src/core/session/layout/paths.ts';
import {
  createRecurring,
  type NewRecurring,
} from '../../../src/extensions/recurring/create-recurring.act.ts';
import { readRecurring } from '../../../src/extensions/recurring/recurring.act.ts';
import type { RecurringReport } from '../../../src/extensions/recurring/recurring.ts';
import { RecurringRuns } from '../../../src/extensions/recurring/runs/recurring-runs.ts';
import { eventLines } from '../../core/unit/session/events.ts';
import { HandClock } from '../../core/unit/supervisor/scene.ts';
import { finishSession } from '../../support/as-shown.ts';
import { plainLog, textOf } from '../../support/event-samples.ts';
import { makeProject, type TempProject } from '../../support/project.ts';
import { createdEvent, sessionFileSample } from '../../support/session-file-sample.ts';
import { supervisorHolds } from '../../support/supervisors.ts';

const MINUTE_MS = 60_000;

/** How the session of a run stands once it has been started: the events that follow its creation. */
export type Ending = readonly NewEvent[];

export const DONE: Ending = [{ type: 'done', summary: 'All of it' }];
export const BLOCKED: Ending = [
  { type: 'blocked', reason: 'Tests need a key', needs: 'human_decision', rule: 'child', phase: 'testing' },
];
export const ASKS: Ending = [
  { type: 'parked', for: 'qa_answers', resumePhase: 'requirements', openQuestions: ['Q1'], unconfirmed: [] },
];
export const WORKS: Ending = [{ type: 'prepared', phase: 'investigation', warnings: [] }];
export const KEPT: Ending = [
  {
    type: 'limited',
    until: Date.parse('2026-11-30T00:00:00Z'),
    guessed: false,
    provider: 'claude',
    kept: [
      { provider: 'claude', window: '7d', used: 0.75, endsAt: Date.parse('2026-11-30T00:00:00Z'), keep: 30 },
    ],
  },
];
export const STOPPED: Ending = [{ type: 'stopped', by: { channel: 'cli' }, why: 'on request' }];

/** An iteration that cost this much. */
export function costing(usd: number): NewEvent[] {
  return plainLog(4)
    .slice(2)
    .map(({ v: _, n: __, at: ___, lease: ____, ...event }) =>
      event.type === 'iteration_ended' ? { ...event, cost: { usd } } : event,
    );
}

/** A machine with recurring sessions and a clock set by hand. Its sessions are files; no worker runs. */
export interface RecurringScene extends AsyncDisposable {
  project: TempProject;
  context: ActionContext;
  clock: HandClock;
  add(input?: Partial<NewRecurring>): Promise<RecurringReport>;
  /** What the supervisor does at each scan until a time, five minutes apart. */
  until(time: string, stepMs?: number): Promise<void>;
  scan(): Promise<void>;
  /** Another supervisor takes over: the machine was restarted, or the last one crashed. */
  reboot(): void;
  /** How a session is archived, which needs a worker. */
  finish: typeof finishUnasked;
  /** How the next sessions end, by their number. */
  ending: (number: number) => Ending;
  /** Runs while the supervisor prepares a run. */
  whileReading: () => Promise<unknown>;
  /** Runs when a session is started, before and after its files exist. */
  crash: { before?: Error | undefined; after?: Error | undefined };
  /** The sessions that were started: when they were due, and when they were started. */
  started: Array<{ run: string; at: string; session: string; maxCostUsd: unknown }>;
  failures: unknown[];
  /** The ids of the pauses about which its person is notified. */
  told: Set<string>;
  report(): Promise<RecurringReport>;
  end(session: string, ending: Ending): Promise<void>;
  statePath(id: string): string;
  definitionPath(id: string): string;
  /** Its `.samocode` is gone for a while. */
  loseProject(): Promise<void>;
  findProject(): Promise<void>;
  /** As a prune removes them. */
  removeSessions(): Promise<void>;
}

export async function recurringScene(start: string): Promise<RecurringScene> {
  const clock = new HandClock();
  clock.nowMs = Date.parse(start);
  const project = await makeProject({ acting: { clock } });
  const context: ActionContext = { ...project.context, by: { channel: 'cli', client: 'samocode' } };
  const { home, host } = context;
  const { identity } = supervisorPaths(home, host);
  const supervisor = await supervisorHolds(context, { stays: true });
  const samocode = join(project.repo.path, '.samocode');
  const paths = (session: string): SessionPaths => sessionPaths(project.sessionsDir, session);
  const scene: RecurringScene = {
    project,
    context,
    clock,
    finish: finishSession,
    ending: () => DONE,
    whileReading: async () => undefined,
    crash: {},
    started: [],
    failures: [],
    told: new Set(),
    add: async (input = {}) =>
      await createRecurring(
        {
          when: { schedule: 'daily 02:00 Europe/Berlin' },
          work: { kind: 'task', task: 'Update the libraries' },
          project: project.repo.path,
          ...input,
        },
        context,
      ),
    async until(time, stepMs = 5 * MINUTE_MS) {
      for (const endMs = Date.parse(time); clock.nowMs < endMs; ) {
        clock.pass(Math.min(stepMs, endMs - clock.nowMs));
        await scene.scan();
      }
    },
    async scan() {
      const views = await readAllSessions(project.sessionsDir, host);
      await runs.scan(views, (_, error) => scene.failures.push(error));
    },
    reboot() {
      runs = newRuns();
    },
    async report() {
      const [report] = await readRecurring({}, context);
      if (report === undefined) throw new Error('It has no recurring session.');
      return report;
    },
    async end(session, ending) {
      const text = await readFile(paths(session).events, 'utf8');
      const number = text.trim().split('\n').length;
      const more = ending.map((event, index) => numbered(event, number + index + 1, clock.nowMs));
      await writeFile(paths(session).events, `${text}${more.join('')}`);
    },
    loseProject: async () => await rename(samocode, `${samocode}.away`),
    findProject: async () => await rename(`${samocode}.away`, samocode),
    async removeSessions() {
      for (const path of [project.sessionsDir, runRoot(project.sessionsDir)])
        await rm(path, { recursive: true });
      await mkdir(project.sessionsDir);
    },
    definitionPath: (id) => join(home, '.config/samocode/recurring', id, 'recurring.json'),
    statePath: (id) => join(home, '.config/samocode/recurring', id, 'state.json'),
    async [Symbol.asyncDispose]() {
      await supervisor[Symbol.asyncDispose]();
      await project.repo[Symbol.asyncDispose]();
    },
  };
  const startFiles: typeof startSession = async ({ recurring, choices }, { by }) => {
    if (scene.crash.before !== undefined) throw scene.crash.before;
    const number = scene.started.length + 1;
    const session = `26-11-27-run-${String(number).padStart(3, '0')}`;
    const at = new Date(clock.nowMs).toISOString();
    scene.started.push({
      run: recurring?.run ?? '',
      at,
      session,
      maxCostUsd: choices?.settings?.maxCostUsd,
    });
    expect(by).toEqual(context.by);
    await laySession({ recurring, createdAt: at, folder: session }, scene.ending(number));
    if (scene.crash.after !== undefined) throw scene.crash.after;
    const view = await readSession(paths(session), host);
    if (view?.sessionFile === undefined) throw new Error('It cannot be read.');
    return { view, file: view.sessionFile, warnings: [] };
  };
  const laySession = async (more: Partial<SessionFile>, ending: Ending) => {
    const { sessionsDir, repo } = project;
    const id = `01KEE${String(scene.started.length).padStart(21, '0')}`;
    const file = sessionFileSample({ ...more, id, sessionsDir, mainRepo: repo.path });
    const at = paths(file.folder);
    await mkdir(dirname(at.events), { recursive: true });
    await mkdir(at.sessionDir, { recursive: true });
    await writeFile(at.sessionFile, JSON.stringify(file));
    await writeFile(at.events, eventLines([createdEvent(file), ...ending], clock.nowMs));
    await writeFile(at.overview, `# Session: ${file.folder}\n`);
  };
  const newRuns = () =>
    new RecurringRuns({
      home,
      identity,
      clock,
      say: () => undefined,
      notifyPause: ({ id }) => scene.told.add(id),
      login: async () => {
        await scene.whileReading();
        return { ...context, by: { channel: 'settings' } };
      },
      start: startFiles,
      finish: (...args) => scene.finish(...args),
    });
  let runs = newRuns();
  return scene;
}

function numbered(event: NewEvent, n: number, ms: number): string {
  const at = new Date(ms).toISOString();
  return textOf([{ v: 2, n, at, lease: 1, ...event } as Parameters<typeof textOf>[0][number]]);
}
