import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { triedChecks } from '../../../core/acts/proof/try-checks.ts';
import { limitsOf, permissionsOf } from '../../../core/acts/sessions/freeze-settings.ts';
import { areConfined } from '../../../core/agents/registry.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { readProjectFor } from '../../../core/caller/context/find-project-for.ts';
import { formatRiskyLine } from '../../../core/caller/context/trust-project.ts';
import { whichProjects } from '../../../core/caller/context/which-projects.ts';
import { START_ERRORS } from '../../../core/caller/errors/start-errors.ts';
import { providersOf } from '../../../core/caller/refusals/agent-clis.ts';
import {
  absent,
  type DoctorCheck,
  fail,
  failed,
  furtherChecks,
  type Machine,
  ok,
  thisMachine,
  warn,
  warnIf,
} from '../../../core/caller/refusals/check.ts';
import { commandChecks } from '../../../core/caller/refusals/command-checks.ts';
import { refuseUnfitAgents } from '../../../core/caller/refusals/fit-agents.ts';
import { guardedProject, guardNow, unguardedRefusal } from '../../../core/caller/refusals/sandbox-now.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { describeLevel } from '../../../core/kernel/sandbox-level.ts';
import { cut } from '../../../core/kernel/text.ts';
import { missingCheck } from '../../../core/project/finding/make-project.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { requirePlaces, type Trust, trustIn } from '../../../core/project/finding/trust.ts';
import { runByRepository } from '../../../core/project/git/executing-settings.ts';
import { requireIdentity } from '../../../core/project/git/repository.ts';
import { hidingLine } from '../../../core/project/settings/forge-login.ts';
import { keptOf } from '../../../core/project/settings/settings.ts';
import { findGuardTool } from '../../../core/sandbox/guard/make-guard.ts';
import { forgeLoginProblem, type GuardNow, missingGuard } from '../../../core/sandbox/probe-guard.ts';
import { jsonValue, valueAt } from '../install/json-member.ts';
import {
  type CheckedProvider,
  type CliCheckContext,
  checkedProviders,
  cliChecks,
  type OtherAgents,
  otherAgents,
  plansCheck,
  usedProviders,
  vendorsCheck,
} from './cli-checks.ts';
import { folderChecks, gitCheck, machineChecks, privacyCheck } from './machine-checks.ts';
import { installChecks, supervisorChecks } from './service-checks.ts';

export interface DoctorInput {
  projectDir?: string;
  /** Also runs SETUP and each CHECK once, the way sessions run them. */
  runChecks?: boolean;
  /** Called with each group as soon as it is known, in the order of the report; `titles`: of all groups. */
  onGroup?: ((group: DoctorGroup, titles: readonly string[]) => void) | undefined;
  /** Aborts running checks. */
  signal?: AbortSignal;
}

/** The checks on one subject: the machine, a client, the project. */
export interface DoctorGroup {
  title: string;
  checks: readonly DoctorCheck[];
}

export interface DoctorReport {
  /** The worst level of all checks. */
  level: DoctorCheck['level'];
  /** Absent outside a project. */
  projectFile?: string;
  checks: readonly (DoctorCheck & { group: string })[];
  /** Set if only the agent CLI of the settings fails, and others can work. */
  others?: OtherAgents;
}

/**
 * Checks everything that a session needs (machine, git, project, agent CLIs) and everything that weakens our guarantees.
 * Costs nothing, leaves no files behind, and reports problems instead of throwing them.
 */
export async function doctor(
  input: DoctorInput,
  context: ActionContext,
  machine: Machine = thisMachine(),
): Promise<DoctorReport> {
  const isWindows = machine.platform === 'win32';
  const found = isWindows ? {} : await projectFound(input, context);
  const used = await usedProviders(found.project, context);
  const groups = isWindows
    ? [{ title: 'Machine', checks: machineChecks(machine, context) }]
    : await groupsOf(found, input, { context, machine, used });
  const titles = groups.map(({ title }) => title);
  // All groups run at the same time but are reported in order.
  const all = Promise.allSettled(groups.map(({ checks }) => checks));
  const checks: DoctorReport['checks'][number][] = [];
  for (const group of groups) {
    const { title } = group;
    const known = await group.checks;
    input.onGroup?.({ title, checks: known }, titles);
    checks.push(...known.map((check) => ({ group: title, ...check })));
  }
  await all;
  const level = (['fail', 'warn'] as const).find((bad) => checks.some((check) => check.level === bad));
  const others = otherAgents(checks, used);
  return { level: level ?? 'ok', projectFile: found.project?.filePath, checks, others };
}

