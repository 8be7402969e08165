import { join } from 'node:path';
import { isSamocodeError } from '../../base/errors.ts';
import { PHASE_NAMES, type Phase } from '../../phases/table.ts';
import { branchOf } from '../../project/git/branch-name.ts';
import { type BaseCommit, resolveBase } from '../../project/worktrees/base-commit.ts';
import { ensureWorktree, type Worktree } from '../../project/worktrees/worktree.ts';
import type { NewEvent } from '../../session/events/events.ts';
import type { SessionFile } from '../../session/events/session-file.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import { blockedBy } from '../core/blocked.ts';
import { joinEnvironment } from '../core/children-environment.ts';
import { isStopDue, stopEvents } from '../core/stopped.ts';
import { record, stateOf, type Worker } from '../core/worker.ts';
import { WORKER_ERRORS } from '../core/worker-errors.ts';
import { noteSetupDue, requireCheckPrograms, setUpOnce } from './setup-once.ts';

/**
 * Does the work of the init phase: a fetch, the worktree on its branch, SETUP. No model is needed; what
 * a person must repair blocks the session with the reason.
 */
export async function prepare(worker: Worker): Promise<void> {
  try {
    // Beside the fetch and the worktree; whoever waits for it meets a failure of it.
    void worker.environment.read().catch(() => undefined);
    const ready = await makeWorktree(worker);
    // A stop that has its event already must not be followed by one that goes on.
    if (ready === undefined || isStopDue(worker)) {
      await record(worker, ...stopEvents(worker));
      return;
    }
    await requireCheckPrograms(worker, ready.worktree.path);
    await recordPrepared(worker, ready);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    await record(worker, blockedBy(error, 'init'));
  }
}

async function recordPrepared(worker: Worker, { base, worktree, warnings: ofSetup }: Ready): Promise<void> {
  const { path, branch, baseCommit } = worktree;
  const reached = stateOf(worker).progress.phase;
  const phase = reached === 'init' ? 'investigation' : reached;
  const warnings = [
    ...(base.warning === undefined ? [] : [base.warning]),
    ...ofSetup,
    ...begunAnew(worktree, phase),
  ];
  await worker.git.accept(path);
  const prepared: NewEvent = {
    type: 'prepared',
    phase,
    worktree: { path, branch, base: base.name, baseCommit },
    warnings,
    flow: `Worktree ready: branch ${branch} from ${base.name} -> ${path}`,
  };
  await record(worker, prepared);
  for (const text of warnings) await record(worker, { type: 'notice', code: 'prepare', text });
}

/** A new branch from here on lacks what the overview tells of. */
function begunAnew({ kind, branch }: Worktree, phase: Phase): string[] {
  if (kind !== 'created' || PHASE_NAMES.indexOf(phase) <= PHASE_NAMES.indexOf('planning')) return [];
  return [`There was no branch ${branch}: it was created again, without the earlier work.`];
}

export interface Ready {
  base: BaseCommit;
  worktree: Worktree;
  warnings: string[];
}

/** A remote may not answer for minutes, and a checkout may take as long. @returns undefined when a stop ended it */
async function makeWorktree(worker: Worker): Promise<Ready | undefined> {
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
