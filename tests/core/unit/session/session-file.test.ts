import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readSessionFile } from '../../../../src/core/session/log/read-session-file.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempLog } from '../../../support/temp-log.ts';

test('a session file is read back as it was written, and a missing one is reported as missing', async () => {
  await using log = await tempLog();
  expect(await readSessionFile(log.paths)).toBeUndefined();
  await writeFile(log.paths.sessionFile, JSON.stringify(sessionFileSample()));
  expect(await readSessionFile(log.paths)).toEqual(sessionFileSample());
});

test.each([
  ['torn', '{"v":1,"id":', 'It is not JSON'],
  ['a list', '[]', 'expected object'],
  ['without settings', JSON.stringify({ ...sessionFileSample(), settings: undefined }), 'settings'],
  ['with an unknown gate', JSON.stringify(sessionFileSample()).replace('"qa"', '"moat"'), 'gates'],
  ['of a newer samocode', '{"v":9}', 'A newer samocode wrote it (format 9)'],
])('a session file that is %s is an error that names the problem and the file', async (_, text, problem) => {
  await using log = await tempLog();
  await writeFile(log.paths.sessionFile, text);
  const error = await readSessionFile(log.paths).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'session_file_broken' });
  expect(String(error)).toContain(problem);
  expect(String(error)).toContain(log.paths.sessionFile);
});

test('a newer session file asks for an update, not for a backup', async () => {
  await using log = await tempLog();
  await writeFile(log.paths.sessionFile, '{"v":9}');
  await expect(readSessionFile(log.paths)).rejects.toMatchObject({
    hint: 'Update samocode on this machine.',
  });
});

test('a folder, link or pipe at its path is an error and does not block the reader', async () => {
  await using log = await tempLog();
  const { sessionFile } = log.paths;
  for (const plant of [['mkdir'], ['mkfifo'], ['ln', '-s', '/etc/hostname']]) {
    execFileSync(plant[0] ?? '', [...plant.slice(1), sessionFile]);
    await expect(readSessionFile(log.paths)).rejects.toMatchObject({ code: 'session_file_broken' });
    await rm(sessionFile, { recursive: true });
  }
});
