import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { installCli } from '../../../support/install-clis.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { REPLACEMENTS, REVISIONS, type Revision, SCENARIOS } from './conformance-scenarios.ts';
import { mountModern, mountServer } from './mounted-server.ts';
import { mountTasks } from './mounted-tasks.ts';

interface Check {
  id: string;
  status: string;
  errorMessage?: string;
  details?: { messagesValidated?: number };
}

const passingIn = (revision: Revision) =>
  Object.keys(SCENARIOS).filter((name) => ['both', revision].includes(String(SCENARIOS[name])));

/** Fails only because the server has no diagnostic tool of the suite. */
const isUntestable = ({ errorMessage = '' }: Check) => errorMessage.startsWith('Not testable: ');

test('every scenario of the suite has a verdict, in its order', ci, async () => {
  const suite = await installCli('conformance');
  const { stdout } = await runCommand(suite.path, ['list', '--server']);
  const listed = [...stdout.matchAll(/^ {2}- (\S+)/gm)].map(([, name = '']) => name);
  expect(Object.keys(SCENARIOS)).toEqual(listed);
});

const [LEGACY, MODERN] = REVISIONS;

describe.each([
  ['the server of stdio', LEGACY, mountServer],
  ['the server of stdio', MODERN, mountModern],
] as const)('%s in revision %s', (_name, revision, mount) => {
  const checks = new Map<string, Check[]>();

  beforeAll(async () => {
    const suite = await installCli('conformance');
    await using bench = await makeBench();
    await using server = await mount(bench.context, REPLACEMENTS);
    const outDir = join(bench.repo.root, 'conformance');
    const all = ['--requirements', revision, '--output-dir', outDir];
    const args = ['server', '--url', server.url, ...all];
    await runCommand(suite.path, args, { cwd: bench.repo.root, timeoutMs: 600_000 });
    for (const folder of await readdir(outDir)) {
      const name = folder.replace(/^server-/, '').replace(/-\d{4}-\d{2}-\d{2}T.*$/, '');
      checks.set(name, JSON.parse(await readFile(join(outDir, folder, 'checks.json'), 'utf8')));
    }
  }, 1_200_000);

  test.each(passingIn(revision))('%s passes', (name) => {
    const found = checks.get(name) ?? [];
    expect(found.filter((check) => check.status === 'FAILURE' && !isUntestable(check))).toEqual([]);
    expect(found.some(({ id, status }) => status === 'SUCCESS' && id !== 'wire-schema-valid')).toBe(true);
  });

  test('every message of the server matches the schema of the protocol, even where a scenario asks for a missing feature', () => {
    const found = [...checks.values()].flat().filter(({ id }) => id === 'wire-schema-valid');
    expect(found.filter(({ status }) => status !== 'SUCCESS')).toEqual([]);
    const validated = found.map(({ details }) => details?.messagesValidated ?? 0);
    expect(validated.reduce((all, each) => all + each, 0)).toBeGreaterThan(100);
  });
});

test.each(Object.keys(SCENARIOS).filter((name) => SCENARIOS[name] === 'tasks'))(
  '%s passes on the server of stdio, whose wait becomes a task',
  ci,
  async (name) => {
    const suite = await installCli('conformance');
    await using dir = await tempDir();
    await using server = await mountTasks();
    const args = ['server', '--url', server.url, '--scenario', name, '--output-dir', dir.path];
    await runCommand(suite.path, args, { cwd: dir.path, timeoutMs: 120_000 });
    const [folder = ''] = await readdir(dir.path);
    const found: Check[] = JSON.parse(await readFile(join(dir.path, folder, 'checks.json'), 'utf8'));
    expect(found.filter(({ status }) => status !== 'SUCCESS')).toEqual([]);
    expect(found.length).toBeGreaterThan(2);
  },
);
