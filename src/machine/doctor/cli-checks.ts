import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { type DoctorCheck, fail, type Machine, ok, warn } from '../../actions/preconditions/check.ts';
import { isRefusedAsRoot } from '../../actions/preconditions/what-cannot-run.ts';
import { definedOnly } from '../../base/defined-only.ts';
import { isSamocodeError } from '../../base/errors.ts';
import { type CommandResult, runCommand } from '../../base/processes/run-command.ts';
import { isOlder } from '../../base/versions.ts';
import type { LoginTraces, Preflight, Provider } from '../../providers/contract/provider.ts';
import { PROVIDER_ERRORS } from '../../providers/contract/provider-errors.ts';
import { cliOf, locateCli } from '../../providers/starting/locate-cli.ts';
import { nodePath } from '../../providers/starting/node-path.ts';
import { jsonValue } from '../install/json-member.ts';

interface CliQuestion {
  provider: Provider;
  /** A session of this project would start it. */
  isUsed: boolean;
  permissions: 'skip' | 'allow';
  configured?: string | undefined;
}

const LIMIT_MS = 20_000;

/** What one agent CLI says of itself, without a request to its service. */
export async function cliChecks(
  question: CliQuestion,
  machine: Machine,
  context: ActionContext,
): Promise<DoctorCheck[]> {
  const { provider, isUsed, configured } = question;
  const { name, preflight } = provider;
  if (preflight === undefined) return [];
  try {
    const { path, foundIn } = await locateCli({
      ...cliOf(provider),
      env: context.env,
      homeDir: context.home,
      nodePath: await nodePath(context.env),
      configured,
    });
    const env = definedOnly(context.env);
    const ask: Ask = (args) => runCommand(path, args, { env, timeoutMs: LIMIT_MS, maxBytes: 1024 * 1024 });
    const version = (await ask(['--version'])).stdout.trim().split('\n')[0] ?? '';
    return [
      ok(`cli.${name}`, `${path} (${foundIn}), ${version || 'unknown version'}`),
      ...(await Promise.all([
        versionCheck(name, version, preflight),
        optionsCheck(name, ask, preflight),
        loginCheck(name, ask, preflight, context),
        ...sandboxChecks(question, ask, preflight),
      ])),
      ...(provider.refusesRoot && isUsed ? [rootCheck(question, machine, context)] : []),
    ];
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    if (!isUsed) return [ok(`cli.${name}`, 'not installed, and not used here')];
    const { what, why, hint } = error;
    const fix = `${hint} (${preflight.install})`;
    if (!PROVIDER_ERRORS.cli_not_found.is(error)) return [fail(`cli.${name}`, `${what} ${why}`, fix)];
    const found = `${what} It is in none of ${error.args.searched.length} folders, those of PATH among them.`;
    return [{ ...fail(`cli.${name}`, found, fix), details: why }];
  }
}

/** Runs the CLI with these arguments. */
type Ask = (args: readonly string[]) => Promise<CommandResult>;

function versionCheck(name: string, version: string, { measured, install }: Preflight): DoctorCheck {
  const id = `cli.${name}.version`;
  return isOlder(version, measured)
    ? warn(id, `${version} is older than the tested version (${measured}).`, `Update it: ${install}.`)
    : ok(id, `at least the tested version (${measured})`);
}

async function optionsCheck(name: string, ask: Ask, preflight: Preflight): Promise<DoctorCheck> {
  const id = `cli.${name}.options`;
  const { stdout, stderr, exitCode } = await ask(preflight.helpArgs);
  const help = stdout + stderr;
  const missing = preflight.neededOptions.filter((option) => !help.includes(option));
  if (missing.length === 0) return ok(id, 'has every option that samocode needs');
  const found =
    exitCode === 0
      ? `It does not have ${missing.join(', ')}.`
      : 'It does not start: --help ends with an error.';
  return fail(id, found, `Update it: ${preflight.install}.`);
}

async function loginCheck(
  name: string,
  ask: Ask,
  preflight: Preflight,
  context: ActionContext,
): Promise<DoctorCheck> {
  const id = `cli.${name}.login`;
  const { login, loginTraces, loginFix } = preflight;
  if (login) {
    const { exitCode } = await ask(login.args);
    if (exitCode === 0) return ok(id, 'logged in');
    const found = 'It reports that you are not logged in.';
    return login.isAdvisory ? warn(id, found, loginFix) : fail(id, found, loginFix);
  }
  return loginTraces && (await hasLogin(loginTraces, context))
    ? ok(id, 'a login is set up')
    : warn(id, 'No login was found.', loginFix);
}

async function hasLogin(
  { env: names, homeVariable, files, settings }: LoginTraces,
  { env, home }: ActionContext,
): Promise<boolean> {
  if (names.some((name) => env[name])) return true;
  const place = env[homeVariable] || home;
  // What cannot be read is no login either.
  const found = await Promise.all(files.map((file) => stat(join(place, file)).catch(() => undefined)));
  if (found.some((file) => file !== undefined)) return true;
  const text = await readFile(join(place, settings.file), 'utf8').catch(() => '');
  const chosen = settings.at.reduce<unknown>((node, key) => Object(node)[key], jsonValue(text));
  return typeof chosen === 'string' && chosen !== '';
}

function sandboxChecks(question: CliQuestion, ask: Ask, { sandboxArgs }: Preflight): Promise<DoctorCheck>[] {
  return sandboxArgs ? [sandboxCheck(question, ask, sandboxArgs)] : [];
}

async function sandboxCheck(
  { provider: { name }, isUsed, permissions }: CliQuestion,
  ask: Ask,
  args: readonly string[],
): Promise<DoctorCheck> {
  const id = `cli.${name}.sandbox`;
  if ((await ask(args)).exitCode === 0) return ok(id, 'its sandbox works');
  const fix = 'Allow user namespaces on this machine, or set PERMISSIONS=skip.';
  return isUsed && permissions === 'allow'
    ? fail(id, 'Its sandbox does not work here: every command of an agent would fail.', fix)
    : warn(id, 'Its sandbox does not work here; PERMISSIONS=skip does not need it.', fix);
}

function rootCheck(
  { provider, permissions }: CliQuestion,
  { uid }: Machine,
  { env }: ActionContext,
): DoctorCheck {
  const id = `cli.${provider.name}.root`;
  return isRefusedAsRoot({ uid, permissions, env })
    ? fail(
        id,
        `You are root, and ${provider.title} does not skip permissions for root.`,
        'Run as another user, or set PERMISSIONS=allow, or, on a disposable machine, IS_SANDBOX=1.',
      )
    : ok(id, uid === 0 ? 'root, by your own choice' : 'not root');
}
