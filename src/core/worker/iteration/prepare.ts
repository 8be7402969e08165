import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../kernel/errors.ts';
import { writeUnsynced } from '../../kernel/files/atomic-file.ts';
import { plainText } from '../../kernel/files/plain-file.ts';
import { firstPhase } from '../../kernel/phases/progress.ts';
import { PHASE_NAMES, type Phase } from '../../kernel/phases/table.ts';
import { quotedSaid, saidBy } from '../../kernel/said.ts';
import { isOutOfReach } from '../../kernel/sandbox-level.ts';
import { gitSaysYes } from '../../project/git/git.ts';
import { commitsOf } from '../../project/git/repository.ts';
import { requireSound } from '../../project/proving/clean-clone.ts';
import { isOfRepository, missingProgram, SETUP_LIMIT_MS } from '../../project/proving/project-command.ts';
import { type FailedCheck, runCheck } from '../../project/proving/run-check.ts';
import { afterProgram, beforeProgram } from '../../project/worktrees/as-found.ts';
import { type BaseCommit, resolveBase } from '../../project/worktrees/base-commit.ts';
import { branchOf } from '../../project/worktrees/branch-name.ts';
import { addSubmodules } from '../../project/worktrees/submodules.ts';
import { ensureWorktree, type Worktree } from '../../project/worktrees/worktree.ts';
import { guardOption } from '../../sandbox/guard/make-guard.ts';
import { lastingNames } from '../../sandbox/programs/environment.ts';
import { hidesFolders } from '../../sandbox/proof-place.ts';
import { oneLine } from '../../session/documents/markdown-lines.ts';
import type { SessionFile } from '../../session/events/bodies/session-file.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { readAllSessions } from '../../session/folder/session-list.ts';
import { SETUP_DUE } from '../../session/layout/paths.ts';
import { isMerged } from '../../session/waits/start-order.ts';
import { whileTakingCommands } from '../commands/while-taking-commands.ts';
import { foundPlace } from '../state/as-ours.ts';
import { afterLeftOut, environmentIn, joinEnvironment, leftOutBy, needsLogin } from '../state/environment.ts';
import { beginningOf } from '../state/extension.ts';
import { isStopDue, Stopped } from '../state/interrupts.ts';
import { endAgentTree } from '../state/processes.ts';
import { checksOf, record, stateOf, type Worker } from '../state/worker.ts';
import { WORKER_ERRORS } from '../state/worker-errors.ts';

/** Does the init phase without a model: a fetch, the worktree on its branch, SETUP. */
export async function prepare(worker: Worker): Promise<void> {
  // Runs in parallel with the fetch and the worktree; the code that uses the result handles a failure.
  if (needsLogin(worker)) void worker.environment.read().catch(() => undefined);
  const ready = await makeWorktree(worker);
  // Once a stop is recorded, nothing may continue.
  if (isStopDue(worker)) throw new Stopped();
  await requireCheckPrograms(worker, ready.worktree.path);
  await recordPrepared(worker, ready);
}

async function recordPrepared(worker: Worker, ready: Ready): Promise<void> {
  const { base, worktree, firstCommit, judgedFrom, warnings: ofSetup, setUp } = ready;
  const { path, branch, baseCommit } = worktree;
  const reached = stateOf(worker).progress.phase;
  const first = firstPhase(stateOf(worker).progress.way);
  // Investigation may not repair what SETUP needs; where the work comes first, its agent may.
  const repairs = !setUp && first === 'investigation';
  const phase = reached === 'init' && !repairs ? first : reached;
  const warnings = [
    ...(base.warning === undefined ? [] : [base.warning]),
    ...ofSetup,
    ...(worker.file.way ? [] : newBranchWarning(worktree, phase)),
  ];
  const isReached = !isOutOfReach(stateOf(worker).sandbox, worker.file.settings.openings);
  if (isReached) await worker.git.accept(path);
  const prepared: NewEvent = {
    type: 'prepared',
    phase,
    worktree: { path, branch, base: base.name, baseCommit },
    baseRef: base.ref,
    judgedFrom,
    firstCommit,
    warnings,
    environment: lastingNames(worker.env),
    flow: `Worktree ready: branch ${branch} from ${base.name} -> ${path}`,
  };
  const notices = warnings.map((text): NewEvent => ({ type: 'notice', code: 'prepare', text }));
  await record(worker, prepared, ...notices);
  if (isReached) worker.memory.seen = { n: stateOf(worker).n };
}

/** A new branch does not contain the earlier work that the overview describes. */
function newBranchWarning({ kind, branch }: Worktree, phase: Phase): string[] {
  if (kind !== 'created' || PHASE_NAMES.indexOf(phase) <= PHASE_NAMES.indexOf('planning')) return [];
  return [`There was no branch ${branch}: a new one was created, without the earlier work.`];
}

