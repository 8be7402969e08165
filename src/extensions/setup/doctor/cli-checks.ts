import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoginTraces, Preflight, Provider } from '../../../core/agents/contract/provider.ts';
import { PROVIDER_ERRORS } from '../../../core/agents/contract/provider-errors.ts';
import { allProviders, providerNames } from '../../../core/agents/registry.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { providersOf } from '../../../core/caller/refusals/agent-clis.ts';
import {
  absent,
  type DoctorCheck,
  fail,
  type Machine,
  NOT_INSTALLED,
  ok,
  warn,
  warnIf,
} from '../../../core/caller/refusals/check.ts';
import { projectRefusal } from '../../../core/caller/refusals/login-of-project.ts';
import { isRefusedAsRoot } from '../../../core/caller/refusals/ready-project.ts';
import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { isSamocodeError } from '../../../core/kernel/errors.ts';
import { runCommand } from '../../../core/kernel/processes/run-command.ts';
import { isOlder } from '../../../core/kernel/versions.ts';
import { machineCliPath } from '../../../core/project/finding/machine-cli-path.ts';
import { type Project, readSettingTexts } from '../../../core/project/finding/open-project.ts';
import { readSettings } from '../../../core/project/settings/read-settings.ts';
import { agentSettings } from '../../../core/project/settings/resolve-settings.ts';
import { copyState } from '../../../core/sandbox/cli-state.ts';
import { insideGuard } from '../../../core/sandbox/guard/make-guard.ts';
import { guardOf } from '../../../core/sandbox/guard-of.ts';
import { loginPlaces } from '../../../core/sandbox/login-places.ts';
import type { GuardNow } from '../../../core/sandbox/probe-guard.ts';
import { locateCli } from '../../../core/sandbox/programs/locate-cli.ts';
import { nodePath } from '../../../core/sandbox/programs/node-path.ts';
import { ASK_LIMIT_MS, type AskCli, loginProblem } from '../../../core/sandbox/programs/preflight.ts';
import { jsonValue } from '../install/json-member.ts';

/** An agent CLI whose version, options and login can be checked. */
export type CheckedProvider = Provider & { name: string; preflight: Preflight };

export function checkedProviders(): CheckedProvider[] {
  return allProviders().flatMap((provider) =>
    provider.preflight === undefined ? [] : [{ ...provider, preflight: provider.preflight }],
  );
}

/** What every check of a CLI needs. */
export interface CliCheckContext {
  project: Project | undefined;
  used: ReadonlySet<string>;
  machine: Machine;
  context: ActionContext;
  guard: Promise<GuardNow> | undefined;
}

/** The providers that a session of this project would use; without a project, the one that a new project would use. */
export async function usedProviders(
  project: Project | undefined,
  { env, home: homeDir }: ActionContext,
): Promise<ReadonlySet<string>> {
  if (project !== undefined) return providersOf(project);
  const { readings } = readSettings(await readSettingTexts({ env, homeDir }));
  const value = readings.find(({ name }) => name === 'provider')?.value;
  return new Set(providerNames().filter((name) => name === (value ?? 'claude')));
}

