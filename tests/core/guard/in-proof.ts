import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { borrowedBy } from '../../../src/core/project/git/own-repository.ts';
import { removeTree } from '../../../src/core/project/git/remove-tree.ts';
import { makeClone } from '../../../src/core/project/proving/clean-clone.ts';
import { proofPlace } from '../../../src/core/sandbox/proof-place.ts';
import type { GuardScene } from './guard-scene.ts';
import type { User } from './users.ts';

interface InProof {
  env?: Record<string, string>;
  ofHome?: readonly string[];
  tip?: string;
}

/** Runs a check like a worker of this user. */
export async function inProof(
  { places, tool, env: ofScene, outside }: GuardScene,
  user: User,
  check: string,
  { env: more = {}, ofHome = [], tip = 'HEAD' }: InProof = {},
) {
  const { session: _, ...protectedPlaces } = places;
  const clone = join(places.worktreesDir, '_checks/boat/full');
  const empty = `${clone}.empty`;
  const RUSTUP_HOME = process.env.RUSTUP_HOME ?? join(homedir(), '.rustup');
  // Root's own folder is inaccessible to others.
  const env: Record<string, string> = { ...ofScene, ...(user.uid === undefined && { RUSTUP_HOME }), ...more };
  const commit = await outside(`git -C "$MAIN" rev-parse ${tip}`);
  const git = { baseEnv: env };
  try {
    await mkdir(dirname(clone), { recursive: true });
    await makeClone({ mainRepo: places.mainRepo, dir: clone, commit, base: commit, branch: 'x' }, git);
    const identity = { name: 'Person', email: 'person@example.invalid' };
    const level = user.isRoot ? 'best effort' : 'guard';
    const guard = { level, tool, tested: '', places: protectedPlaces } as const;
    const folders = { clone, empty, objects: await borrowedBy({ ...git, cwd: clone }), ofHome, identity };
    const place = proofPlace(guard, folders, env);
    if (user.uid !== undefined) await runCommand('chown', ['-R', `${user.uid}:${user.uid}`, dirname(clone)]);
    const [file, ...args] = place.inside?.(['/bin/sh', '-c', check]) ?? ['false'];
    return await runCommand(file, args, { cwd: clone, env: place.env, leavesBehind: true });
  } finally {
    for (const each of [clone, empty]) await removeTree(each);
  }
}
