import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forgeRemotes } from '../../../../src/extensions/github/forge/forge-remotes.ts';
import { repositoryIn } from '../../../../src/extensions/github/forge/repository-name.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

/** As `ssh -G` answers for an alias, for a host without settings, and for a name that it refuses. */
const SSH = `#!/bin/sh
[ "$1 $2" = "-G --" ] || exit 9
case $3 in
github-work) echo user git; echo hostname github.com ;;
github.com-*) echo hostname ssh.github.com ;;
bad*) exit 255 ;;
*) echo "hostname $3" ;;
esac
`;

test.each([
  ['git@github-work:acme/app.git', 'github.com/acme/app'],
  ['github-work:acme/app', 'github.com/acme/app'],
  ['ssh://git@github.com-me:443/acme/app.git', 'github.com/acme/app'],
  ['git@git.example.org:acme/app.git', 'git.example.org/acme/app'],
  ['git@bad.example.org:acme/app.git', 'bad.example.org/acme/app'],
  ['https://github-work/acme/app.git', 'github-work/acme/app'],
  ['/home/me/app.git', undefined],
])('the remote %s is the repository %s, as ssh reads its settings', async (url, repository) => {
  await using repo = await makeRepo();
  const bin = join(repo.root, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'ssh'), SSH);
  await chmod(join(bin, 'ssh'), 0o755);
  await repo.git(['remote', 'add', 'origin', 'https://github.com/me/app.git']);
  await repo.git(['remote', 'set-url', '--push', 'origin', url]);
  await repo.git(['remote', 'add', 'upstream', url]);
  const baseEnv = { ...repo.env, PATH: `${bin}:${repo.env.PATH}` };
  const remotes = await forgeRemotes({ baseEnv, cwd: repo.path });
  expect(remotes.map((remote) => [repositoryIn(remote.url), repositoryIn(remote.pushUrl)])).toEqual([
    ['github.com/me/app', repository],
    [repository, repository],
  ]);
});
