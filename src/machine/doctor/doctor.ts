import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../acts/common/context.ts';
import { findProjectFor } from '../../acts/common/places/find-project-for.ts';
import { riskyLineWords } from '../../acts/common/places/trust-project.ts';
import {
  type DoctorCheck,
  fail,
  failed,
  type Machine,
  ok,
  thisMachine,
  warn,
} from '../../acts/common/preconditions/check.ts';
import { commandChecks } from '../../acts/common/preconditions/command-checks.ts';
import { guardNow, type SandboxQuestion } from '../../acts/common/preconditions/sandbox-now.ts';
import { triedChecks } from '../../acts/proof/try-checks.ts';
import { isSamocodeError, systemErrorCode } from '../../base/errors.ts';
import type { SandboxLevel } from '../../base/sandbox-level.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { trustIn } from '../../project/finding/trust.ts';
import { runGit } from '../../project/git/git.ts';
import { requireIdentity } from '../../project/git/repository.ts';
import { areConfined } from '../../providers/registry.ts';
import { findGuardTool } from '../../providers/starting/make-guard.ts';
import { type GuardNow, missingGuard } from '../../providers/starting/probe-guard.ts';
import { allCliChecks, usedProviders } from './cli-checks.ts';
import { folderChecks, gitCheck, linkChecks, machineChecks } from './machine-checks.ts';
import { installChecks, notifyChecks, supervisorChecks } from './service-checks.ts';

export interface DoctorInput {
  projectDir?: string | undefined;
  /** Also runs SETUP and each CHECK once, where sessions run them. */
  runChecks?: boolean | undefined;
  /** Called with each check as soon as it is known, in the order of the report. */
  onCheck?: ((check: DoctorCheck) => void) | undefined;
  /** Aborts running checks. */
  signal?: AbortSignal | undefined;
}

export interface DoctorReport {
  /** The worst level of all checks. */
  level: DoctorCheck['level'];
  checks: DoctorCheck[];
}

/**
 * Checks everything that a session needs (machine, git, project, agent CLIs) and whatever weakens our guarantees.
 * Costs nothing, leaves nothing and never throws for a problem that it finds.
 */
export async function doctor(
  input: DoctorInput,
  context: ActionContext,
  machine: Machine = thisMachine(),
): Promise<DoctorReport> {
  const checks: DoctorCheck[] = [];
  const add = (...found: DoctorCheck[]) => {
    checks.push(...found);
    for (const check of found) input.onCheck?.(check);
  };
  add(...(await machineChecks(machine, context.env)));
  if (machine.platform === 'win32') return reportOf(checks);
  const { runChecks = false, signal } = input;
  const project = await projectOf(input, context);
  const settings = 'project' in project ? project.project : undefined;
  const used = usedProviders(settings);
  // Started early, since it takes the longest.
  const guard = settings && guardNow(questionOf(settings), context);
  const clis = await allCliChecks(settings, machine, { context, guard });
  const all = Promise.allSettled(clis);
  add(await gitCheck(context));
  if ('check' in project) add(project.check);
  else add(...(await projectChecks(project.project, context, { runChecks, signal })));
  for (const cli of clis) add(...(await cli));
  add(...(await installChecks(context)));
  add(...(await supervisorChecks(context)));
  add(...(await notifyChecks(context)));
  add(await sandboxCheck(settings, used, { context, guard }));
  await all;
  return reportOf(checks);
}

function reportOf(checks: DoctorCheck[]): DoctorReport {
  const level = (['fail', 'warn'] as const).find((bad) => checks.some((check) => check.level === bad));
  return { level: level ?? 'ok', checks };
}

async function projectOf(
  input: DoctorInput,
  context: ActionContext,
): Promise<{ project: Project } | { check: DoctorCheck }> {
  try {
    return { project: await findProjectFor(input, context) };
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return { check: failed('project', error) };
  }
}