interface RunningGroup {
  title: string;
  checks: Promise<readonly DoctorCheck[]>;
}

interface ProjectFound {
  project?: Project;
  /** Without a project: the checks that say why there is none. */
  checks?: readonly DoctorCheck[];
}

async function groupsOf(
  { project, checks }: ProjectFound,
  input: DoctorInput,
  { context, machine, used }: Omit<CliCheckContext, 'project' | 'guard'>,
): Promise<RunningGroup[]> {
  const guard = project && guardNow(guardedProject(project), context);
  const surroundings = { project, used, machine, context, guard };
  const clis = checkedProviders().map((provider) => ({
    ...provider,
    checks: cliChecks(provider, surroundings),
  }));
  const isUsed = ({ name }: CheckedProvider) => used.has(name);
  const unused = clis.filter((provider) => !isUsed(provider));
  const isOfMachine = project === undefined;
  return [
    {
      title: 'Machine',
      checks: together(
        machineChecks(machine, context),
        gitCheck(context),
        isOfMachine ? identityCheck(context.cwd, context, warn) : [],
      ),
    },
    ...clis.filter(isUsed),
    { title: 'Other CLIs', checks: together(...unused.map(({ checks }) => checks)) },
    {
      title: 'Vendors',
      checks: together(
        Promise.all(clis.map((cli) => inUseOrReady(cli, used))).then((found) =>
          vendorsCheck(found.flat(), context.clock.now()),
        ),
        plansCheck(used, context),
      ),
    },
    { title: 'Chat programs', checks: installChecks(context) },
    { title: 'Supervisor', checks: supervisorChecks(context) },
    ...furtherChecks.items.map(({ title, checks: run }) => ({ title, checks: run(context) })),
    { title: 'Sandbox', checks: together(sandboxCheck(project, used, { context, guard })) },
    {
      title: 'Project',
      checks:
        checks === undefined && project !== undefined
          ? projectChecks(project, context, input)
          : together(checks ?? []),
    },
  ];
}

type Checks = DoctorCheck | readonly DoctorCheck[];

async function inUseOrReady(
  cli: CheckedProvider & { checks: Promise<readonly DoctorCheck[]> },
  used: ReadonlySet<string>,
): Promise<CheckedProvider[]> {
  return used.has(cli.name) || (await cli.checks).some(({ isAbsent }) => !isAbsent) ? [cli] : [];
}

async function together(...parts: (Checks | Promise<Checks>)[]): Promise<DoctorCheck[]> {
  return (await Promise.all(parts)).flat();
}

async function projectFound(input: DoctorInput, context: ActionContext): Promise<ProjectFound> {
  try {
    const { own } = await whichProjects(input.projectDir, context);
    if (own.length === 0 && !input.projectDir) return OUTSIDE;
    const { file, project, problems } = await readProjectFor(input, context);
    if (file !== undefined) await requirePlaces(file, context.home);
    return project ? { project } : { checks: problems.map((problem) => failed('project', problem)) };
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return { checks: [failed('project', error)] };
  }
}

const OUTSIDE: ProjectFound = {
  checks: [
    absent(
      'project',
      'There is no samocode project here; "samocode init" makes one.',
      'no project here (samocode init makes one)',
    ),
  ],
};

/** Checks a project's settings against its folders, its commands and this machine. */
async function projectChecks(
  project: Project,
  context: ActionContext,
  { runChecks, signal }: Pick<DoctorInput, 'runChecks' | 'signal'>,
): Promise<DoctorCheck[]> {
  const { values, warnings, filePath, mainRepo } = project;
  const trust = await trustIn(project, context);
  const isTried = trust.kind === 'fine' && runChecks;
  return await together(
    warnings.length === 0
      ? ok('project', filePath, filePath)
      : warn('project', warnings.map(({ text }) => text).join(' '), `Correct ${filePath}.`),
    trustChecks(trust),
    identityCheck(mainRepo, context, fail),
    gitPrograms(mainRepo, context),
    folderChecks('sessions', values.sessions),
    privacyCheck(values.sessions),
    folderChecks('worktrees', values.worktrees),
    noCheck(project),
    unusedServers(project),
    unfitAgents(project, context),
    isTried ? triedChecks(project, context, signal) : commandChecks(project, context),
  );
}

