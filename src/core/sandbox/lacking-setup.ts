import { join } from 'node:path';
import { contains } from '../kernel/files/contains.ts';
import { baseChecksOf, type Proving } from '../kernel/phases/proving.ts';
import { readRecords } from '../project/git/git.ts';
import type { GitContext } from '../project/git/repository.ts';
import type { SetEnd } from '../project/proving/run-on-clone.ts';
import type { GuardPlaces } from './places.ts';
import type { ActiveGuard } from './probe-guard.ts';
import { hidesFolders } from './proof-place.ts';

/** Failed checks, to be run again beside folders of the main checkout. */
interface Again {
  name: string;
  commands: readonly string[];
  /** Paths below MAIN_REPO. */
  lent: readonly string[];
}

/**
 * Runs the checks that failed on the base once more, on another clone that shows the ignored folders of the main
 * checkout, and marks those that pass there: they need what no SETUP brings. This explains a failure and proves nothing.
 * @param again runs a set on a fresh clone
 */
export async function withLacking(
  end: SetEnd,
  of: { setup: Proving['setup']; guard: ActiveGuard | undefined; git: GitContext; signal: AbortSignal },
  again: (set: Again) => Promise<SetEnd>,
): Promise<SetEnd> {
  const { setup, guard, git, signal } = of;
  if (setup !== undefined || guard === undefined || !hidesFolders(guard)) return end;
  const { result, failed } = baseChecksOf(end);
  if (result !== 'red') return end;
  const commands = failed.map(({ command }) => command);
  const beside = async () => {
    const lent = await ignoredFolders(guard.places, { ...git, signal });
    return lent.length === 0 ? [] : (await again({ name: 'base-lent', commands, lent })).runs;
  };
  // Whatever prevents it, the failure is as known as before.
  const runs = await beside().catch(() => []);
  signal.throwIfAborted();
  const passed = new Set(runs.flatMap(({ command, how }) => (how === undefined ? [command] : [])));
  const marked = end.runs.map((run) =>
    run.how !== undefined && passed.has(run.command) ? { ...run, lacksSetup: true as const } : run,
  );
  return { ...end, runs: marked };
}

/** Each is a mount. */
const MAX_LENT = 500;

/** The folders that git ignores in the main checkout, except samocode's own. */
async function ignoredFolders(places: GuardPlaces, git: GitContext): Promise<string[]> {
  const { mainRepo, home, worktreesDir, sessionsDir, stateRoot, configFolder } = places;
  // What a home has is never shown.
  if (contains(mainRepo, home.dir)) return [];
  const own = [worktreesDir, sessionsDir, stateRoot, configFolder];
  const found: string[] = [];
  const list = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  await readRecords(list, { ...git, cwd: mainRepo }, (name) => {
    const path = join(mainRepo, name).replace(/\/$/, '');
    if (name.endsWith('/') && !own.some((each) => contains(each, path) || contains(path, each)))
      found.push(name.slice(0, -1));
    return found.length < MAX_LENT;
  });
  return found;
}
