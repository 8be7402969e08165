import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../src/core/kernel/clock.ts';
import { systemHost } from '../src/core/kernel/processes/host.ts';
import { readSession } from '../src/core/session/folder/read-session.ts';
import { sessionPaths } from '../src/core/session/layout/paths.ts';
import { builtPrograms } from '../tests/support/built-programs.ts';
import { PATIENT_CLOCK } from '../tests/support/live-session.ts';
import { makeProject } from '../tests/support/project.ts';
import { startSession } from '../tests/support/start-session.ts';
import { endProcessesOf, SUPERVISED } from '../tests/support/supervisors.ts';
import { type Bench, round } from './bench.ts';

const SESSIONS = 50;
const POLL_MS = 500;
const GC_MS = 3000;

// Otherwise set by the bundler; read when a file is written.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-bench' });

/** Whole sessions with scripted agents, all at the same time. */
export const sessionsBench: Bench = {
  name: 'sessions',
  title: `${SESSIONS} sessions at once`,
  about: `${SESSIONS} rehearsal sessions of one project from start to done with MAX_PARALLEL=${SESSIONS}, gates opened in advance, with a git gc every few seconds`,
  runsOnce: true,
  means: {
    unfinished: 'sessions that did not finish',
    iterations: 'iterations of all of them',
    seconds: 's from the first start until all are done, including agents and checks of the project',
    peakMb: 'peak MB of all workers and the supervisor, without agents (PSS: shared memory counts once)',
    peakMbEach: 'MB of that for each session',
    peakWorkers: 'maximum number of workers at the same time',
    gcs: 'runs of git gc meanwhile',
    gitKbEach: 'kB by which .git grew with each iteration, after a last git gc',
    runKbEach: 'kB in the run folders for each iteration',
  },
  async run() {
    const { worker, rehearsal } = await builtPrograms();
    const { repo, context, sessionsDir } = await makeProject({
      lines: { MAX_PARALLEL: String(SESSIONS) },
      env: { SAMOCODE_REHEARSAL_PACE_MS: '0', ...SUPERVISED },
      acting: { programs: { worker, rehearsal } },
    });
    try {
      // Each start runs git with a listener that ends it together with this process.
      process.setMaxListeners(SESSIONS * 2);
      await repo.git(['gc', '--quiet']);
      const gitKb = () => kilobytesIn(join(repo.path, '.git'));
      const gitKbBefore = gitKb();
      const begun = systemClock.monotonic();
      const input = { task: 'Give every boat a name', acceptSuggestions: true, autoApprove: true };
      const starts = Array.from({ length: SESSIONS }, (_, index) =>
        startSession({ ...input, name: `boats-${index}` }, { ...context, clock: PATIENT_CLOCK }),
      );
      const folders = (await Promise.all(starts)).map(({ view }) => view.folder);
      const host = await systemHost();
      const states = async () =>
        await Promise.all(
          folders.map(async (folder) => (await readSession(sessionPaths(sessionsDir, folder), host))?.state),
        );
      const peak = { mb: 0, workers: 0 };
      let now = await states();
      let gcs = 0;
      while (now.some((state) => !['done', 'blocked'].includes(state?.status.kind ?? ''))) {
        const { mb, workers } = await memoryOf(repo.homeDir);
        peak.mb = Math.max(peak.mb, mb);
        peak.workers = Math.max(peak.workers, workers);
        if (systemClock.monotonic() - begun > (gcs + 1) * GC_MS) {
          await repo.git(['gc', '--quiet']);
          gcs += 1;
        }
        await systemClock.sleep(POLL_MS);
        now = await states();
      }
      const seconds = (systemClock.monotonic() - begun) / 1000;
      await repo.git(['gc', '--quiet']);
      const iterations = now.reduce((sum, state) => sum + (state?.progress.totalIterations ?? 0), 0);
      const runKb = folders.reduce(
        (sum, folder) => sum + kilobytesIn(sessionPaths(sessionsDir, folder).runDir),
        0,
      );
      return {
        values: {
          unfinished: now.filter((state) => state?.status.kind !== 'done').length,
          iterations,
          seconds: round(seconds),
          peakMb: round(peak.mb),
          peakMbEach: round(peak.mb / SESSIONS),
          peakWorkers: peak.workers,
          gcs,
          gitKbEach: round((gitKb() - gitKbBefore) / iterations),
          runKbEach: round(runKb / iterations),
        },
        goals: [
          { value: 'unfinished', atMost: 0 },
          { value: 'peakMbEach', atMost: 85 },
        ],
      };
    } finally {
      await endProcessesOf(repo.homeDir);
      await repo[Symbol.asyncDispose]();
    }
  },
};

/** Megabytes of our own processes with this HOME, and how many of them are workers. */
async function memoryOf(homeDir: string): Promise<{ mb: number; workers: number }> {
  const { processes } = await systemHost();
  const all = await processes.list();
  const ours = await Promise.all(
    all.map(async ({ pid }) => {
      const command = await processes.commandOf(pid);
      const program = /(worker|supervisor)\.cjs/.exec(command ?? '')?.[1];
      if (program === undefined || !(await environmentOf(pid)).includes(`HOME=${homeDir}`)) return [];
      return [{ program, mb: await proportionalMb(pid) }];
    }),
  );
  const found = ours.flat();
  return {
    mb: found.reduce((sum, { mb }) => sum + mb, 0),
    workers: found.filter(({ program }) => program === 'worker').length,
  };
}

async function environmentOf(pid: number): Promise<string[]> {
  return (await readFile(join('/proc', String(pid), 'environ'), 'utf8').catch(() => '')).split('\0');
}

async function proportionalMb(pid: number): Promise<number> {
  const text = await readFile(join('/proc', String(pid), 'smaps_rollup'), 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024;
}

/** As `du` counts it: whole blocks. */
function kilobytesIn(folder: string): number {
  return Number(execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')[0]);
}