function trustChecks(trust: Trust): DoctorCheck[] {
  if (trust.kind === 'fine') return [];
  const lines = trust.lines.map((line) => cut(formatRiskyLine(line), 200)).join('; ');
  const found = `These lines of ${trust.filePath} run something or relax a rule, and are not trusted yet: ${lines}`;
  return [fail('project.trust', found, 'Read these lines; to trust them: samocode trust.')];
}

/** The settings of a repository are the person's: what git runs by them is only shown. */
async function gitPrograms(mainRepo: string, { env }: ActionContext): Promise<DoctorCheck[]> {
  const programs = await runByRepository(mainRepo, { baseEnv: env });
  return programs === undefined ? [] : [ok('git.programs', programs, programs)];
}

async function noCheck(project: Project): Promise<DoctorCheck[]> {
  const missing = await missingCheck(project);
  return missing === undefined ? [] : [warn('project.check', missing.found, missing.fix)];
}

/** The first reason for which a start would refuse the agents of the settings. */
async function unfitAgents(project: Project, context: ActionContext): Promise<DoctorCheck[]> {
  const { values } = project;
  const choices = {
    mcpPath: values.mcp,
    limits: limitsOf(values),
    acp: keptOf(values).acp,
    ...permissionsOf(values),
  };
  try {
    await refuseUnfitAgents([...providersOf(project)], choices, context);
    return [];
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return [fail('project.agents', error.why, error.hint)];
  }
}

/** A project's `.mcp.json` is for the person's chats; agents get its servers only through the setting MCP. */
async function unusedServers({ mainRepo, values }: Project): Promise<DoctorCheck[]> {
  // An unreadable file counts as one without servers.
  const text = await readFile(join(mainRepo, '.mcp.json'), 'utf8').catch(() => '{}');
  const servers = Object.keys(Object(valueAt(jsonValue(text), ['mcpServers'])));
  return warnIf(
    values.mcp === undefined && servers.some((name) => name !== 'samocode'),
    'project.mcp',
    'The MCP servers of .mcp.json do not reach agents.',
    'If agents need them, add to .samocode: MCP=.mcp.json.',
  );
}

/** @param judge `warn` outside a project, because the project's repository might set its own identity */
async function identityCheck(
  folder: string,
  { env }: ActionContext,
  judge: typeof fail,
): Promise<DoctorCheck> {
  const id = 'git.identity';
  try {
    const { name, email } = await requireIdentity(folder, { baseEnv: env });
    return ok(id, `commits are made as ${name} <${email}>`);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return judge(id, `${error.what} ${error.why}`, error.hint);
  }
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
    if (tool !== undefined)
      return ok(
        id,
        `${tool.kind} is installed; run this in a project to test it`,
        `${tool.kind} is installed`,
      );
    const { why, hint } = missingGuard();
    return warn(id, `none: ${why}, so agents would run with all of your rights.`, hint);
  }
  const { sandbox, permissions } = project.values;
  const now = await guard;
  const line = await hidingLine(project.filePath);
  const open = line === undefined ? undefined : forgeLoginProblem(now);
  if (open !== undefined) {
    const { why, hint } = START_ERRORS.forge_login_open({ ...open, line });
    return fail(id, why, hint);
  }
  if (now.level !== 'none') return ok(id, describeLevel(now.level), now.level);
  if (sandbox === 'guard' || sandbox === 'strict')
    return fail(id, `SANDBOX is ${sandbox}, and that is not available here: ${now.why}.`, now.hint);
  const refusal = unguardedRefusal([...used], keptOf(project.values).acp, now);
  if (refusal !== undefined) return fail(id, refusal.why, refusal.hint);
  if (areConfined([...used], permissions))
    return ok(id, describeLevel('provider sandbox'), 'provider sandbox');
  return warn(id, `none: ${now.why}, so agents run with all of your rights.`, now.hint);
}
