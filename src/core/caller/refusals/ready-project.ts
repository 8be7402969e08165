import { providerNamed } from '../../agents/registry.ts';
import { asOneError } from '../../kernel/base-errors.ts';
import { isSamocodeError, type SamocodeError } from '../../kernel/errors.ts';
import { once } from '../../kernel/once.ts';
import type { Permissions } from '../../kernel/phases/grants.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { type ConfigEntry, configEntries } from '../../project/git/config.ts';
import { requireIdentity } from '../../project/git/repository.ts';
import { requireBase } from '../../project/worktrees/base-commit.ts';
import type { ActionContext } from '../context/context.ts';
import { type ProjectQuestion, readProjectFor, requirePlacesOf } from '../context/find-project-for.ts';
import { requireTrust } from '../context/trust-project.ts';
import { NOTHING, START_ERRORS } from '../errors/start-errors.ts';
import { findCli, providersOf } from './agent-clis.ts';
import { requireLogin } from './ask-cli.ts';
import { type Machine, thisMachine } from './check.ts';
import { commandChecks } from './command-checks.ts';

export interface ReadyProject extends Project {
  /** Those of git in MAIN_REPO, read once for the start. */
  gitSettings: readonly ConfigEntry[];
}

/** The project of a new session. All problems that prevent a start are reported together. */
export async function readyProject(
  { base, isForPool, ...question }: ProjectQuestion & { base?: string; isForPool?: boolean },
  context: ActionContext,
): Promise<ReadyProject> {
  const { project, mainRepo, problems } = await readProjectFor(question, context);
  const settings = once(async () => await configEntries({ cwd: mainRepo ?? '/', baseEnv: context.env }));
  const found = await Promise.all([
    ...(project === undefined ? [] : projectProblems(project, context)),
    // Another machine of the pool might have the CLIs.
    ...(project === undefined || isForPool ? [] : cliProblems(project, context)),
    ...(mainRepo === undefined ? [] : repositoryProblems({ mainRepo, base, settings }, context)),
  ]);
  const all = [...problems, ...found.flat()];
  if (project === undefined || all.length > 0) throw asOneError(all, NOTHING);
  // Last: it starts programs, and an untrusted file may neither name them nor switch off their guard.
  const logins = isForPool ? [] : (await Promise.all(loginProblems(project, context))).flat();
  if (logins.length > 0) throw asOneError(logins, NOTHING);
  return { ...project, gitSettings: await settings() };
}

type Problems = Promise<SamocodeError[]>;

function projectProblems(project: Project, context: ActionContext): Problems[] {
  return [
    refusalIn(() => requirePlacesOf(project, context)),
    refusalIn(() => requireTrust(project, context)),
    Promise.resolve(retiredLimits(project)),
    commandProblems(project, context),
    refusalIn(() => refuseRoot(providersOf(project), project.values, context)),
  ];
}

/** A limit that went would be none. */
function retiredLimits({ warnings }: Project): SamocodeError[] {
  return warnings.flatMap(({ path, text, stops }) =>
    stops ? [START_ERRORS.line_stops({ path, text })] : [],
  );
}

function cliProblems(project: Project, context: ActionContext): Problems[] {
  return [...providersOf(project)].map((name) => refusalIn(() => findCli(project, name, context)));
}

/** Of the agents that do the work; a fallback may be logged in by the time that it is needed. */
function loginProblems(project: Project, context: ActionContext): Problems[] {
  const { provider, providerByPhase } = project.values;
  const names = new Set([provider, ...Object.values(providerByPhase)]);
  return [...names].map((name) => refusalIn(() => requireLogin(project, name, context)));
}

interface AskedRepository {
  mainRepo: string;
  base: string | undefined;
  settings: () => Promise<readonly ConfigEntry[]>;
}

function repositoryProblems(
  { mainRepo, base, settings }: AskedRepository,
  { env: baseEnv }: ActionContext,
): Problems[] {
  return [
    refusalIn(async () => await requireIdentity(mainRepo, { baseEnv }, await settings())),
    ...(base === undefined ? [] : [refusalIn(() => requireBase({ mainRepo, base, baseEnv }))]),
  ];
}

async function refusalIn(require: () => unknown): Problems {
  try {
    await require();
    return [];
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return [error];
  }
}

/** The command checks that fail in `setup_project`, reported again at a start. */
async function commandProblems(project: Project, context: ActionContext): Problems {
  const failed = (await commandChecks(project, context)).filter(({ level }) => level === 'fail');
  return failed.map(({ found, fix = '' }) => START_ERRORS.command_not_found({ found, fix }));
}

/** Refuses root for a provider that does not run as root, because its first iteration would fail. */
export function refuseRoot(
  names: Iterable<string>,
  { permissions }: { permissions: Permissions },
  { env }: Pick<ActionContext, 'env'>,
  { uid }: Pick<Machine, 'uid'> = thisMachine(),
): void {
  const refusing = [...names].map(providerNamed).find((one) => one.refusesRoot);
  // IS_SANDBOX must be exactly 1 to prevent that.
  if (refusing !== undefined && uid === 0 && permissions === 'skip' && env.IS_SANDBOX !== '1')
    throw START_ERRORS.root_refused({ title: refusing.title });
}
