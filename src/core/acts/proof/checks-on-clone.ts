import { randomUUID } from 'node:crypto';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ActionContext } from '../../caller/context/context.ts';
import { environmentOfProject } from '../../caller/refusals/login-of-project.ts';
import { guardedProject, guardNow } from '../../caller/refusals/sandbox-now.ts';
import { fromExtensions } from '../../kernel/extension.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import type { Application } from '../../kernel/phases/application.ts';
import type { ProofFolders, Proving } from '../../kernel/phases/proving.ts';
import type { SandboxOpenings } from '../../kernel/sandbox-level.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { requireOwnPlaces } from '../../project/finding/own-places.ts';
import type { GitContext } from '../../project/git/repository.ts';
import { checkoutsOf } from '../../project/proving/checkout-variables.ts';
import type { ClonePlan } from '../../project/proving/clean-clone.ts';
import { runOnClone, type SetEnd, type SetOnClone } from '../../project/proving/run-on-clone.ts';
import { checksRoot, openChecksRoot } from '../../project/worktrees/checks-root.ts';
import {
  type CloneServing,
  dataIn,
  type PortOwner,
  servesClone,
  servicesMark,
} from '../../sandbox/application-runner.ts';
import { egressRules, openEgressProxy } from '../../sandbox/egress-proxy.ts';
import type { GuardedProject } from '../../sandbox/places.ts';
import type { ActiveGuard } from '../../sandbox/probe-guard.ts';
import { childEnvironment, leftOutOf, type VariableFilter } from '../../sandbox/programs/environment.ts';
import { launchCleaner } from '../../sandbox/programs/launch-worker.ts';
import { SESSION_MARK } from '../../sandbox/programs/marks.ts';
import { hidesFolders, proofPlace } from '../../sandbox/proof-place.ts';
import { frozenProving } from './frozen-proving.ts';

/** Where to run checks outside a worker. */
export interface ClonePlace extends Pick<ClonePlan, 'mainRepo' | 'worktreeGitDir'> {
  worktreesDir: string;
  git: GitContext;
  /** Undefined if this machine has no guard, or none is wanted. */
  guard: ActiveGuard | undefined;
}

export type CloneSet = Pick<
  SetOnClone,
  'commit' | 'branch' | 'base' | 'commands' | 'proving' | 'asWorktree'
> & {
  proving: Pick<Proving, 'application'>;
  /** See `withLacking`. */
  lent?: readonly string[];
};

export interface CloneRunOptions {
  signal: AbortSignal;
  begins?: ((command: string) => void) | undefined;
}

/**
 * Runs commands on a fresh clone as a worker would. Leaves no process and no file behind, however it ends: a separate
 * cleaner process removes what remains once this one is gone.
 * @throws the error that `cloneFailed` returns for a failed clone; the signal's reason
 */
export async function checksOnClone(
  { mainRepo, worktreesDir, worktreeGitDir, git, guard }: ClonePlace,
  given: CloneSet,
  { env, clock, host, programs }: Pick<ActionContext, 'env' | 'clock' | 'host' | 'programs'>,
  { signal, begins, cloneFailed }: CloneRunOptions & { cloneFailed: (problem: string) => Error },
): Promise<SetEnd> {
  await requireOwnPlaces({ mainRepo, worktrees: worktreesDir }, git);
  const mark = { name: SESSION_MARK, value: `checks-${process.pid}-${randomUUID()}` };
  const { isStrict, openings } = guard?.places ?? {};
  const filter = filterOf(guard);
  const checkouts = await checkoutsOf({ mainRepo, worktreesDir }, env);
  const environmentIn = (to: string, own: Record<string, string> | undefined) => {
    const led = given.lent === undefined ? { checkouts, to } : undefined;
    return childEnvironment(env, { sessionUlid: mark.value, iteration: 0, filter, led, own });
  };
  const isHidden = hidesFolders(guard) || given.asWorktree;
  const root = isHidden ? checksRoot(worktreesDir) : openChecksRoot(worktreesDir, env);
  const scratch = join(root, mark.value);
  const outputDir = await mkdtemp(join(tmpdir(), 'samocode-checks-'));
  const made = makeFolder(scratch);
  const { application } = given.proving;
  const owner = { id: mark.value, while: scratch, name: 'checks' };
  const applied =
    application && (await applicationBeside(owner, application, { clock, host, signal, cloneFailed }));
  const served = applied?.served ?? [];
  const egress =
    isStrict && openings && !given.asWorktree
      ? await openStrictEgress(join(outputDir, 'net'), { openings, served }, env)
      : undefined;
  let placed: Record<string, string> = {};
  const guarded = guard && !given.asWorktree ? { ...guard, egress } : undefined;
  const set = {
    ...given,
    name: 'full',
    mainRepo,
    worktreeGitDir,
    scratch,
    outputDir,
    outputRoot: outputDir,
    signal,
    begins,
    areObjectsWritable: !isHidden,
    // With `asWorktree`, nothing is hidden, as in the agent's own worktree.
    placeIn: (folders: ProofFolders) => {
      const own = environmentIn(folders.clone, applied?.variables(folders));
      const place = given.asWorktree
        ? { env: own }
        : proofPlace(guarded, { ...folders, lent: given.lent }, own);
      placed = place.env;
      return place;
    },
    serve: applied?.serve({
      ...{ outputDir, outputRoot: outputDir },
      guard: async () => guarded,
      env: async () => placed,
    }),
  };
  const cleaner = await launchCleaner(programs.worker, env, [mark.value, scratch, outputDir]);
  const servicesCleaner =
    applied && (await launchCleaner(programs.worker, env, [servicesMark(mark.value).value]));
  try {
    const { failures, ...end } = await runOnClone(set, { clock, context: git }, cloneFailed);
    return { ...end, failures: failures.map((failure) => withLeftOut(failure, leftOutOf(env, filter))) };
  } finally {
    await egress?.close();
    await servicesCleaner?.clears();
    await cleaner.clears();
    await applied?.release();
    await removeMade(scratch, made);
  }
}

