import { execFileSync } from 'node:child_process';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { lookAtAll } from '../../../../src/extensions/held/cost-by.act.ts';
import { type HeldRecord, readHeld } from '../../../../src/extensions/held/held-file.ts';
import { heldText } from '../../../../src/extensions/held/held-text.ts';
import { makeServerRig } from '../../../app/unit/server/server-rig.ts';
import { CREATED, writeEvents } from '../../../core/unit/session/events.ts';

const DAY_MS = 24 * 3_600_000;
const FOLDER = '26-01-08-boats';
export const BRANCH = 'samocode/boats';

/** Iterations, checks and an end as the log has them. */
export function worked({
  commit = 'c',
  model = '',
  provider = 'claude',
  red = false,
  sentBack = false,
} = {}): NewEvent[] {
  const iteration = { iteration: 1, phase: 'testing' } as const;
  const run = { command: 'npm test', exitCode: red ? 1 : 0, ...(red && { how: 'exit status 1' }) };
  const ran = { ...run, durationMs: 1, outputHash: 'h', outputBytes: 1, output: 'o' };
  return [
    {
      ...{ type: 'iteration_started', ...iteration, provider, model, log: 'l', childUuid: 'u' },
      ...{ timeLimitMs: 1, credentials: [], sandbox: 'none' },
    },
    { type: 'checks_ran', set: 'full', in: 'clone', commit, tree: 't', runs: [ran], sandbox: 'none' },
    {
      ...{ type: 'iteration_ended', ...iteration, ending: 'signalled', exitCode: 0, signalNotes: [] },
      ...{ cost: { usd: 1.5 }, durationMs: 1_800_000, changed: false, treeChanged: false, flowLines: [] },
      decision: { kind: 'run', phase: 'testing', notes: [], delay: 'none', ...(sentBack && { sentBack }) },
    },
  ] as NewEvent[];
}

/** A project with a branch of a session of two commits, which is done a minute ago. */
export async function heldScene() {
  let nowMs = Date.now() + 60_000;
  let stepMs = 0;
  let passedMs = 0;
  const monotonic = () => {
    passedMs += stepMs;
    return performance.now() + passedMs;
  };
  const clock = { now: () => nowMs, monotonic, sleep: async () => undefined };
  const rig = await makeServerRig({ clock });
  const { repo, context, sessionsDir } = rig;
  const { git, commit } = repo;
  await commit('Docks', { 'dock.txt': numbers(1, 9) });
  const base = await git(['rev-parse', 'main']);
  await git(['switch', '-q', '-c', BRANCH]);
  await commit('Hull', { 'hull.txt': 'one\ntwo\nthree\n' });
  const tip = await commit('Sail', { 'dock.txt': `${numbers(1, 4)}sail\nmast\n${numbers(5, 9)}` });
  await git(['switch', '-q', 'main']);
  const paths = sessionPaths(sessionsDir, FOLDER);
  return {
    ...rig,
    base,
    tip,
    async session(events: readonly NewEvent[] = [], folder = FOLDER, before: readonly NewEvent[] = []) {
      const branch = folder === FOLDER ? BRANCH : 'samocode/never-made';
      const worktree = { path: '/gone', branch, base: 'main', baseCommit: base };
      const prepared = {
        type: 'prepared',
        phase: 'testing',
        warnings: [],
        worktree,
        baseRef: 'refs/heads/main',
      };
      const all = [
        CREATED,
        prepared as NewEvent,
        ...before,
        { type: 'done', summary: 'All' } as const,
        ...events,
      ];
      await writeEvents(sessionPaths(sessionsDir, folder), all, Date.now() - 3_600_000, {
        mainRepo: repo.path,
      });
    },
    later(days = 1) {
      nowMs += days * DAY_MS;
    },
    /** Time that passes at each question about it. */
    slowedBy(ms: number) {
      stepMs = ms;
    },
    /** Commits on main that change one file of their own. */
    commits(count: number) {
      const one = (n: number) =>
        `commit refs/heads/main\ncommitter T <t@e> ${Math.floor(Date.now() / 1000)} +0000\ndata 1\n${n % 10}\n` +
        `${n === 0 ? 'from refs/heads/main^0\n' : ''}M 644 inline n.txt\ndata ${`${n}`.length}\n${n}\n\n`;
      const input = Array.from({ length: count }, (_, n) => one(n)).join('');
      execFileSync('git', ['fast-import', '--quiet'], { cwd: repo.path, input });
    },
    /** What a look has found, commits by their subjects. */
    async look(): Promise<string | undefined> {
      await lookAtAll(context);
      const record = (await readHeld(sessionsDir)).sessions[FOLDER];
      return record && (await named(record));
    },
    record: async () => (await readHeld(sessionsDir)).sessions[FOLDER],
    paths,
  };

  async function named(record: HeldRecord): Promise<string> {
    let text = heldText(record).replace(/\d{4}-\d\d-\d\d/g, 'DATE');
    for (const id of [...record.changedBy, ...record.revertedBy])
      text = text.replaceAll(id.slice(0, 7), `“${await git(['log', '-1', '--format=%s', id])}”`);
    return text;
  }
}

export function numbers(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, at) => `${from + at}\n`).join('');
}

export function mergedOnForge(mergeCommit: string): NewEvent {
  const about = { by: { channel: 'cli' as const }, repository: 'github.com/o/boats', number: 7 };
  return {
    type: 'pull_request_changed',
    ...about,
    change: { url: 'u', state: 'merged', watched: false, mergeCommit },
  };
}

export function mergedHere(commit: string): NewEvent {
  return { type: 'merge_ended', into: 'main', outcome: 'merged', commit, files: [], commands: [] };
}
