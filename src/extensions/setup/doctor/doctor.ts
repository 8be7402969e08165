import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { triedChecks } from '../../../core/acts/proof/try-checks.ts';
import { agentChoices } from '../../../core/acts/sessions/freeze-settings.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { readProjectFor } from '../../../core/caller/context/find-project-for.ts';
import { requireTrust } from '../../../core/caller/context/trust-project.ts';
import { whichProjects } from '../../../core/caller/context/which-projects.ts';
import { diskTrouble } from '../../../core/caller/facts/worker-report.ts';
import { providersOf } from '../../../core/caller/refusals/agent-clis.ts';
import {
  absent,
  checked,
  type DoctorCheck,
  failed,
  type Machine,
  ok,
  onlyWarned,
  thisMachine,
  warn,
  warnIf,
} from '../../../core/caller/refusals/check.ts';
import { commandChecks } from '../../../core/caller/refusals/command-checks.ts';
import { refuseUnfitAgents } from '../../../core/caller/refusals/fit-agents.ts';
import { guardedProject, guardNow, sandboxNow } from '../../../core/caller/refusals/sandbox-now.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { fromExtensions } from '../../../core/kernel/extension.ts';
import { describeLevel } from '../../../core/kernel/sandbox-level.ts';
import { missingCheck } from '../../../core/project/finding/make-project.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { lostByRebuild } from '../../../core/project/finding/project-place.ts';
import { requirePlaces, trustIn } from '../../../core/project/finding/trust.ts';
import { runByRepository } from '../../../core/project/git/executing-settings.ts';
import { requireIdentity } from '../../../core/project/git/repository.ts';
import { valuesWithout } from '../../../core/project/settings/read-settings.ts';
import { findGuardTool } from '../../../core/sandbox/guard/make-guard.ts';
import { missingGuard } from '../../../core/sandbox/probe-guard.ts';
import { readSessionList } from '../../../core/session/folder/session-list.ts';
import { jsonValue, valueAt } from '../install/json-member.ts';
import {
  type CliCheckContext,
  checkedProviders,
  cliChecks,
  type OtherAgents,
  otherAgents,
  plansCheck,
  usedProviders,
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

/** The project as far as it may be acted on: lines that wait for trust choose no sandbox and no program. */
async function actedOn(project: Project, context: ActionContext): Promise<Project> {
  const trust = await trustIn(project, context);
  return trust.kind === 'fine' ? project : { ...project, values: valuesWithout(project, trust.lines) };
}

async function groupsOf(
  { project, checks }: ProjectFound,
  input: DoctorInput,
  { context, machine, used }: Omit<CliCheckContext, 'project' | 'guard'>,
): Promise<RunningGroup[]> {
  const acted = project && (await actedOn(project, context));
  const guard = acted && guardNow(guardedProject(acted), context);
  const surroundings = { project: acted, used, machine, context, guard };
  const clis = checkedProviders().map((provider) => ({
    isUsed: used.has(provider.name),
    title: provider.title,
    checks: cliChecks(provider, surroundings),
  }));
  const unused = clis.filter(({ isUsed }) => !isUsed);
  return [
    {
      title: 'Machine',
      checks: together(
        machineChecks(machine, context),
        gitCheck(context),
        // The repository of a project might set its own.
        project === undefined ? identityChecks(context.cwd, context).then(onlyWarned) : [],
      ),
    },
    ...clis.filter(({ isUsed }) => isUsed),
    { title: 'Other CLIs', checks: together(...unused.map(({ checks }) => checks)) },
    { title: 'Plans', checks: plansCheck(used, context) },
    { title: 'Chat programs', checks: installChecks(context) },
    { title: 'Supervisor', checks: supervisorChecks(context) },
    ...fromExtensions('checks').map(({ title, checks: run }) => ({ title, checks: run(context) })),
    { title: 'Sandbox', checks: sandboxChecks(surroundings) },
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
  const lost = await lostByRebuild({ mainRepo, sessions: values.sessions }, context.home);
  const untrusted = await checked('project.trust', () => requireTrust(project, context));
  const isTried = untrusted.length === 0 && runChecks;
  return await together(
    warnings.length === 0
      ? ok('project', filePath, filePath)
      : warn('project', warnings.map(({ text }) => text).join(' '), `Correct ${filePath}.`),
    untrusted,
    identityChecks(mainRepo, context),
    gitPrograms(mainRepo, context),
    lost.map((text) => warn('project.place', text, 'docs/files.md says more.')),
    folderChecks('sessions', values.sessions),
    privacyCheck(values.sessions),
    heldUpChecks(values.sessions, context),
    folderChecks('worktrees', values.worktrees),
    noCheck(project),
    unusedServers(project),
    checked('project.agents', () =>
      refuseUnfitAgents([...providersOf(project)], agentChoices(values), context),
    ),
    isTried ? triedChecks(project, context, signal) : commandChecks(project, context),
  );
}

/** The settings of a repository are the person's: what git runs by them is only shown. */
async function gitPrograms(mainRepo: string, { env }: ActionContext): Promise<DoctorCheck[]> {
  const programs = await runByRepository(mainRepo, { baseEnv: env });
  return programs === undefined ? [] : [ok('git.programs', programs, programs)];
}

async function heldUpChecks(sessions: string, { host }: ActionContext): Promise<DoctorCheck[]> {
  // Another check reports an unreadable folder.
  const views = await readSessionList(sessions, host).catch(() => []);
  const texts = views.flatMap((view) => diskTrouble(view) ?? []);
  return texts.map((text) => warn('sessions.held_up', text, 'Repair that disk.'));
}

async function noCheck(project: Project): Promise<DoctorCheck[]> {
  const missing = await missingCheck(project);
  return missing === undefined ? [] : [warn('project.check', missing.found, missing.fix)];
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

async function identityChecks(folder: string, { env }: ActionContext): Promise<readonly DoctorCheck[]> {
  const id = 'git.identity';
  return await checked(
    id,
    () => requireIdentity(folder, { baseEnv: env }),
    ({ name, email }) => [ok(id, `commits are made as ${name} <${email}>`)],
  );
}

/** The sandbox level of this project's agents, tested on the project's own folders. */
async function sandboxChecks({ project, context, guard }: CliCheckContext): Promise<readonly DoctorCheck[]> {
  const id = 'sandbox';
  if (project === undefined || guard === undefined) {
    const kind = findGuardTool(context.env)?.kind;
    if (kind !== undefined)
      return [ok(id, `${kind} is installed; run this in a project to test it`, `${kind} is installed`)];
    const { why, hint } = missingGuard();
    return [warn(id, `none: ${why}, so agents would run with all of your rights.`, hint)];
  }
  const { values, filePath: configPath } = project;
  const { provider, providerByPhase: providers, fallback } = values;
  const { settings, ...places } = guardedProject(project);
  const asked = { ...settings, ...agentChoices(values), provider, providers, fallback };
  return await checked(
    id,
    async () => {
      const { level } = await sandboxNow({ ...places, settings: asked, configPath }, context, guard);
      return { level, now: await guard };
    },
    ({ level, now }) =>
      level === 'none' && now.level === 'none'
        ? [warn(id, `none: ${now.why}, so agents run with all of your rights.`, now.hint)]
        : [ok(id, describeLevel(level), level)],
  );
}
