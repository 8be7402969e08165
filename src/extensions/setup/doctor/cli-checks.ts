import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoginTraces, Preflight, Provider } from '../../../core/agents/contract/provider.ts';
import { PROVIDER_ERRORS } from '../../../core/agents/contract/provider-errors.ts';
import { acceptedAccounts, allProviders, providerNamed } from '../../../core/agents/registry.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { START_ERRORS } from '../../../core/caller/errors/start-errors.ts';
import { NOTHING_KEPT, planText } from '../../../core/caller/facts/plan-text.ts';
import { providersOf } from '../../../core/caller/refusals/agent-clis.ts';
import { askInGuard, type GuardedCommand } from '../../../core/caller/refusals/ask-cli.ts';
import {
  checked,
  type DoctorCheck,
  fail,
  failed,
  type Machine,
  ok,
  warn,
  warnIf,
} from '../../../core/caller/refusals/check.ts';
import { projectRefusal } from '../../../core/caller/refusals/login-of-project.ts';
import { refuseRoot } from '../../../core/caller/refusals/ready-project.ts';
import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { refusedFile } from '../../../core/kernel/files/refused-file.ts';
import type { Permissions } from '../../../core/kernel/phases/grants.ts';
import { type CommandResult, runCommand } from '../../../core/kernel/processes/run-command.ts';
import { isOlder } from '../../../core/kernel/versions.ts';
import { machineSetting } from '../../../core/project/finding/machine-setting.ts';
import type { Project } from '../../../core/project/finding/open-project.ts';
import { checkoutsOf } from '../../../core/project/proving/checkout-variables.ts';
import { agentSettings } from '../../../core/project/settings/resolve-settings.ts';
import type { GuardNow } from '../../../core/sandbox/probe-guard.ts';
import { locateCli } from '../../../core/sandbox/programs/locate-cli.ts';
import { nodePath } from '../../../core/sandbox/programs/node-path.ts';
import { type AskCli, loginProblem } from '../../../core/sandbox/programs/preflight.ts';
import { jsonValue } from '../install/json-member.ts';

/** An agent CLI whose version and login can be checked. */
export type CheckedProvider = Provider & { name: string; preflight: Preflight };

export function checkedProviders(): CheckedProvider[] {
  return allProviders().flatMap((provider) =>
    provider.preflight === undefined ? [] : [{ ...provider, preflight: provider.preflight }],
  );
}

export interface CliCheckContext {
  project: Project | undefined;
  /** The agents that a session of this project would start. */
  used: ReadonlySet<string>;
  machine: Machine;
  context: ActionContext;
  guard: Promise<GuardNow> | undefined;
}

/** The providers that a session of this project would use; without a project, the one that a new project would use. */
export async function usedProviders(
  project: Project | undefined,
  context: ActionContext,
): Promise<ReadonlySet<string>> {
  if (project !== undefined) return providersOf(project);
  return new Set([(await machineSetting('provider', context)) ?? 'claude']);
}

interface CliQuestion extends CliCheckContext {
  provider: CheckedProvider;
  permissions: Permissions;
  /** Absent without a guard. */
  inside?: GuardedCommand;
}

/** Checks what an agent CLI reports about itself; sends no request to its service. */
export async function cliChecks(
  provider: CheckedProvider,
  surroundings: CliCheckContext,
): Promise<DoctorCheck[]> {
  const { name, title, preflight, facts } = provider;
  const isUsed = surroundings.used.has(name);
  const id = `cli.${name}`;
  const permissions = surroundings.project?.values.permissions ?? 'skip';
  try {
    const now = await surroundings.guard?.catch(() => undefined);
    const { path, version, problems } = await askInGuard(name, now, (inside) =>
      cliAnswers({ ...surroundings, provider, permissions, ...(inside && { inside }) }),
    );
    const tried = facts?.tested ? '' : ' (not tried with samocode)';
    // The login of an account that is refused looks the same.
    const about = [tried, acceptedAccounts(provider)].filter((text) => text !== undefined).join('; ');
    if (isUsed) return [ok(id, path + about, version + about), ...problems];
    const [problem] = problems;
    if (problem) return [notReady(id, `${path}${about}. ${problem.found}`)];
    return [ok(id, path + about, `${title} ${version}${tried}`)];
  } catch (thrown) {
    // Its trial needs a temporary folder, which a full disk refuses.
    const error = refusedFile(thrown) ?? thrown;
    if (!isSamocodeError(error)) throw error;
    const isNotFound = PROVIDER_ERRORS.cli_not_found.is(error);
    if (!isUsed && (isNotFound || START_ERRORS.command_missing.is(error)))
      return [notReady(id, `${title} is not installed`)];
    if (!isNotFound) return [isUsed ? failed(id, error) : notReady(id, failed(id, error).found)];
    const { what, why, args } = error;
    const found = `${what} It is in none of ${args.searched.length} folders, which include those of PATH.`;
    const fix = `Install it (${preflight.install}), or set ${args.setting} to its absolute path.`;
    return [{ ...fail(id, found, fix), details: why }];
  }
}

