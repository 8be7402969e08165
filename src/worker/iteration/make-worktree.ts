import { join } from 'node:path';
import { branchOf } from '../../project/git/branch-name.ts';
import { type BaseCommit, resolveBase } from '../../project/worktrees/base-commit.ts';
import { ensureWorktree, type Worktree } from '../../project/worktrees/worktree.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import { joinEnvironment } from '../core/children-environment.ts';
import type { Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';
import { noteSetupDue, setUpOnce } from './setup-once.ts';

export interface Ready {
  base: BaseCommit;
  worktree: Worktree;
  /** Of SETUP. */
  warnings: string[];
}

/** A remote may not answer for minutes, and a checkout may take as long. @returns undefined when a stop ended it */
export async function makeWorktree(worker: Worker): Promise<Ready | undefined> {
  const { file, git } = worker;
  const { settings, mainRepo } = file;
  const found = await whileTakingCommands(worker, (signal) =>
    resolveBase({ mainRepo, ...git.context, base: settings.base, signal }),
  );
  if (found.kind === 'stopped') return undefined;
  const base = found.value;
  refuseOwnBase(file, base.name);
  const worktreePath = join(file.worktreesDir, file.folder);
  await noteSetupDue(worker, worktreePath);
  const plan = { mainRepo, worktreePath, branch: settings.branch, baseCommit: base.commit };
  const made = await whileTakingCommands(worker, (signal) =>
    ensureWorktree({ ...plan, ...git.context, signal }),
  );
  if (made.kind === 'stopped') return undefined;
  await joinEnvironment(worker);
  const setup = await setUpOnce(worker, made.value);
  return setup.kind === 'stopped' ? undefined : { base, worktree: made.value, warnings: setup.warnings };
}

/** Without a prefix a task of one word may make the name of the default branch: nobody asked for work upon that one itself. */
function refuseOwnBase({ takenOver, folder, settings: { branch, base } }: SessionFile, begun: string): void {
  const isMade = takenOver === undefined && base === undefined && branch === branchOf(folder);
  if (isMade && (begun === branch || begun.replace(/^[^/]+\//, '') === branch))
    throw WORKER_ERRORS.branch_is_its_base({ branch });
}
