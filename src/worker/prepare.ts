import { join } from 'node:path';
import { isSamocodeError } from '../base/errors.ts';
import { PHASE_NAMES, type Phase } from '../phases/table.ts';
import { type BaseCommit, resolveBase } from '../project/base-commit.ts';
import { branchOf } from '../project/branch-name.ts';
import { START } from '../project/checkpoint-refs.ts';
import { earlierWorktree } from '../project/earlier-worktree.ts';
import { realPathAsFar } from '../project/real-path.ts';
import { ensureWorktree, type Worktree } from '../project/worktree.ts';
import { documentText } from '../session/document-text.ts';
import type { NewEvent } from '../session/events.ts';
import { readOverview } from '../session/overview.ts';
import type { SessionFile } from '../session/session-file.ts';
import { gateEvents, type Standing, standing } from './adopted-gate.ts';
import { blockedBy } from './blocked.ts';
import { joinEnvironment } from './children-environment.ts';
import { goalOfAdopted } from './goal-of-adopted.ts';
import { keepWork, notKept } from './keep-work.ts';
import { requireCheckPrograms } from './run-checks.ts';
import { noteSetupDue, setUpOnce } from './setup-once.ts';
import { isStopDue, stopEvents } from './stopped.ts';
import { whileTakingCommands } from './while-taking-commands.ts';
import { record, type Worker } from './worker.ts';
import { WORKER_ERRORS } from './worker-errors.ts';

/**
 * Does the work of the init phase: a fetch, the worktree on its branch, SETUP; of an adopted folder behind a gate
 * only after a person has decided there. No model is needed; what
 * a person must mend blocks the session with the reason.
 */
export async function prepare(worker: Worker): Promise<void> {
  try {
    const where = await standing(worker);
    if ('question' in where) throw WORKER_ERRORS.phase_unknown({ question: where.question });
    const gate = await gateEvents(worker, where);
    if (gate.length > 0) {
      const { gate: _met, ...place } = where;
      const flow = `Taken over in ${where.phase}`;
      await record(worker, { type: 'prepared', ...place, warnings: [], flow }, ...gate);
      return;
    }
    // Beside the fetch and the worktree; whoever waits for it meets a failure of it.
    void worker.environment.read().catch(() => undefined);
    const ready = await makeReady(worker);
    // A stop that has its event already must not be followed by one that goes on.
    if (ready === undefined || isStopDue(worker)) {
      await record(worker, ...stopEvents(worker));
      return;
    }
    await requireCheckPrograms(worker, ready.worktree.path);
    await recordPrepared(worker, ready, where);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    await record(worker, blockedBy(error, 'init'));
  }
}

interface Ready {
  base: BaseCommit;
  worktree: Worktree;
  /** Of SETUP. */
  warnings: string[];
}

/** A remote may not answer for minutes, and a checkout may take as long. @returns undefined when a stop ended it */
async function makeReady(worker: Worker): Promise<Ready | undefined> {
  const { file, git } = worker;
  const { settings, mainRepo } = file;
  const wanted = settings.base !== undefined && { base: settings.base };
  const found = await whileTakingCommands(worker, (signal) =>
    resolveBase({ mainRepo, ...git.context, ...wanted, signal }),
  );
  if (found.kind === 'stopped') return undefined;
  const base = found.value;
  refuseOwnBase(file, base.name);
  const worktreePath = join(file.worktreesDir, file.folder);
  await refuseWorkElsewhere(worker, worktreePath);
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

async function recordPrepared(
  worker: Worker,
  { base, worktree, warnings: ofSetup }: Ready,
  where: Standing,
): Promise<void> {
  const { path, branch, baseCommit } = worktree;
  const warnings = [
    ...(base.warning === undefined ? [] : [base.warning]),
    ...ofSetup,
    ...begunAnew(worktree, where.phase),
  ];
  await worker.git.accept(path);
  const goal = await goalOfAdopted(worker);
  const prepared: NewEvent = {
    type: 'prepared',
    phase: where.phase,
    totalIterations: where.totalIterations,
    worktree: { path, branch, base: base.name, baseCommit },
    warnings,
    flow: `Worktree ready: branch ${branch} from ${base.name} -> ${path}`,
  };
  await record(worker, prepared, ...goal);
  for (const text of warnings) await record(worker, { type: 'notice', code: 'prepare', text });
  if (where.totalIterations === undefined) await record(worker, ...notKept(await keepWork(worker, START)));
}

/** Without a prefix a task of one word may make the name of the default branch: nobody asked for work upon that one itself. */
function refuseOwnBase({ adopted, folder, settings: { branch, base } }: SessionFile, begun: string): void {
  const isMade = !adopted && base === undefined && branch === branchOf(folder);
  if (isMade && (begun === branch || begun.replace(/^[^/]+\//, '') === branch))
    throw WORKER_ERRORS.branch_is_its_base({ branch });
}

/** A new branch from here on lacks what the notebook tells of. */
function begunAnew({ kind, branch }: Worktree, phase: Phase): string[] {
  if (kind !== 'created' || PHASE_NAMES.indexOf(phase) <= PHASE_NAMES.indexOf('planning')) return [];
  return [`There was no branch ${branch}: it begins anew, without what was done before.`];
}

/**
 * An adopted folder may have its work in another worktree of the repository: in a new one it would be missing.
 * @throws work_elsewhere
 */
async function refuseWorkElsewhere({ file, paths, git }: Worker, worktreePath: string): Promise<void> {
  if (!file.adopted) return;
  const { workingDir = '' } = readOverview((await documentText(paths.overview)) ?? '');
  const earlier = await earlierWorktree(workingDir, file.mainRepo, git.context);
  if (earlier === undefined || (await realPathAsFar(worktreePath)) === earlier.path) return;
  throw WORKER_ERRORS.work_elsewhere({ earlier: earlier.path, worktreePath });
}