/** The finding for an agent CLI that cannot work and is not needed. */
const notReady = (id: string, found: string): DoctorCheck => ({ ...ok(id, found), isAbsent: true });

/** What is used of the plans of these agents, and where nothing of one can be kept although it should be. */
export async function plansCheck(used: ReadonlySet<string>, context: ActionContext): Promise<DoctorCheck[]> {
  const checks = [...used].map(async (name) => {
    const text = await planText(name, context);
    if (text === undefined) return [];
    const [id, found] = [`plan.${name}`, `${providerNamed(name).title}: ${text}`];
    const fix = 'Use an agent with a plan that it reports, or remove KEEP_5H and KEEP_7D.';
    return [text === NOTHING_KEPT ? warn(id, `${found}.`, fix) : ok(id, found, found)];
  });
  return (await Promise.all(checks)).flat();
}

interface CliAnswers {
  path: string;
  version: string;
  problems: readonly DoctorCheck[];
}

/** @throws an error for a CLI that cannot be located */
async function cliAnswers(question: CliQuestion): Promise<CliAnswers> {
  const { provider, permissions, project, machine, context, inside = (command) => command } = question;
  const { install } = provider.preflight;
  const oldest = provider.facts?.tested?.oldest;
  const id = `cli.${provider.name}`;
  const place = { env: context.env, homeDir: context.home };
  const configured = project
    ? agentSettings(project, 'init', provider.name).cliPath
    : await machineSetting(`${provider.name}Path`, context);
  // Nothing is configured, or only by a line that waits for trust.
  if (!configured && provider.defaultCommand === '') throw START_ERRORS.command_missing();
  const { path, foundIn } = await locateCli({
    cli: provider,
    ...place,
    nodePath: await nodePath(context.env),
    refusal: project && projectRefusal(project, context),
    ...(project && {
      checkouts: await checkoutsOf(
        { mainRepo: project.mainRepo, worktreesDir: project.values.worktrees },
        context.env,
      ),
    }),
    configured,
  });
  const env = definedOnly(context.env);
  const ask: AskCli = async (asked) => {
    const [file, ...args] = inside([path, ...asked]);
    return await runCommand(file, args, { env, timeoutMs: machine.answerLimitMs, maxBytes: 1024 * 1024 });
  };
  // In parallel, because each query starts the whole CLI.
  const [{ stdout, exitCode, timedOut }, ...asked] = await Promise.all([
    ask(['--version']),
    loginChecks(question, ask),
    sandboxChecks(question, ask),
  ]);
  const version = stdout.trim().split('\n')[0] || 'unknown version';
  const isOld = oldest !== undefined && isOlder(version, oldest);
  return {
    path: `${path} (${foundIn}), ${version}`,
    version: /\d+\.\d+\.\d+(?:[-+.]?\w+)*/.exec(version)?.[0] ?? version,
    problems: [
      ...startProblems(question, { exitCode, timedOut, stdout }),
      ...warnIf(
        isOld,
        `${id}.version`,
        `${version} is older than the tested version (${oldest}).`,
        `Update it: ${install}.`,
      ),
      ...asked.flat(),
      ...(await checked(`cli.${provider.name}.root`, () =>
        refuseRoot([provider.name], { permissions }, context, machine),
      )),
    ],
  };
}

