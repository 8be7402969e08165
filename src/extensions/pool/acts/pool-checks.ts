import { dirname } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import {
  absent,
  checked,
  type DoctorCheck,
  fail,
  ok,
  warn,
  warnIf,
} from '../../../core/caller/refusals/check.ts';
import { readPresence, supervisorPaths } from '../../../core/sandbox/programs/supervisor-folder.ts';
import { GitRemote, remoteGit } from '../board/git-remote.ts';
import { fingerprintOf, hostKey, requireSigning } from '../members/host-keys.ts';
import { keptListIn, MEMBERS_REF, nameOf, standingIn } from '../members/member-list.ts';
import { postgresBoard } from '../membership/open-member.ts';
import { serverPrefix } from '../membership/require-membership.ts';
import { type Membership, membershipFolder, readPoolFile } from '../pool-file.ts';

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
  const ofAll = checked(
    'pool.sign',
    () => requireSigning(context.env),
    () => [ok('pool.sign', 'git can sign with the keys of the pools')],
  );
  const ofEach = pools.map((pool) => checksOf(pool, context));
  return (await Promise.all([ofAll, supervisorCheck(context), ...ofEach])).flat();
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

async function checksOf(membership: Membership, context: ActionContext): Promise<DoctorCheck[]> {
  const parts = [standingCheck, remoteCheck, databaseCheck].map((check) =>
    checked('pool', () => check(membership, context), asFound),
  );
  return (await Promise.all(parts)).flat();
}

async function standingCheck(membership: Membership, context: ActionContext): Promise<DoctorCheck[]> {
  const { id, config } = membership;
  const folder = membershipFolder(context.home, membership);
  const list = await keptListIn(folder);
  const name = await nameOf(membership, context.home);
  const of = `the pool of ${dirname(config)}`;
  switch (standingIn(list, id)) {
    case 'member':
      return [ok('pool.member', `This machine is ${name} in ${of}.`, `${name} in ${of}`)];
    case 'removed':
      return [fail('pool.member', `An owner removed this machine from ${of}.`, 'Run: samocode pool leave.')];
    case 'waits': {
      const key = fingerprintOf(await hostKey(folder, context.env));
      const fix = `Ask an owner to run: samocode pool add ${key} --name ${name}`;
      return [warn('pool.member', `This machine is not a member of ${of} yet.`, fix)];
    }
  }
}

async function remoteCheck(membership: Membership, context: ActionContext): Promise<DoctorCheck[]> {
  await remoteOf(membership, context).list(MEMBERS_REF);
  return [ok('pool.remote', `${membership.remote} can be read`)];
}

async function databaseCheck(
  { database, project }: Membership,
  { clock }: ActionContext,
): Promise<DoctorCheck[]> {
  if (database === undefined) return [];
  const password = warnIf(
    hasPassword(database),
    'pool.password',
    "pool.json contains the password of the pool's database.",
    'Put it into ~/.pgpass, then run "samocode pool join --database" with the address without it.',
  );
  const reached = await checked(
    'pool.database',
    async () => {
      await using board = await postgresBoard(database, { clock, leaseMs: LIMIT_MS });
      await board.hosts(project);
    },
    () => [ok('pool.database', 'the database can be read')],
  );
  return [...password, ...reached];
}

function hasPassword(database: string): boolean {
  return URL.canParse(database) && new URL(database).password !== '';
}

function remoteOf({ remote: url, config, ...membership }: Membership, { env }: ActionContext): GitRemote {
  const git = remoteGit(dirname(config), env);
  return new GitRemote({ url, prefix: serverPrefix(membership), git, limitMs: LIMIT_MS });
}
