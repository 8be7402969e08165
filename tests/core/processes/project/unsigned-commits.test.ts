// @module-tag ci
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { unsignedCommits } from '../../../../src/core/project/git/unsigned-commits.ts';
import { makeRepo } from '../../../support/temp-repo.ts';

test('commits without a signature count only for a user who signs', async () => {
  await using repo = await makeRepo();
  const since = (await repo.git(['rev-parse', 'HEAD'])).trim();
  const key = join(repo.root, 'key');
  await runCommand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key], { env: repo.env });
  await repo.commit('Plain', { 'a.txt': 'a\n' });
  await repo.git(['config', 'gpg.format', 'ssh']);
  await repo.git(['config', 'user.signingKey', key]);
  await repo.git(['commit', '-q', '-S', '--allow-empty', '-m', 'Signed\n\ngpgsig of nobody']);
  await repo.git(['commit', '-q', '--no-gpg-sign', '--allow-empty', '-m', 'gpgsig is only its subject']);
  const count = () => unsignedCommits({ mainRepo: repo.path, since, tip: 'HEAD' }, { baseEnv: repo.env });
  expect(await count()).toBe(0);
  await repo.git(['config', 'commit.gpgSign', 'true']);
  expect(await count()).toBe(2);
  await repo.git(['rebase', '-q', '--force-rebase', '--gpg-sign', since]);
  expect(await count()).toBe(0);
});