function startProblems(
  { provider: { name, title, preflight }, machine }: CliQuestion,
  { exitCode, timedOut, stdout }: Pick<CommandResult, 'exitCode' | 'timedOut' | 'stdout'>,
): DoctorCheck[] {
  const id = `cli.${name}.start`;
  if (timedOut) {
    const found = `Its version is unknown: --version gave no answer within ${machine.answerLimitMs / 1000} s.`;
    return [warn(id, found, 'Run samocode doctor again when the machine is less busy.')];
  }
  if (exitCode === 0)
    return warnIf(
      stdout.trim() === '',
      id,
      'Its version is unknown: --version printed none.',
      `Update it: ${preflight.install}.`,
    );
  return [fail(id, `${title} does not start: --version fails.`, `Update it: ${preflight.install}.`)];
}

const KEYRING = 'Agents in the sandbox cannot use a login in the keyring (docs/security.md).';

async function loginChecks({ provider, context, inside }: CliQuestion, ask: AskCli): Promise<DoctorCheck[]> {
  const id = `cli.${provider.name}.login`;
  const { loginTraces, loginFix } = provider.preflight;
  const problem = await loginProblem(provider, ask);
  if (problem !== undefined) {
    const judge = problem.isCertain ? fail : warn;
    return [judge(id, problem.found, inside === undefined ? problem.fix : `${problem.fix} ${KEYRING}`)];
  }
  // For some CLIs, the location of the login is unknown.
  const isMissing = loginTraces !== undefined && !(await hasLogin(loginTraces, context));
  return warnIf(isMissing, id, `No login for ${provider.title} was found.`, loginFix);
}

async function hasLogin(
  { env: names, homeVariable, files, settings }: LoginTraces,
  { env, home }: ActionContext,
): Promise<boolean> {
  if (names.some((name) => env[name])) return true;
  const place = env[homeVariable] || home;
  // An unreadable file does not count as a login.
  const found = await Promise.all(files.map((file) => stat(join(place, file)).catch(() => undefined)));
  if (found.some((file) => file !== undefined)) return true;
  const text = await readFile(join(place, settings.file), 'utf8').catch(() => '');
  const chosen = settings.at.reduce<unknown>((node, key) => Object(node)[key], jsonValue(text));
  return typeof chosen === 'string' && chosen !== '';
}

/** Whether the CLI's own sandbox works, which agents need unless PERMISSIONS is skip. */
async function sandboxChecks({ provider, permissions }: CliQuestion, ask: AskCli): Promise<DoctorCheck[]> {
  const { sandboxArgs } = provider.preflight;
  if (permissions === 'skip' || sandboxArgs === undefined || (await ask(sandboxArgs)).exitCode === 0)
    return [];
  const found = 'Its sandbox does not work here: every command of an agent would fail.';
  const fix = 'Allow user namespaces on this machine, or set PERMISSIONS=skip.';
  return [fail(`cli.${provider.name}.sandbox`, found, fix)];
}

export interface OtherAgents {
  /** The title of the agent CLI that the settings name. */
  failing: string;
  can: readonly Pick<CheckedProvider, 'name' | 'title'>[];
}

/** The tried agent CLIs that can work here; undefined unless all that fails is the one CLI that would be used. */
export function otherAgents(
  checks: readonly DoctorCheck[],
  used: ReadonlySet<string>,
): OtherAgents | undefined {
  const failing = checkedProviders().find(({ name }) => used.has(name));
  const failures = checks.filter(({ level }) => level === 'fail');
  if (used.size !== 1 || failing === undefined || failures.length === 0) return undefined;
  if (failures.some(({ id }) => !`${id}.`.startsWith(`cli.${failing.name}.`))) return undefined;
  const canWork = new Set(
    checks.flatMap(({ id, level, isAbsent }) => (level === 'ok' && !isAbsent ? [id] : [])),
  );
  const can = checkedProviders()
    .filter(({ name, facts }) => name !== failing.name && facts?.tested && canWork.has(`cli.${name}`))
    .map(({ name, title }) => ({ name, title }));
  return can.length > 0 ? { failing: failing.title, can } : undefined;
}
