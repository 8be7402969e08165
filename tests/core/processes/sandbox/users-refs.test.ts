import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readRecords } from '../../../../src/core/project/git/git.ts';
import { usersRefs } from '../../../../src/core/sandbox/private-git/private-git.ts';
import { asOrdinaryUser } from '../../../support/ordinary-user.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('the refs that agents get are those that git lists, whether packed, in files, symbolic or broken', async () => {
  await using repo = await makeRepo({ files: { a: '1' } });
  const dir = join(repo.path, '.git');
  const file = async (name: string, text: string) => {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  };
  for (const name of ['moved', 'packed', 'deleted', 'broken']) await repo.git(['branch', name]);
  await repo.git(['tag', '-a', '-m', 'x', 'v1']);
  await repo.git(['update-ref', 'refs/remotes/origin/main', 'main']);
  await repo.git(['update-ref', 'refs/samocode/one/1', 'main']);
  await repo.git(['pack-refs', '--all']);
  await repo.commit('Second', { b: '2' });
  await repo.git(['branch', '-f', 'moved', 'main']);
  await repo.git(['branch', '-D', 'deleted']);
  await repo.git(['symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main']);
  await repo.git(['symbolic-ref', 'refs/heads/alias', 'refs/remotes/origin/HEAD']);
  await repo.git(['update-ref', 'refs/samocode/one/2', 'main']);
  await writeFile(join(repo.path, 'a'), 'stashed');
  await repo.git(['stash']);
  const hash = await readFile(join(dir, 'refs/heads/moved'), 'utf8');
  for (const name of ['ünï-cödé', 'a&b$c;d']) await file(`refs/heads/${name}`, hash);
  for (const name of ['a space', 'left.lock', '.hidden', 'ends.', 'a..b'])
    await file(`refs/heads/${name}`, hash);
  await file('refs/heads/broken', 'no hash\n');
  await file('refs/heads/nowhere', 'ref: refs/heads/none\n');
  for (const [one, other] of ['ab', 'ba'])
    await file(`refs/heads/circle-${one}`, `ref: refs/heads/circle-${other}\n`);
  const listed: string[] = [];
  const options = { baseEnv: repo.env, cwd: repo.path, encoding: 'latin1' as const };
  const take = (line: string) => void (/^refs\/(?:samocode|stash)/.test(line) || listed.push(line));
  await readRecords(['for-each-ref', '--format=%(refname) %(objectname)'], options, take, '\n');
  expect([...usersRefs(dir)].map(([name, object]) => `${name} ${object}`).sort()).toEqual(listed.sort());
  expect(listed.length).toBe(9);
  // Packed with an older value, which git does not fall back to, either.
  await chmod(repo.root, 0o755);
  await chmod(join(dir, 'refs/heads/moved'), 0);
  expect(await asOrdinaryUser(async () => [...usersRefs(dir).keys()])).not.toContain('refs/heads/moved');
});