export interface Ready {
  base: BaseCommit;
  worktree: Worktree;
  firstCommit: string | undefined;
  judgedFrom: string | undefined;
  warnings: string[];
  /** False if SETUP failed. */
  setUp: boolean;
}

/** The fetch or the checkout can take minutes. */
async function makeWorktree(worker: Worker): Promise<Ready> {
  const { file, git } = worker;
  const { settings, mainRepo } = file;
  const base = await whileTakingCommands(worker, (signal) =>
    resolveBase({ mainRepo, ...git.context, base: settings.base, signal }),
  );
  refuseOwnBase(file, base.name);
  const below = settings.base === undefined ? undefined : await workBelow(worker, base.commit);
  const worktreePath = join(file.worktreesDir, file.folder);
  await noteSetupDue(worker, worktreePath);
  const beginning = await beginningOf(worker, base);
  const startCommit = beginning?.startCommit ?? base.commit;
  const plan = { mainRepo, worktreePath, branch: settings.branch, baseCommit: base.commit, startCommit };
  const worktree = await whileTakingCommands(worker, (signal) =>
    ensureWorktree({ ...plan, ...git.context, signal }),
  );
  // Only after the checkout, because a partial clone is incomplete before that.
  const now = await worker.guard.now();
  const hides = hidesFolders(now.level === 'none' ? undefined : now);
  if (worktree.head === startCommit && !hides)
    await requireSound(
      { mainRepo, dir: join(worker.paths.runDir, '.sound'), commit: base.commit },
      git.context,
    );
  await joinEnvironment(worker);
  const setup = await setUpOnce(worker, worktree);
  const { text, firstCommit } = (await beginning?.outcome(worktree)) ?? {};
  const stacked = below && [
    `${base.name} is work of the session ${below.session}, which is not merged: red checks and changed tests are judged by ${below.commit.slice(0, 12)}, from which that work began.`,
  ];
  const warnings = [...(text ? [text] : []), ...(stacked ?? []), ...setup.warnings];
  return { base, worktree, firstCommit, judgedFrom: below?.commit, warnings, setUp: setup.ran };
}

/** The session whose unmerged work a commit is a part of, and the commit from which that work began. */
export async function workBelow(
  { file, git, host }: Pick<Worker, 'file' | 'git' | 'host'>,
  commit: string,
): Promise<{ session: string; commit: string } | undefined> {
  const options = { ...git.context, cwd: file.mainRepo };
  for (const view of await readAllSessions(file.sessionsDir, host)) {
    const { worktree } = view.state;
    if (worktree === undefined || view.folder === file.folder || isMerged(view)) continue;
    const { branch, base, baseCommit, baseRef = base, judgedFrom = baseCommit } = worktree;
    const [tip, ...taken] = await commitsOf([`refs/heads/${branch}`, baseCommit, baseRef], options);
    const isIn = async (other = '') =>
      other !== '' && (await gitSaysYes(['merge-base', '--is-ancestor', commit, other], options));
    if ((await isIn(tip)) && !(await isIn(taken[0])) && !(await isIn(taken[1])))
      return { session: view.folder, commit: judgedFrom };
  }
  return undefined;
}

