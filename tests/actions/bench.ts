import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll } from 'vitest';
import type { ActionContext } from '../../src/actions/context.ts';
import { setupProject } from '../../src/actions/setup-project.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemHost } from '../../src/base/host.ts';
import { readHolding } from '../../src/base/lease.ts';
import { leaveCommand } from '../../src/session/commands.ts';
import { sessionPaths } from '../../src/session/paths.ts';
import { sessionFolders } from '../../src/session/session-list.ts';
import { readSession, type SessionView } from '../../src/session/status.ts';
import { tempDir } from '../support/temp-dir.ts';
import { makeRepo, type RepoPlan, type TempRepo } from '../support/temp-repo.ts';

/** The programs as they are published, built side by side into a folder of one test run. */
export interface Programs {
  server: string;
  worker: string;
  rehearsal: string;
}

const ONE_FILE_EACH = {
  worker: 'src/worker/main.ts',
  'samocode-rehearsal': 'src/providers/rehearsal/main.ts',
};

let built: Promise<Programs> | undefined;

afterAll(async () => {
  if (built) await rm(dirname((await built).worker), { recursive: true, force: true });
});

/** Builds the programs once per test file; the folder goes with its last test. */
export function programs(): Promise<Programs> {
  built ??= buildInto();
  return built;
}

async function buildInto(): Promise<Programs> {
  const { path: outdir } = await tempDir('samocode-programs-');
  const options = {
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    loader: { '.md': 'text' },
    define: { __FAULTS__: 'false', __VERSION__: '"0.0.0-test"' },
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  } as const;
  await build({ ...options, entryPoints: ONE_FILE_EACH });
  await build({ ...options, entryPoints: { 'samocode-mcp': 'src/server/main.ts' }, splitting: true });
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}\n');
  return {
    server: join(outdir, 'samocode-mcp.js'),
    worker: join(outdir, 'worker.js'),
    rehearsal: join(outdir, 'samocode-rehearsal.js'),
  };
}

export interface Bench extends AsyncDisposable {
  repo: TempRepo;
  context: ActionContext;
  sessionsDir: string;
  worktreesDir: string;
  /** Reads one session by its folder. */
  view(folder: string): Promise<SessionView>;
}

export interface BenchPlan extends RepoPlan {
  /** Lines of `.samocode` beside the folders. */
  lines?: Record<string, string>;
  /** No `.samocode` yet. */
  bare?: boolean;
}

/** A real project in a temporary folder whose children are rehearsals; what still runs at its end is stopped. */
export async function makeBench(plan: BenchPlan = {}): Promise<Bench> {
  const repo = await makeRepo(plan);
  const { worker, rehearsal } = await programs();
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: repo.env,
    home: repo.homeDir,
    cwd: repo.path,
    by: { channel: 'cli' },
    programs: { worker, rehearsal },
  };
  if (!plan.bare) await setupProject({ lines: { PROVIDER: 'rehearsal', ...plan.lines } }, context);
  const sessionsDir = join(repo.path, '_samocode/sessions');
  return {
    repo,
    context,
    sessionsDir,
    worktreesDir: join(repo.path, '_samocode/worktrees'),
    async view(folder) {
      const view = await readSession(sessionPaths(sessionsDir, folder), context.host);
      if (!view) throw new Error(`There is no session ${folder}.`);
      return view;
    },
    async [Symbol.asyncDispose]() {
      for (const folder of await sessionFolders(sessionsDir)) await endWorker(sessionsDir, folder, context);
      await repo[Symbol.asyncDispose]();
    },
  };
}

/** Lets a worker stop its child itself, then makes sure that it is gone. */
async function endWorker(sessionsDir: string, folder: string, context: ActionContext): Promise<void> {
  const paths = sessionPaths(sessionsDir, folder);
  const { clock, by, host } = context;
  const at = new Date(clock.now()).toISOString();
  const id = STOP_ID;
  for (let tries = 0; tries < 200; tries += 1) {
    const holding = await readHolding(paths.leases, host);
    if (holding.kind !== 'held' || holding.liveness !== 'alive') return;
    if (tries === 0) await leaveCommand(paths, { v: 1, id, by, at, kind: 'stop', when: 'now' });
    if (tries > 100) process.kill(holding.lease.owner.pid, 'SIGKILL');
    await clock.sleep(50);
  }
}

// Later than any real one, so that it is met last.
const STOP_ID = '7ZZZZZZZZZZZZZZZZZZZZZZZZZ';

/** Polls until `look` gives something. */
export async function eventually<T>(
  look: () => Promise<T | undefined | false>,
  limitMs = 30_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error('It did not come about in time.');
    await systemClock.sleep(25);
  }
}
