import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import { ifExists } from '../../src/base/errors.ts';
import type { Host } from '../../src/base/host.ts';
import { registerSessions, supervisorPaths } from '../../src/providers/starting/supervisor-folder.ts';
import type { NewEvent } from '../../src/session/events.ts';
import { type SessionPaths, sessionPaths } from '../../src/session/paths.ts';
import type { SessionFile } from '../../src/session/session-file.ts';
import type { Supervisor } from '../../src/supervisor/supervisor.ts';
import { eventLines } from '../session/events.ts';
import { hostWith } from '../support/hosts.ts';
import { sessionFileSample } from '../support/session-file-sample.ts';
import { tempDir } from '../support/temp-dir.ts';

export const START_MS = Date.UTC(2026, 0, 8, 10);
export const MINUTE_MS = 60_000;

/** Both clocks of a machine, set by hand; sleeping moves them on. */
export class HandClock implements Clock {
  nowMs = START_MS;
  monotonicMs = 1000;
  now = () => this.nowMs;
  monotonic = () => this.monotonicMs;
  sleep = async (ms: number) => this.pass(ms);
  pass(ms: number): void {
    this.nowMs += ms;
    this.monotonicMs += ms;
  }
}

export interface LeasePlan {
  number?: number;
  /** `own`: of a process that lives; `elsewhere`: of another machine. */
  owner?: 'alive' | 'dead' | 'elsewhere';
  released?: boolean;
  supervisor?: string;
  atMs?: number;
}

export interface SessionPlan {
  id?: string;
  events: readonly NewEvent[];
  /** The time of its first event; the others follow, a second apart. */
  startMs?: number;
  lease?: LeasePlan;
  qa?: string;
  overview?: string;
  settings?: Partial<SessionFile['settings']>;
}

/** A supervisor without a loop: a home, a clock by hand, a machine of made-up processes, workers that do nothing. */
export interface Scene extends AsyncDisposable {
  root: string;
  supervisor: Supervisor & { clock: HandClock };
  /** What it said, one line each. */
  said: string[];
  /** Folders of the sessions whose worker was started, in order. */
  started(): string[];
  session(folder: string, plan: SessionPlan, project?: string): Promise<SessionPaths>;
  lease(paths: SessionPaths, plan: LeasePlan): Promise<void>;
  queued(): Promise<Array<{ id: string; kind: string; text: string }>>;
}

export async function scene(more: Partial<Supervisor> = {}): Promise<Scene> {
  const dir = await tempDir();
  const home = join(dir.path, 'home');
  const host: Host = hostWith([]);
  const paths = supervisorPaths(home, host);
  const clock = new HandClock();
  const worker = join(dir.path, 'worker.cjs');
  await writeFile(worker, '');
  await mkdir(paths.dir, { recursive: true });
  const said: string[] = [];
  const supervisor: Scene['supervisor'] = {
    ...{ paths, identity: paths.identity, host, home, env: { PATH: process.env.PATH }, revives: true },
    programs: { worker, supervisor: join(dir.path, 'supervisor.cjs') },
    say: (text) => said.push(text),
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
    said,
    lease,
    started: () => said.filter((line) => line.includes('a worker was started')).map(folderOf),
    async session(folder, { id = folder, events, startMs = START_MS, qa, overview, ...plan }, project = 'p') {
      const sessionsDir = join(dir.path, project, 'sessions');
      await registerSessions(paths, sessionsDir, clock);
      const session = sessionPaths(sessionsDir, folder);
      const sample = sessionFileSample({ id, folder, sessionsDir });
      const file = { ...sample, settings: { ...sample.settings, ...plan.settings } };
      await mkdir(dirname(session.events), { recursive: true });
      await mkdir(session.sessionDir, { recursive: true });
      await writeFile(session.events, eventLines(events, startMs));
      await writeFile(session.sessionFile, JSON.stringify(file));
      await writeFile(session.overview, overview ?? '# Session: x\n\n## Status\nPhase: investigation\n');
      if (qa !== undefined) await writeFile(session.qa, qa);
      await lease(session, plan.lease ?? { released: true });
      return session;
    },
    async queued() {
      const text = (await ifExists(readFile(paths.queue, 'utf8'))) ?? '';
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

function folderOf(line: string): string {
  return line.slice(0, line.indexOf(':'));
}
