import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { KeptFiles } from '../../src/worker/kept-files.ts';

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'samocode-test-kept-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

test('whatever was done to a kept file is undone and told', async () => {
  const folder = await folderOf({ changed: 'ours', gone: 'ours', linked: 'ours', left: 'ours', other: '' });
  const names = ['changed', 'gone', 'linked', 'left'];
  const kept = new KeptFiles();
  for (const name of names) await kept.keep(join(folder, name));
  await writeFile(join(folder, 'changed'), 'theirs');
  await rm(join(folder, 'gone'));
  await rm(join(folder, 'linked'));
  await symlink(join(folder, 'other'), join(folder, 'linked'));
  const told = await kept.restore();
  expect(told).toEqual(['changed', 'gone', 'linked'].map((name) => join(folder, name)));
  for (const name of names) expect(await readFile(join(folder, name), 'utf8')).toBe('ours');
  expect(await readFile(join(folder, 'other'), 'utf8')).toBe('');
});

test('files of an ended iteration are neither looked at nor remembered, those of the session are', async () => {
  const session = await folderOf({ 'session.json': '{}' });
  const ended = await folderOf({ 'child.json': '{}' });
  const kept = new KeptFiles();
  await kept.keep(join(session, 'session.json'));
  await kept.keep(join(ended, 'child.json'));
  kept.forgetIn(ended);
  expect(kept.textOf(join(ended, 'child.json'))).toBeUndefined();
  await writeFile(join(ended, 'child.json'), 'theirs');
  await writeFile(join(session, 'session.json'), 'theirs');
  expect(await kept.restore()).toEqual([join(session, 'session.json')]);
});
