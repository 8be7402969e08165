import { chmod, lstat, mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'dotenv';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { setInEnvFile } from '../../../../src/extensions/notify/telegram/env-file.ts';
import { tempDir } from '../../../support/temp-dir.ts';

test('values are read back as they were set, and other lines are not changed', async () => {
  const name = fc.constantFrom('A', 'TOKEN', 'CHAT_ID', 'OTHER');
  const line = fc.oneof(
    fc.tuple(name, fc.stringMatching(/^[\w:-]{0,12}$/)).map(([key, value]) => `${key}=${value}`),
    fc.constantFrom('', '# a comment', 'export TOKEN=old', '  CHAT_ID = 7', 'no line of settings'),
  );
  await using home = await tempDir();
  const path = await setInEnvFile(home.path, {});
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.stringMatching(/^[\w:-]{1,20}$/), async (lines, value) => {
      const text = lines.join('\n');
      await writeFile(path, text);
      await setInEnvFile(home.path, { TOKEN: value, CHAT_ID: '-100' });
      const changed = await readFile(path, 'utf8');
      expect(parse(changed)).toEqual({ ...parse(text), TOKEN: value, CHAT_ID: '-100' });
      const others = (all: string) =>
        all.split('\n').filter((each) => each !== '' && !/TOKEN|CHAT_ID/.test(each));
      expect(others(changed)).toEqual(others(text));
    }),
  );
});

test('afterwards only its user may read the file, and a link remains a link', async () => {
  await using home = await tempDir();
  const path = await setInEnvFile(home.path, { A: '1' });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await chmod(path, 0o644);
  await mkdir(join(home.path, 'dotfiles'));
  await rename(path, join(home.path, 'dotfiles/env'));
  await symlink('../../dotfiles/env', path);
  await setInEnvFile(home.path, { B: '2' });
  expect((await lstat(path)).isSymbolicLink()).toBe(true);
  expect(await readFile(join(home.path, 'dotfiles/env'), 'utf8')).toBe('A=1\nB=2\n');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});
