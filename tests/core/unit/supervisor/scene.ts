import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import type { Host } from '../../../../src/core/kernel/processes/host.ts';
import {
  registerSessions,
  supervisorPaths,
} from '../../../../src/core/sandbox/programs/supervisor-folder.ts';
import type { SessionFile } from '../../../../src/core/session/events/bodies/session-file.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import type { Supervisor } from '../../../../src/core/supervisor/supervisor.ts';
import { hostWith } from '../../../support/hosts.ts';
import { eventsOf, sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { eventLines } from '../session/events.ts';

export const START_MS = Date.UTC(2026, 0, 8, 10);
export const MINUTE_MS = 60_000;

/** Both clocks of a machine, set by hand; sleeping advances them. */
export class HandClock implements Clock {
  nowMs = START_MS;
  monotonicMs = 1000;
  now = () => this.nowMs;
  monotonic = () => this.monotonicMs;
  sleep: Clock['sleep'] = async (ms) => this.pass(ms);
  pass(ms: number): void {
    this.nowMs += ms;
    this.monotonicMs += ms;
  }
}

export interface LeasePlan {
  number?: number;
  /** `own`: a running process; `elsewhere`: one on another machine. */
  owner?: 'alive' | 'dead' | 'elsewhere';
  released?: boolean;
  supervisor?: string;
  atMs?: number;
}

export interface SessionPlan {
  id?: string;
  group?: string;
  recurring?: SessionFile['recurring'];
  order?: SessionFile['order'];
  pool?: true;
  events: readonly NewEvent[];
  /** The time of its first event; the others follow at intervals of a second. */
  startMs?: number;
  lease?: LeasePlan;
  qa?: string;
  overview?: string;
  settings?: Partial<SessionFile['settings']>;
  /** Its `.samocode`, and its repository. */
  configPath?: string;
  mainRepo?: string;
}

/** A supervisor without its loop: a home folder, a manual clock, a fake process table, workers that do nothing. */
export interface Scene<C extends HandClock = HandClock> extends AsyncDisposable {
  root: string;
  supervisor: Supervisor & { clock: C };
  /** Lines of its log. */
  lines: string[];
  /** Folders of the sessions whose worker was started, in order. */
  started(): string[];
  session(folder: string, plan: SessionPlan, project?: string): Promise<SessionPaths>;
  lease(paths: SessionPaths, plan: LeasePlan): Promise<void>;
  /** What a channel has still to send. */
  queued(): Promise<Array<{ id: string; kind: string; text: string }>>;
  /** Ids of everything that was worth a notification, oldest first. */
  noticed(): Promise<string[]>;
}

export async function scene(more: Partial<Supervisor> = {}): Promise<Scene> {
  return await sceneWith(new HandClock(), more);
}

export async function sceneWith<C extends HandClock>(
  clock: C,
  more: Partial<Supervisor> = {},
): Promise<Scene<C>> {
  const dir = await tempDir();
  const home = join(dir.path, 'home');
  const host: Host = hostWith([]);
  const paths = supervisorPaths(home, host);
  const outbox = async () =>
    JSON.parse((await ifExists(readFile(paths.outbox, 'utf8'))) ?? '{"notices":[],"known":[]}');
  const worker = join(dir.path, 'worker.cjs');
  await writeFile(worker, '');
  await mkdir(paths.dir, { recursive: true });
  const lines: string[] = [];
  const supervisor: Scene<C>['supervisor'] = {
    ...{ paths, identity: paths.identity, host, home, env: { PATH: process.env.PATH }, revives: true },
    programs: { worker, rehearsal: '', supervisor: join(dir.path, 'supervisor.cjs') },
    say: (text) => lines.push(text),
    ...more,
    clock,
  };
  const lease: Scene['lease'] = async ({ leases }, plan) => {
    const { number = 1, owner = 'dead', released = false, supervisor: by = paths.identity, atMs } = plan;
    const at = new Date(atMs ?? START_MS).toISOString();
    const { hostId, bootId, pidNamespace } = host;
    const where = owner === 'elsewhere' ? 'another machine' : hostId;
    const text = JSON.stringify({
      ...{ v: 1, number, supervisor: by, acquiredAt: at, releasedAt: released ? at : undefined },
      owner: {
        ...{ pid: owner === 'alive' ? process.pid : 999_999, startTicks: 'own', pidNamespace },
        ...{ hostId: where, bootId: owner === 'elsewhere' ? 'another boot' : bootId },
      },
    });
    await mkdir(leases, { recursive: true });
    await writeFile(join(leases, `${String(number).padStart(6, '0')}.json`), text);
  };
  return {
    root: dir.path,
    supervisor,
    lines,
    lease,
    started: () => lines.filter((line) => line.includes('a worker was started')).map(folderOf),
    async session(
      folder,
      { id = folder, group, recurring, order, pool, events, startMs = START_MS, qa, overview, ...plan },
      project = 'p',
    ) {
      const sessionsDir = join(dir.path, project, 'sessions');
      await registerSessions(paths, sessionsDir, clock);
      const session = sessionPaths(sessionsDir, folder);
      const sample = sessionFileSample({ id, folder, sessionsDir });
      const { configPath = sample.configPath, mainRepo = sample.mainRepo } = plan;
      const file = {
        ...sample,
        configPath,
        mainRepo,
        ...{ group, recurring, order, pool },
        settings: { ...sample.settings, ...plan.settings },
      };
      await mkdir(dirname(session.events), { recursive: true });
      await mkdir(session.sessionDir, { recursive: true });
      await writeFile(session.events, eventLines(eventsOf(file, events), startMs));
      await writeFile(session.sessionFile, JSON.stringify(file));
      await writeFile(session.overview, overview ?? '# Session: x\n\n## Status\nPhase: investigation\n');
      if (qa !== undefined) await writeFile(session.qa, qa);
      await lease(session, plan.lease ?? { released: true });
      return session;
    },
    queued: async () => (await outbox()).notices,
    noticed: async () => (await outbox()).known,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

function folderOf(line: string): string {
  return line.slice(0, line.indexOf(':'));
}

/** Sleeping takes no real time; events are scheduled by the clock. */
export class SimulatedClock extends HandClock {
  readonly #acts: Array<{ atMs: number; act: () => unknown }> = [];

  /** Runs `act` `ms` after the start. */
  after(ms: number, act: () => unknown): void {
    this.#acts.push({ atMs: 1000 + ms, act });
    this.#acts.sort((a, b) => a.atMs - b.atMs);
  }

  override sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    const untilMs = this.monotonicMs + ms;
    for (;;) {
      // File system events arrive between turns of the event loop.
      for (let turn = 0; turn < 3; turn += 1) await setImmediate();
      signal?.throwIfAborted();
      const [next] = this.#acts;
      if (next === undefined || next.atMs > untilMs) break;
      this.#acts.shift();
      this.pass(Math.max(0, next.atMs - this.monotonicMs));
      await next.act();
    }
    this.pass(Math.max(0, untilMs - this.monotonicMs));
  };
}
