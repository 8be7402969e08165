import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../../support/ci.ts';
import { preparedSessions } from '../../../support/prepared-sessions.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { typed } from '../../unit/cli/typed.ts';

// A short command spends most of its time on loading its code, which these tests count because times differ by machine.

const PROGRAM = join(import.meta.dirname, '../../../../dist/samocode.js');

/**
 * Each command line with the files of ours that it may load, and how many kilobytes they have at most. On 2026-12-01 it was
 * 66 and 575: 53 are the words of completions, and 9 load compiled code, which takes a fifth off a `list`. Of what `list`
 * loads, a third is zod, commander and chokidar.
 */
const ROWS: readonly [name: string, argv: string[], files: string[], kilobytes: number][] = [
  ['--version', ['--version'], ['samocode.js'], 67],
  ['version', ['version'], ['samocode.js'], 67],
  ['a completion script', ['completion', 'bash'], ['samocode.js'], 67],
  ['the completion of a command', ['__complete', '--', 'sta'], ['samocode.js'], 67],
  ['the completion of an option', ['__complete', '--', 'list', '--'], ['samocode.js'], 67],
  [
    'the completion of a session',
    ['__complete', '--', 'status', ''],
    ['samocode-reading.cjs', 'samocode.js'],
    577,
  ],
  ['list', ['list'], ['samocode-reading.cjs', 'samocode.js'], 577],
  ['status', ['status', 'boat'], ['samocode-reading.cjs', 'samocode.js'], 577],
  ['list with an unknown option', ['list', '--al'], ['samocode-reading.cjs', 'samocode.js'], 577],
];

test.each(ROWS)('%s loads no more than its own files', ci, async (_name, argv, files, kilobytes) => {
  const { repo } = await preparedSessions(1);
  await using _repo = repo;
  await using coverage = await tempDir();
  const env = { ...repo.env, NODE_V8_COVERAGE: coverage.path };
  const { stdout, stderr } = await runCommand(process.execPath, [PROGRAM, ...argv], { cwd: repo.path, env });
  expect(stdout + stderr).not.toBe('');
  const loaded = await loadedFiles(coverage.path);
  expect(loaded.map((path) => basename(path)).sort()).toEqual(files);
  const sizes = await Promise.all(loaded.map(async (path) => (await stat(path)).size));
  expect(sizes.reduce((all, size) => all + size, 0)).toBeLessThan(kilobytes * 1000);
});

test.each([
  [['list', '--help']],
  [['status', '--help']],
  [['list', '--al']],
  [['status', 'boat', 'bridge']],
  [['list', '--state', 'x', '--json']],
  [['status', 'no-such-session']],
])('the small program answers %j as the whole one does', async (argv) => {
  const { repo } = await preparedSessions(1);
  await using _repo = repo;
  const place = { cwd: repo.path, home: repo.env.HOME ?? '' };
  const { stdout, stderr, exitCode } = await runCommand(process.execPath, [PROGRAM, ...argv], {
    cwd: repo.path,
    env: repo.env,
  });
  expect({ stdout, stderr, exitCode }).toEqual(await typed(argv, place));
});

test('the small program says what a session waits for', ci, async () => {
  const { repo } = await preparedSessions(1);
  await using _repo = repo;
  const place = { cwd: repo.path, env: repo.env };
  const { stdout, exitCode } = await runCommand(process.execPath, [PROGRAM, 'status', 'boat'], place);
  expect({ stdout, exitCode }).toEqual({ stdout: expect.stringContaining('waits for answers'), exitCode: 0 });
});

/** The files that Node has compiled, as its report of covered code names them. */
async function loadedFiles(reports: string): Promise<string[]> {
  const names = await readdir(reports);
  const texts = await Promise.all(names.map((name) => readFile(join(reports, name), 'utf8')));
  const urls = texts.flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result);
  return urls.flatMap(({ url }) => (url.startsWith('file:') ? [fileURLToPath(url)] : []));
}
