import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandResult, runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../support/ci.ts';
import { installCli } from '../../support/install-clis.ts';
import { connect } from '../../support/mcp-client.ts';
import { type TempDir, tempDir } from '../../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** Required files, and files that are also allowed. */
const PROMISED = [
  '.env.example',
  'LICENSE',
  'README.md',
  'THIRD-PARTY-NOTICES.md',
  'dist',
  'mcp.json.example',
  'package.json',
];
/** Bytes, packed and on the disk; an `npx` without a cache downloads and unpacks all of it. */
// Of it 110 kB for the live page with its inbox, diffs and MCP, 43 (121 on the disk) for the colours of code, 10 for agents of the Agent Client Protocol, 22 for the card in the chat,
// 110 (400 on the disk) for both eras of MCP, and 160 (480 on the disk) for the separate program of list and status.
// On 2026-11-29 it was 1,836 kB, and 5,582 on the disk.
const MAX_BYTES = { size: 1_900_000, unpackedSize: 5_800_000 };

interface Pack {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string }[];
}

let dir: TempDir;
let files: string[];
let sizes: typeof MAX_BYTES;
let env: Record<string, string>;
let program: (name: string) => string;

beforeAll(async () => {
  dir = await tempDir();
  const home = join(dir.path, 'home');
  const installed = join(dir.path, 'installed');
  await Promise.all([mkdir(home), mkdir(installed)]);
  env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    npm_config_cache: join(dir.path, 'cache'),
    SAMOCODE_SUPERVISOR: 'off',
    KEEP_AWAKE: 'no',
  };
  // Built already: packing must not build into a folder that other tests run from.
  const packed = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', dir.path], ROOT);
  const [pack] = JSON.parse(packed.stdout) as [Pack];
  files = pack.files.map(({ path }) => path);
  sizes = { size: pack.size, unpackedSize: pack.unpackedSize };
  await npm(['init', '--yes'], installed);
  await npm(['install', '--offline', '--no-audit', '--no-fund', join(dir.path, pack.filename)], installed);
  program = (name) => join(installed, 'node_modules', '.bin', name);
});

afterAll(() => dir[Symbol.asyncDispose]());

async function npm(args: string[], cwd: string): Promise<CommandResult> {
  const result = await runCommand('npm', args, { cwd, env });
  if (result.exitCode !== 0) throw new Error(`npm ${args[0]}: ${result.stderr}`);
  return result;
}

test('the tarball contains the expected files and nothing else', ci, () => {
  const topLevel = new Set(files.map((path) => path.split('/')[0] ?? ''));
  expect([...topLevel].sort()).toEqual(PROMISED);
});

test('every file of the tarball is in its golden list', async () => {
  const listed = [...files].sort().join('\n');
  await expect(`${listed}\n`).toMatchFileSnapshot(join(ROOT, 'tests/golden/tarball.txt'));
});

test('no program tests for browser globals: since Node 25 that alone prints a warning', async () => {
  const code = files.filter((path) => /^dist\/.*\.c?js$/.test(path));
  const texts = await Promise.all(
    code.map(async (path) => [path, await readFile(join(ROOT, path), 'utf8')] as const),
  );
  // The page's script, which the programs have as a text, keeps choices there; in quotes it is a word to colour.
  const ofPage = /localStorage\.[gs]etItem\(|["']localStorage/g;
  const reads = texts.filter(([, text]) => text.replaceAll(ofPage, '').includes('localStorage'));
  expect(reads.map(([path]) => path)).toEqual([]);
});

test('the tarball is small enough for npx to fetch it while a client waits', ci, () => {
  expect(sizes.size).toBeLessThan(MAX_BYTES.size);
  expect(sizes.unpackedSize).toBeLessThan(MAX_BYTES.unpackedSize);
});

test('no test, fault point or source map is in the tarball', () => {
  expect(files.filter((path) => /\.(?:map|ts)$|tests?\/|dist-test/.test(path))).toEqual([]);
});

test('it installs offline, without any further package', async () => {
  const { stdout } = await npm(['ls', '--all', '--parseable'], join(dir.path, 'installed'));
  expect(stdout.trim().split('\n')).toHaveLength(2);
});

// `npm run demo` plays it on the Node that runs the tests.
test('the installed demo succeeds on Node 22, and its agents go the shortest way', async () => {
  const node = await installCli('node22');
  const { stdout, exitCode } = await runCommand(program('samocode'), ['demo', '--json'], {
    cwd: dir.path,
    // The programs it starts, workers, agents and the project's tests, find no other Node.
    env: { ...env, PATH: `${dirname(node.path)}:${env.PATH}` },
    timeoutMs: 600_000,
  });
  const { phases: played, ...end } = JSON.parse(stdout);
  expect(end).toMatchObject({
    ...{ ok: true, problems: [], main_untouched: true },
    proof: { verified: true },
  });
  const checks = ['node --test', 'node --test test/undo.test.js', 'grep -q undo README.md'];
  expect(end.proof.checks).toMatchObject(checks.map((command) => ({ command, found: 0 })));
  expect(played).toEqual(['investigation', 'requirements', 'implementation', 'testing', 'quality']);
  expect([end.iterations, end.quick.iterations]).toEqual([7, 1]);
  expect(exitCode).toBe(0);
});

test('the installed server answers initialize and lists its tools', async () => {
  const command = { command: program('samocode-mcp') };
  await using connection = await connect({ command, env, cwd: dir.path });
  const { tools } = await connection.client.listTools();
  expect(tools.map(({ name }) => name)).toContain('start_session');
});

// As services of some systems and containers have it.
const FEW_FILES = ['-c', 'ulimit -n 128; exec "$0" "$@"'];

test('server and command line start where a process may open 128 files', async () => {
  const { stdout } = await runCommand('sh', [...FEW_FILES, program('samocode'), '--help'], {
    cwd: dir.path,
    env,
  });
  expect(stdout).toContain('Usage: samocode');
  const command = { command: 'sh', args: [...FEW_FILES, program('samocode-mcp')] };
  await using connection = await connect({ command, env, cwd: dir.path });
  expect((await connection.client.listTools()).tools).not.toEqual([]);
});