/** Compares a project's settings with what is there. */
async function projectChecks(
  project: Project,
  context: ActionContext,
  { runChecks, signal }: { runChecks: boolean; signal?: AbortSignal | undefined },
): Promise<DoctorCheck[]> {
  const { values, warnings, filePath } = project;
  const trust = await trustIn(project, context.home);
  const checks = [
    warnings.length === 0
      ? ok('project', filePath)
      : warn('project', warnings.map(({ text }) => text).join(' '), `Look at ${filePath}.`),
    ...(await identityChecks(project, context)),
    ...(await folderChecks('sessions', values.sessions)),
    ...(await linkChecks('sessions', values.sessions)),
    ...(await folderChecks('worktrees', values.worktrees)),
    await worktreeCheck(project, context),
  ];
  if (trust.kind === 'fine' && runChecks)
    return [...checks, ...(await triedChecks(project, context, signal))];
  if (trust.kind !== 'fine') {
    const lines = trust.lines.map(riskyLineWords).join('; ');
    const found = `These lines of ${trust.filePath} run something or relax a rule, and are not trusted yet: ${lines}`;
    checks.push(fail('project.trust', found, 'Read these lines; to trust them: samocode trust.'));
  }
  return [...checks, ...(await commandChecks(project, context))];
}

async function identityChecks({ mainRepo }: Project, { env }: ActionContext): Promise<DoctorCheck[]> {
  try {
    await requireIdentity(mainRepo, { baseEnv: env });
    return [];
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return [failed('git.identity', error)];
  }
}

/** Whether git can create a worktree in the sessions' folder; without a checkout, so that it costs little. */
async function worktreeCheck(
  { mainRepo, values: { worktrees } }: Project,
  { env }: ActionContext,
): Promise<DoctorCheck> {
  const options = { cwd: mainRepo, baseEnv: env };
  try {
    const folder = await mkdtemp(join(worktrees, '.trial-'));
    const path = join(folder, 'trial');
    try {
      await runGit(['worktree', 'add', '--quiet', '--detach', '--no-checkout', '--', path, 'HEAD'], options);
    } finally {
      // Also after a failed creation.
      await runGit(['worktree', 'remove', '--force', '--', path], { ...options, allowFailure: true });
      await rm(folder, { recursive: true, force: true });
    }
    return ok('worktree', `git can create and remove worktrees in ${worktrees}`);
  } catch (error) {
    if (isSamocodeError(error)) return failed('worktree', error);
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    const fix = 'Make it writable, or correct WORKTREES.';
    return fail('worktree', `No folder can be created in ${worktrees} (${code}).`, fix);
  }
}

const IN_WORDS: Readonly<Record<Exclude<SandboxLevel, 'none'>, string>> = {
  guard:
    'guard: agents cannot reach the main checkout, the settings and hooks of git, other sessions or the records of gates',
  'best effort':
    'best effort: agents run in the guard, but as root, which has ways out; run samocode as another user for the whole of it',
  'provider sandbox': 'provider sandbox: the agent CLI confines its own commands',
};

function questionOf({ mainRepo, values }: Project): SandboxQuestion {
  const { sessions: sessionsDir, worktrees: worktreesDir, sandbox, sandboxWrite = [] } = values;
  return { mainRepo, sessionsDir, worktreesDir, settings: { sandbox, sandboxWrite } };
}

/** The sandbox level of this project's agents, tested on the project's own folders. */
async function sandboxCheck(
  project: Project | undefined,
  used: ReadonlySet<string>,
  { context, guard }: { context: ActionContext; guard: Promise<GuardNow> | undefined },
): Promise<DoctorCheck> {
  const id = 'sandbox';
  if (project === undefined || guard === undefined) {
    const tool = findGuardTool(context.env);
    if (tool !== undefined) return ok(id, `${tool.kind} is installed; run this in a project to test it`);
    const { why, hint } = missingGuard();
    return warn(id, `none: ${why}, so agents would run with all of your rights.`, hint);
  }
  const { sandbox, permissions } = project.values;
  const now = await guard;
  if (now.level !== 'none') return ok(id, IN_WORDS[now.level]);
  if (sandbox === 'guard')
    return fail(id, `SANDBOX is guard, but there is no guard here: ${now.why}.`, now.hint);
  if (areConfined([...used], permissions)) return ok(id, IN_WORDS['provider sandbox']);
  return warn(id, `none: ${now.why}, so agents run with all of your rights.`, now.hint);
}