/** Without a prefix, a one-word task can give the name of the default branch, which a session must not change. */
function refuseOwnBase({ takenOver, folder, settings: { branch, base } }: SessionFile, begun: string): void {
  const isMade = takenOver === undefined && base === undefined && branch === branchOf(folder);
  if (isMade && (begun === branch || begun.replace(/^[^/]+\//, '') === branch))
    throw WORKER_ERRORS.branch_is_its_base({ branch });
}

/**
 * Runs SETUP in a worktree that was recreated, or that came from another machine, because it lacks all ignored files; and
 * where it failed, after a resume: if it passes now, no agent has to make the worktree usable.
 */
export async function setUpAgain(worker: Worker): Promise<void> {
  const { worktree } = stateOf(worker);
  if (worktree === undefined || !isSetupDue(await setupNote(worker))) return;
  await joinEnvironment(worker);
  const { warnings, ran } = await setUpOnce(worker, { ...worktree, kind: 'kept' });
  for (const text of warnings) await record(worker, { type: 'notice', code: 'prepare', text });
  const { phase: from, way } = stateOf(worker).progress;
  if (!ran || from !== 'init') return;
  const phase = firstPhase(way);
  await record(worker, {
    type: 'phase_set',
    phase,
    from,
    after: 'setup',
    flow: `SETUP passes now; on to ${phase}`,
  });
}

type SetUpPlace = Pick<Worktree, 'kind' | 'path' | 'branch' | 'baseCommit'>;

interface SetupEnd {
  warnings: string[];
  ran: boolean;
}

const RAN = 'ran';
const FAILED = 'failed';
const MAX_BYTES = 8 * 1024;

async function setupNote({ paths }: Worker): Promise<string | undefined> {
  return await plainText(paths.setup, MAX_BYTES);
}

function isSetupDue(note: string | undefined): boolean {
  return note !== undefined && ![RAN, FAILED].some((end) => note.startsWith(`${end}\n`));
}

/**
 * Records that we are about to create the worktree. If this worker dies before SETUP has finished and the worktree has
 * been read, its successor then knows that the existing worktree is ours.
 */
async function noteSetupDue(worker: Worker, worktreePath: string): Promise<void> {
  const existing = await ifExists(readdir(worktreePath));
  if (existing === undefined || existing.length === 0) writeUnsynced(worker.paths.setup, SETUP_DUE);
}

/** A power cut can lose the note. A new session is refused if its worktree exists, so we have made it. */
function hasLostNote({ file, writer: { state } }: Worker, note: string | undefined): boolean {
  return note === undefined && state.worktree === undefined && file.takenOver === undefined;
}

/**
 * Runs SETUP once in a worktree that we created, even across workers, and keeps what then differs from the commit.
 * @returns notes for the first agent
 */
async function setUpOnce(worker: Worker, worktree: SetUpPlace): Promise<SetupEnd> {
  const { setup } = worker.file.settings;
  const note = await setupNote(worker);
  const [earlierEnd, ...earlier] = note?.trimEnd().split('\n') ?? [];
  if (worktree.kind === 'kept' && !isSetupDue(note) && !hasLostNote(worker, note))
    return { warnings: earlier, ran: earlierEnd !== FAILED };
  const { context } = worker.git;
  const { path } = worktree;
  const commonDir = await worker.git.sharedDir();
  await whileTakingCommands(worker, (signal) => addSubmodules(path, commonDir, { ...context, signal }));
  const place = foundPlace(worker, path);
  // A worktree restored from another machine, or made by a worker that died, has the work of agents.
  await beforeProgram(place, { isNew: worktree.kind !== 'kept' });
  if (setup === undefined) return setUpDone(worker, await afterProgram(place, 'A checkout'));
  const failure = await runSetup(worker, setup, worktree).catch(async (error: unknown) => {
    if (error instanceof Stopped) await endAgentTree(worker, undefined, { leftoversOnly: true });
    throw error;
  });
  // Still due: it runs again when the session is resumed.
  if (failure?.missing !== undefined)
    throw WORKER_ERRORS.setup_not_found({ program: failure.missing, setup });
  if (failure?.guardProblem !== undefined)
    throw WORKER_ERRORS.guard_failed({ of: 'SETUP', said: failure.guardProblem });
  const warnings = failure === undefined ? [] : [await setupWarning(worker, setup, failure)];
  return setUpDone(worker, [...warnings, ...(await afterProgram(place, 'SETUP'))], failure === undefined);
}

async function setupWarning(worker: Worker, setup: string, failure: FailedCheck): Promise<string> {
  const { how, lastLines, outputPath } = failure;
  const failed = `SETUP (\`${setup}\`) failed (${how}); the first agent is asked to fix it.${quotedSaid(saidBy(lastLines, worker.env))} Its whole output: ${outputPath}`;
  return afterLeftOut(await leftOutBy(worker), failed);
}

function setUpDone(worker: Worker, warnings: string[], ran = true): SetupEnd {
  // After a power cut that loses it, SETUP runs again.
  writeUnsynced(worker.paths.setup, [ran ? RAN : FAILED, ...warnings.map(oneLine), ''].join('\n'));
  return { warnings, ran };
}

/** Takes commands in the meantime, because SETUP can run for half an hour. */
async function runSetup(
  worker: Worker,
  setup: string,
  worktree: SetUpPlace,
): Promise<FailedCheck | undefined> {
  const env = await environmentIn(worker, worktree.path);
  const guard = await worker.guard.inWorktree({ worktree });
  return await whileTakingCommands(worker, async (signal) => {
    const [failed] = (await worker.services?.start('setup', { signal, cwd: worktree.path })) ?? [];
    if (failed?.failure !== undefined) return failed.failure;
    const { runDir: outputRoot, setupOutput: outputDir } = worker.paths;
    const place = { cwd: worktree.path, env, ...guardOption(guard), outputDir, outputRoot };
    const set = { command: setup, isSetup: true as const, name: 'setup' };
    const { failure } = await runCheck(worker.clock, set, { ...place, timeoutMs: SETUP_LIMIT_MS, signal });
    return failure;
  }).finally(() => worker.services?.end());
}

/**
 * Checks that the program of each check exists before any agent costs money; after SETUP, which might install it.
 * @throws checks
 */
async function requireCheckPrograms(worker: Worker, cwd: string): Promise<void> {
  const env = await environmentIn(worker, cwd);
  for (const check of checksOf(worker)) {
    const program = await missingProgram(check, { cwd, env });
    if (program !== undefined && !isOfRepository(program)) throw WORKER_ERRORS.checks({ program, check });
  }
}
