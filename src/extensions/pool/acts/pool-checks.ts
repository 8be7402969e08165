import { dirname } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { absent, checked, type DoctorCheck, ok, warnIf } from '../../../core/caller/refusals/check.ts';
import { readPresence, supervisorPaths } from '../../../core/sandbox/programs/supervisor-folder.ts';
import { parcelsOf } from '../board/git-remote.ts';
import { databaseOf } from '../membership/open-member.ts';
import { remoteOf } from '../membership/require-membership.ts';
import { joinedPool, type Membership, readPoolFile } from '../pool-file.ts';

/** A person waits for the answers. */
const LIMIT_MS = 10_000;

/** Checks that this machine can take part in its pools. Changes nothing. */
export async function poolChecks(context: ActionContext): Promise<readonly DoctorCheck[]> {
  return await checked('pool', () => checksOfAll(context), asFound);
}

const asFound = (checks: readonly DoctorCheck[]) => checks;

async function checksOfAll(context: ActionContext): Promise<DoctorCheck[]> {
  const pools = (await readPoolFile(context.home))?.pools ?? [];
  if (pools.length === 0) return [absent('pool', 'no pool is joined')];
  const ofEach = pools.map((pool) => checked('pool', () => checksOf(pool, context), asFound));
  return (await Promise.all([supervisorCheck(context), ...ofEach])).flat();
}

/** Whether the supervisor, which takes part for this machine, is a service or in a terminal. */
async function supervisorCheck({ home, host }: ActionContext): Promise<DoctorCheck[]> {
  const presence = await readPresence(supervisorPaths(home, host), host);
  return warnIf(
    presence.kind !== 'watching' || presence.about?.stays !== true,
    'pool.supervisor',
    'No supervisor runs here that stays: after a restart, this machine takes part again only when a person uses samocode.',
    'Run: samocode supervisor --install.',
  );
}

async function checksOf(membership: Membership, context: ActionContext): Promise<readonly DoctorCheck[]> {
  const { name, login, config, ...pool } = joinedPool(membership);
  const project = dirname(config);
  const { remote } = remoteOf(pool, project, context, LIMIT_MS);
  const reached = await Promise.all([
    checked(
      'pool.remote',
      () => remote.list(parcelsOf('probe')),
      () => [ok('pool.remote', `${pool.remote} can be read`)],
    ),
    checked(
      'pool.database',
      async () => {
        await using board = await databaseOf(pool, context, LIMIT_MS);
        return await board.requireFit();
      },
      () => [ok('pool.database', `${login} can take part in the pool`)],
    ),
  ]);
  const member = `This machine is ${name} in the pool of ${project}.`;
  return [ok('pool.member', member, `${name} in the pool of ${project}`), ...reached.flat()];
}
