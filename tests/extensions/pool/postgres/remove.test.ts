import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { typed } from '../../../app/unit/cli/typed.ts';
import { freePort } from '../../../support/free-port.ts';
import { query, startPostgres } from '../../../support/postgres-server.ts';
import { makeProject } from '../../../support/project.ts';
import { postgresBoards } from './postgres-boards.ts';

test('a removal that did not reach the database is completed by the same command', async () => {
  await using server = await startPostgres();
  await using rig = await postgresBoards(server);
  const { repo } = await makeProject();
  await using _ = repo;
  const remote = join(repo.root, 'remote.git');
  await repo.git(['init', '--quiet', '--bare', remote], repo.root);
  const machine = async (name: string) => {
    const home = join(repo.root, name);
    await mkdir(join(home, '.config'), { recursive: true });
    await typed(['trust', '--yes'], { cwd: repo.path, home });
    const env = { SAMOCODE_SUPERVISOR: 'off' };
    const run = (...argv: string[]) => typed(['pool', ...argv], { cwd: repo.path, home, env });
    return { home, run };
  };
  const [studio, mini] = [await machine('studio'), await machine('mini')];
  const asked = ['join', '--remote', remote, '--database', rig.database, '--json'];
  const { fingerprint } = JSON.parse((await studio.run(...asked, '--name', 'studio', '--create')).stdout);
  const card = JSON.parse((await mini.run(...asked, '--name', 'mini', '--owner', fingerprint)).stdout);
  await studio.run('add', card.fingerprint);
  const path = join(studio.home, '.config/samocode/pool.json');
  const file = await readFile(path, 'utf8');
  await writeFile(path, file.replace(rig.database, `postgres://127.0.0.1:${await freePort()}/x`));
  const half = await studio.run('remove', 'mini');
  expect(half.stderr).toContain('removed from the list of members, but not from the database');
  await writeFile(path, file);
  expect((await studio.run('remove', 'mini')).stdout).toContain('mini is removed');
  const rows = await query(rig.database, 'select id from samocode_pool.hosts where removed');
  expect(rows).toEqual([{ id: card.id }]);
});
