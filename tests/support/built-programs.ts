import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startQuickly } from './quick-start.ts';

/** The programs as they are published, by absolute path. */
export interface BuiltPrograms {
  server: string;
  worker: string;
  rehearsal: string;
  cli: string;
  /** Of action.yml. */
  action: string;
  /** The file of an additional entry point. */
  extra(name: string): string;
}

const CACHE = join(process.cwd(), 'node_modules/.cache/samocode-tests');
// Everything that is compiled into the programs.
const SOURCES = [
  'src',
  'workflow',
  'agents',
  'prompts',
  'commands',
  'skills',
  'package.json',
  'scripts/build.mjs',
  'tests/support/quick-start.ts',
  'tests/support/rehearsal',
];
/** Builds the rehearsal agent that can do what a process can do wrong. */
export const WITH_DIFFICULT_ACTS = ['--rehearsal', resolve('tests/support/rehearsal/main.ts')];
/** Where programs note what they reach. */
const REACHED = process.env.SAMOCODE_REACHED;
const KEPT_MS = 3_600_000;
/** Names the fingerprint of the sources: it is computed once per run, from about a thousand files. */
const SOURCES_NOW = 'SAMOCODE_TEST_SOURCES';

/** Before the first test of a run, and before each further one of `vitest watch`. */
export async function fixSources(): Promise<void> {
  process.env[SOURCES_NOW] = await fingerprintOf(SOURCES);
  await builtPrograms();
  await builtPrograms({}, { faults: true });
}

/**
 * Builds the programs from the current sources, unless that was done already: dist/ may be old, or be rebuilt during
 * the run. There is one folder per state of the sources, shared by all test processes.
 * @param extra further entry points, name to path, bundled in the same way
 * @param options `faults`: with crash and fault points compiled in
 */
export async function builtPrograms(
  extra: Readonly<Record<string, string>> = {},
  { faults = false } = {},
): Promise<BuiltPrograms> {
  const own = process.env[SOURCES_NOW] ?? (await cachedFingerprint(SOURCES));
  const also =
    Object.keys(extra).length > 0 ? await cachedFingerprint(Object.values(extra).map(folderOf)) : '';
  const kind = (faults ? 'faults-' : '') + (REACHED === undefined ? '' : 'noting-');
  const folder = join(CACHE, `programs-${kind}${own}${also}`);
  // Concurrent tests in one process wait for the same build.
  const building = builds.get(folder) ?? buildOnce(folder, extra, faults);
  builds.set(folder, building);
  await building;
  return {
    server: join(folder, 'samocode-mcp.js'),
    worker: join(folder, 'worker.cjs'),
    rehearsal: join(folder, 'samocode-rehearsal.cjs'),
    cli: join(folder, 'samocode.js'),
    action: join(folder, 'action.cjs'),
    extra: (name) => join(folder, `${name}.mjs`),
  };
}

const builds = new Map<string, Promise<void>>();

async function buildOnce(
  folder: string,
  extra: Readonly<Record<string, string>>,
  faults: boolean,
): Promise<void> {
  if (!(await exists(folder))) await buildInto(folder, extra, faults);
}

async function buildInto(
  folder: string,
  extra: Readonly<Record<string, string>>,
  faults: boolean,
): Promise<void> {
  const draft = `${folder}.${process.pid}`;
  const also = Object.entries(extra).flatMap(([name, path]) => ['--also', `${name}=${path}`]);
  const args = [
    'scripts/build.mjs',
    '--outdir',
    draft,
    '--version',
    '0.0.0-test',
    ...WITH_DIFFICULT_ACTS,
    ...also,
  ];
  if (faults) args.push('--faults');
  if (REACHED !== undefined) args.push('--noting', REACHED);
  await promisify(execFile)(process.execPath, args);
  await startQuickly(draft);
  // Another test process may have been faster; its folder is the same.
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  await removeOld();
}

async function removeOld(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    if (!name.startsWith('programs-')) continue;
    const path = join(CACHE, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats && Date.now() - stats.mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

const fingerprints = new Map<string, Promise<string>>();

function cachedFingerprint(paths: readonly string[]): Promise<string> {
  const key = paths.join();
  const fingerprint = fingerprints.get(key) ?? fingerprintOf(paths);
  fingerprints.set(key, fingerprint);
  return fingerprint;
}

async function fingerprintOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of [...new Set(paths)].sort()) {
    const names = (await stat(path)).isDirectory() ? await readdir(path, { recursive: true }) : [''];
    for (const name of names.sort()) {
      const stats = await stat(join(path, name)).catch(() => undefined);
      if (stats?.isFile()) hash.update(`${path}/${name}:${stats.size}:${stats.mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