/** The application beside the checks, with reserved ports. */
async function applicationBeside(
  owner: PortOwner,
  application: Application,
  {
    cloneFailed,
    ...tools
  }: Pick<ActionContext, 'clock' | 'host'> & {
    signal: AbortSignal;
    cloneFailed: (problem: string) => Error;
  },
) {
  const [load] = fromExtensions('application');
  if (load === undefined) throw cloneFailed('The project has services, which this build cannot run.');
  const runner = await load();
  const ports = await runner.reserve(owner, { names: application.ports, set: 'own' }, tools);
  const beside = { application, ports, mark: owner.id };
  return {
    served: runner.servedPorts(application, ports),
    variables: (folders: ProofFolders) => runner.variables(application, { ports, data: dataIn(folders) }),
    serve: (place: Omit<CloneServing, 'application' | 'ports' | 'mark'>) =>
      servesClone(runner, { ...beside, ...place }, tools),
    release: () => runner.release(owner, tools),
  };
}

/** The variables that the commands did not get come before what they printed. */
function withLeftOut<Failure extends { lastLines: string }>(failure: Failure, leftOut: string): Failure {
  return { ...failure, lastLines: [leftOut, failure.lastLines].filter(Boolean).join('\n') };
}

/** Which variables the commands get. */
export function filterOf(guard: ActiveGuard | undefined): VariableFilter | undefined {
  if (guard === undefined) return undefined;
  const { isStrict = false, openings } = guard.places;
  return { isStrict, env: openings.env, clis: [] };
}

/** The pid of the process that runs checks in this clone; undefined if the clone belongs to a session. */
export function ownerOfClone(name: string): number | undefined {
  const pid = /^checks-(\d+)-/.exec(name)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** @param topmost the outermost folder created with it; kept if others have put files in it since */
async function removeMade(folder: string, topmost: string | undefined): Promise<void> {
  if (topmost === undefined) return;
  for (let each = folder; each.startsWith(topmost); each = dirname(each))
    await rmdir(each).catch(() => undefined);
}

/** Opens a strict sandbox to what the user's settings name, but not to the services of agent CLIs. */
async function openStrictEgress(
  net: string,
  { openings, served }: { openings: SandboxOpenings; served: readonly number[] },
  env: ActionContext['env'],
) {
  const rules = egressRules({ ...openings, ports: [...openings.ports, ...served] }, [], env);
  const proxy = await openEgressProxy(net, rules, () => undefined);
  return { net, ports: rules.ports, close: () => proxy.close() };
}

/** Creates the guard that confines the commands of a proof to their clone, as in a worker. */
export async function cloneGuard(
  guarded: GuardedProject,
  context: ActionContext,
): Promise<ActiveGuard | undefined> {
  const now = await guardNow(guarded, context);
  return now.level === 'none' ? undefined : now;
}

/** Where and with what a project's checks run outside a session, in the guard that its settings require. */
export async function projectClone(project: Project, context: ActionContext) {
  const { mainRepo, values } = project;
  const guard = await cloneGuard(guardedProject(project), context);
  const place: ClonePlace = {
    ...{ mainRepo, worktreesDir: values.worktrees },
    ...{ git: { baseEnv: context.env }, guard },
  };
  const commands = values.checks.map(({ command }) => command);
  return {
    place,
    commands,
    proving: frozenProving(values),
    env: await environmentOfProject(project, context),
  };
}
