import { access, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import { runCommand } from '../base/run-command.ts';
import { type Check, git } from './commands.ts';
import type { PromptFacts } from './prompt.ts';

/** What can be said about a repository without understanding it. */
export interface RepoFacts {
  /** Tracked files, sorted. */
  files: readonly string[];
  /** Extension and number of files, most frequent first. */
  languages: readonly (readonly [string, number])[];
  /** Number of commits of the checked-out branch. */
  commits: number;
  /** The last ones, newest first: `short subject`. */
  lastCommits: readonly string[];
  branch: string;
  tests: TestCommand;
}

export type TestCommand =
  | { kind: 'found'; check: Check; source: string }
  | { kind: 'unusable'; command: string; source: string; why: string }
  | { kind: 'none' };

export async function readRepoFacts(scene: Pick<PromptFacts, 'workingDir'>): Promise<RepoFacts> {
  const listed = (await git(scene, ['ls-files'])) ?? '';
  const files = listed.split('\n').filter(Boolean).sort();
  const counts = new Map<string, number>();
  for (const file of files) counts.set(extname(file), (counts.get(extname(file)) ?? 0) + 1);
  counts.delete('');
  const log = (await git(scene, ['log', '-5', '--format=%h %s'])) ?? '';
  return {
    files,
    languages: [...counts].sort(([a, left], [b, right]) => right - left || a.localeCompare(b)).slice(0, 6),
    commits: Number((await git(scene, ['rev-list', '--count', 'HEAD'])) ?? 0),
    lastCommits: log.split('\n').filter(Boolean),
    branch: (await git(scene, ['branch', '--show-current'])) || '(detached)',
    tests: await findTests(scene.workingDir),
  };
}

/** The repository's own test command, by its usual places; its tool must be on this machine. */
export async function findTests(root: string): Promise<TestCommand> {
  const fromPackage = await packageTests(root);
  if (fromPackage) return fromPackage;
  const makefile = await read(root, 'Makefile');
  if (makefile && /^test:/m.test(makefile)) return usable(root, { file: 'make', args: ['test'] }, 'Makefile');
  for (const [marker, pattern, file, args] of OTHER_TESTS) {
    const text = await read(root, marker);
    if (text !== undefined && pattern.test(text)) return usable(root, { file, args }, marker);
  }
  return { kind: 'none' };
}

const OTHER_TESTS = [
  ['pytest.ini', /(?:)/, 'pytest', ['-q']],
  ['pyproject.toml', /pytest/, 'pytest', ['-q']],
  ['tox.ini', /pytest/, 'pytest', ['-q']],
  ['Cargo.toml', /(?:)/, 'cargo', ['test']],
  ['go.mod', /(?:)/, 'go', ['test', './...']],
] as const;

async function packageTests(root: string): Promise<TestCommand | undefined> {
  const manifest = manifestOf((await read(root, 'package.json')) ?? '');
  const script = manifest?.test;
  if (!script || script.includes('no test specified')) return undefined;
  // Node's own runner needs neither npm nor installed packages.
  if (/^node --test(?: [\w./*-]+)*$/.test(script)) {
    return {
      kind: 'found',
      check: { file: 'node', args: script.split(' ').slice(1) },
      source: 'package.json',
    };
  }
  const tool = (await read(root, 'pnpm-lock.yaml'))
    ? 'pnpm'
    : (await read(root, 'yarn.lock'))
      ? 'yarn'
      : 'npm';
  const check = { file: tool, args: ['test'] };
  if (manifest.needsInstall && !(await exists(join(root, 'node_modules')))) {
    const why = 'its packages are not installed here (SETUP can do that)';
    return { kind: 'unusable', command: `${tool} test`, source: 'package.json', why };
  }
  return usable(root, check, 'package.json');
}

function manifestOf(text: string): { test: string | undefined; needsInstall: boolean } | undefined {
  try {
    const manifest: unknown = JSON.parse(text);
    const part = (name: string) => fieldsOf(fieldsOf(manifest)[name]);
    const { test } = part('scripts');
    const packages = { ...part('dependencies'), ...part('devDependencies') };
    return {
      test: typeof test === 'string' ? test : undefined,
      needsInstall: Object.keys(packages).length > 0,
    };
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

async function usable(root: string, check: Check, source: string): Promise<TestCommand> {
  const asked = await runCommand(check.file, [check.file === 'go' ? 'version' : '--version'], { cwd: root });
  if (asked.exitCode === 0) return { kind: 'found', check, source };
  const command = [check.file, ...check.args].join(' ');
  return { kind: 'unusable', command, source, why: `${check.file} is not on this machine` };
}

async function read(root: string, name: string): Promise<string | undefined> {
  return ifExists(readFile(join(root, name), 'utf8'));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