/** Checks what an agent CLI reports about itself; sends no request to its service. */
export async function cliChecks(
  provider: CheckedProvider,
  { project, used, machine, context, guard }: CliCheckContext,
): Promise<DoctorCheck[]> {
  // Queries run in the guard, because an agent might have written the programs or the files that they read.
  const now = await guard?.catch(() => undefined);
  const permissions = project?.values.permissions ?? 'skip';
  const question = { provider, isUsed: used.has(provider.name), permissions, project, machine, context };
  if (now === undefined || now.level === 'none')
    return await checksOf({ ...question, inside: (command) => command });
  const { maker, places } = now;
  const { openings, home } = places;
  const folder = await mkdtemp(join(tmpdir(), 'samocode-doctor-'));
  try {
    const states = await copyState(provider.name, home, join(folder, 'state'));
    const shown = await loginPlaces(home, [provider.name]);
    const inside: Inside = (command, { keyring } = { keyring: false }) => {
      const sockets = keyring ? [...openings.sockets, 'keyring' as const] : openings.sockets;
      const part = { clis: [{ name: provider.name, path: command[0] }], states, shown };
      return insideGuard(guardOf(maker, { ...places, openings: { ...openings, sockets } }, part), command);
    };
    return await checksOf({ ...question, inside });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Wraps a command line in the guard, if there is one; `keyring`: with access to the user's keyring. */
type Inside = (
  command: readonly [string, ...string[]],
  how?: { keyring: boolean },
) => readonly [string, ...string[]];

interface CliQuestion {
  provider: CheckedProvider;
  /** Whether a session of this project would start it. */
  isUsed: boolean;
  permissions: 'skip' | 'allow';
  project: Project | undefined;
  machine: Machine;
  context: ActionContext;
  inside: Inside;
}

/** A check that says where the CLI is, and one for each problem with it. */
async function checksOf(question: CliQuestion): Promise<DoctorCheck[]> {
  const { provider, isUsed, project, context, inside } = question;
  const { preflight } = provider;
  const id = `cli.${provider.name}`;
  try {
    const place = { env: context.env, homeDir: context.home };
    const { path, foundIn } = await locateCli({
      cli: provider,
      ...place,
      nodePath: await nodePath(context.env),
      refusal: project && projectRefusal(project, context),
      configured: project
        ? agentSettings(project, 'init', provider.name).cliPath
        : await machineCliPath(provider.name, place),
    });
    const env = definedOnly(context.env);
    const asking =
      (how?: { keyring: boolean }): AskCli =>
      async (asked) => {
        const [file, ...args] = inside([path, ...asked], how);
        return await runCommand(file, args, { env, timeoutMs: ASK_LIMIT_MS, maxBytes: 1024 * 1024 });
      };
    const ask = asking();
    const { measured, install, memoryMb } = preflight;
    const memory = memoryMb === undefined ? '' : `; one agent takes about ${memoryMb} MB`;
    // In parallel, because each query starts the whole CLI.
    const [{ stdout }, ...asked] = await Promise.all([
      ask(['--version']),
      isUsed ? optionsProblem(provider, ask, preflight) : undefined,
      loginCheck(question, ask, asking({ keyring: true })),
      isUsed ? sandboxProblem(question, ask, preflight) : undefined,
    ]);
    const version = stdout.trim().split('\n')[0] || 'unknown version';
    return [
      ok(id, `${path} (${foundIn}), ${version}${memory}`, /\d+\.\d+\.\d+\S*/.exec(version)?.[0] ?? version),
      ...warnIf(
        measured !== undefined && isOlder(version, measured),
        `${id}.version`,
        `${version} is older than the tested version (${measured}).`,
        `Update it: ${install}.`,
      ),
      ...warnIf(
        measured === undefined && isUsed,
        `${id}.untried`,
        `${provider.title} has not been tested with this version of samocode.`,
        'Start with a small task, and report what does not work.',
      ),
      ...asked.filter((problem) => problem !== undefined),
      ...rootProblems(question),
    ];
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    if (!isUsed) return [absent(id, NOT_INSTALLED)];
    const { what, why, hint } = error;
    if (!PROVIDER_ERRORS.cli_not_found.is(error)) return [fail(id, `${what} ${why}`, hint)];
    const found = `${what} It is in none of ${error.args.searched.length} folders, which include those of PATH.`;
    const fix = `Install it (${preflight.install}), or set ${error.args.setting} to its absolute path.`;
    return [{ ...fail(id, found, fix), details: why }];
  }
}

type Problem = Promise<DoctorCheck | undefined>;

type Named = Pick<CliQuestion['provider'], 'name' | 'title'>;

async function optionsProblem({ name, title }: Named, ask: AskCli, preflight: Preflight): Problem {
  const { stdout, stderr, exitCode } = await ask(preflight.helpArgs);
  const missing = preflight.neededOptions.filter((option) => !(stdout + stderr).includes(option));
  if (missing.length === 0) return undefined;
  const found =
    exitCode === 0
      ? `${title} does not have ${missing.join(', ')}.`
      : `${title} does not start: --help ends with an error.`;
  return fail(`cli.${name}.options`, found, `Update it: ${preflight.install}.`);
}

async function loginCheck(
  { provider, isUsed, context }: CliQuestion,
  ask: AskCli,
  withKeyring: AskCli,
): Problem {
  const id = `cli.${provider.name}.login`;
  const { loginTraces, loginFix } = provider.preflight;
  const problem = await loginProblem(provider, ask, withKeyring);
  if (problem !== undefined) {
    const judge = problem.isCertain && isUsed ? fail : warn;
    return judge(id, problem.found, problem.fix);
  }
  // For some CLIs, the location of the login is unknown.
  const isFound = !loginTraces || (await hasLogin(loginTraces, context));
  return isFound ? undefined : warn(id, `No login for ${provider.title} was found.`, loginFix);
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

async function sandboxProblem(
  { provider, permissions }: CliQuestion,
  ask: AskCli,
  { sandboxArgs }: Preflight,
): Problem {
  if (sandboxArgs === undefined || (await ask(sandboxArgs)).exitCode === 0) return undefined;
  const id = `cli.${provider.name}.sandbox`;
  const fix = 'Allow user namespaces on this machine, or set PERMISSIONS=skip.';
  return permissions === 'allow'
    ? fail(id, 'Its sandbox does not work here: every command of an agent would fail.', fix)
    : warn(id, 'Its sandbox does not work here; PERMISSIONS=skip does not need it.', fix);
}

function rootProblems({ provider, isUsed, permissions, machine, context }: CliQuestion): DoctorCheck[] {
  const isAsked = provider.refusesRoot && isUsed;
  if (!isAsked || !isRefusedAsRoot({ uid: machine.uid, permissions, env: context.env })) return [];
  return [
    fail(
      `cli.${provider.name}.root`,
      `You are root, and ${provider.title} does not skip permissions for root.`,
      'Run as another user, or set PERMISSIONS=allow, or, on a disposable machine, IS_SANDBOX=1.',
    ),
  ];
}

export interface OtherAgents {
  /** The title of the agent CLI that the settings name. */
  failing: string;
  can: readonly Pick<CheckedProvider, 'name' | 'title'>[];
}

/** The agent CLIs that can work here; undefined unless all that fails is the one CLI that would be used. */
export function otherAgents(
  checks: readonly DoctorCheck[],
  { project, used, machine, context }: Omit<CliCheckContext, 'guard'>,
): OtherAgents | undefined {
  const own = (name: string) =>
    checks.filter(({ id }) => id === `cli.${name}` || id.startsWith(`cli.${name}.`));
  const failing = checkedProviders().find(({ name }) => used.has(name));
  const failures = checks.filter(({ level }) => level === 'fail');
  if (used.size !== 1 || failing === undefined || failures.length === 0) return undefined;
  if (failures.some((check) => !own(failing.name).includes(check))) return undefined;
  const permissions = project?.values.permissions ?? 'skip';
  const isRefused = isRefusedAsRoot({ uid: machine.uid, permissions, env: context.env });
  const can = checkedProviders().filter(
    ({ name, refusesRoot }) =>
      !(refusesRoot && isRefused) && own(name).every(({ level, isAbsent }) => level === 'ok' && !isAbsent),
  );
  const named = can.map(({ name, title }) => ({ name, title }));
  return named.length > 0 ? { failing: failing.title, can: named } : undefined;
}
