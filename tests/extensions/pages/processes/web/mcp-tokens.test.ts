// @module-tag ci
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../../src/core/kernel/processes/run-command.ts';
import {
  addToken,
  readTokens,
  revokeToken,
  tokenIn,
} from '../../../../../src/extensions/pages/web/server/tokens.ts';
import { builtPrograms } from '../../../../support/built-programs.ts';
import { makeProject } from '../../../../support/project.ts';

const PHONE = { name: 'phone', isReadOnly: false };

test('only the hash of a token is kept, in a file that its owner alone can read', async () => {
  const { repo, context } = await makeProject({ bare: true });
  await using _ = repo;
  const text = await addToken(PHONE, context);
  const path = join(repo.homeDir, '.config/samocode/web-tokens.json');
  expect(await readFile(path, 'utf8')).not.toContain(text);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(tokenIn(`Bearer ${text}`, repo.homeDir)).toMatchObject(PHONE);
  const [{ hash } = { hash: '' }] = readTokens(repo.homeDir);
  for (const header of [undefined, '', 'Bearer ', `Bearer ${text}x`, `Bearer ${hash}`])
    expect(tokenIn(header, repo.homeDir)).toBeUndefined();
});

test.each(['', '.', '-phone', 'my phone', '../phone', 'p'.repeat(41), 'phone\n'])(
  '%j is no name of a token',
  async (name) => {
    const { repo, context } = await makeProject({ bare: true });
    await using _ = repo;
    await expect(addToken({ ...PHONE, name }, context)).rejects.toMatchObject({ code: 'token_name' });
    expect(readTokens(repo.homeDir)).toEqual([]);
  },
);

test('a name has one token at a time; once revoked, it can have a new one', async () => {
  const { repo, context } = await makeProject({ bare: true });
  await using _ = repo;
  const first = await addToken(PHONE, context);
  await expect(addToken(PHONE, context)).rejects.toMatchObject({ code: 'token_name' });
  await revokeToken('phone', context);
  await expect(revokeToken('phone', context)).rejects.toMatchObject({ code: 'token_not_found' });
  const second = await addToken(PHONE, context);
  expect(tokenIn(`Bearer ${first}`, repo.homeDir)).toBeUndefined();
  expect(tokenIn(`Bearer ${second}`, repo.homeDir)).toMatchObject(PHONE);
});

test('a damaged file opens nothing', async () => {
  const { repo, context } = await makeProject({ bare: true });
  await using _ = repo;
  const text = await addToken(PHONE, context);
  await writeFile(join(repo.homeDir, '.config/samocode/web-tokens.json'), '[{"name":"phone"');
  expect(tokenIn(`Bearer ${text}`, repo.homeDir)).toBeUndefined();
});

test('a model adds no token, and is told who can', async () => {
  const { repo, context } = await makeProject({ bare: true });
  await using _ = repo;
  const { cli } = await builtPrograms();
  const options = { cwd: repo.path, env: repo.env };
  const added = await runCommand(process.execPath, [cli, 'web', 'token', 'add', 'phone'], options);
  expect(added.exitCode).toBe(1);
  expect(added.stderr).toContain('Ask the user to run "samocode web token add phone"');
  await addToken(PHONE, context);
  const listed = await runCommand(process.execPath, [cli, 'web', 'token', 'list', '--json'], options);
  expect(JSON.parse(listed.stdout)).toEqual({
    tokens: [{ name: 'phone', is_read_only: false, added_at: expect.any(String) }],
  });
});
