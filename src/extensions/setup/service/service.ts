import { readFile, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { allProviders } from '../../../core/agents/registry.ts';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { refuseFromInside } from '../../../core/caller/context/refuse-from-inside.ts';
import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { ifExists } from '../../../core/kernel/errors.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { type CommandResult, runCommand } from '../../../core/kernel/processes/run-command.ts';
import { readLoginEnvironment } from '../../../core/sandbox/programs/login-shell.ts';
import { nodePath } from '../../../core/sandbox/programs/node-path.ts';
import { supervisorPaths } from '../../../core/sandbox/programs/supervisor-folder.ts';
import { INSTALL_ERRORS } from '../install/install-errors.ts';
import { refuseIfTemporary, stableNodePath } from '../install/stable-node-path.ts';
import type { Step } from '../install/step.ts';
import { launchdService } from './launchd.ts';
import type { Service, ServiceCommand } from './service-manager.ts';
import { systemdService } from './systemd.ts';

interface ServiceChange {
  /** Changes nothing; the report says what would change. */
  dryRun: boolean;
  /** The platform, if not this machine's. */
  platform?: NodeJS.Platform;
}

export interface SupervisorInstallReport {
  outcome: 'changed' | 'would_change' | 'nothing_to_do';
  /** The managers with which it is or was registered. */
  services: Service['name'][];
  /** In the order of execution, with the full text of files. */
  steps: string[];
  next?: string;
}

/**
 * Installs the supervisor as a service of this user. Idempotent.
 * @param program the built supervisor file, an absolute path
 */
export async function installSupervisor(
  { program, ...change }: ServiceChange & { program: string },
  context: ActionContext,
): Promise<SupervisorInstallReport> {
  await refuseFromInside(context);
  refuseIfTemporary(program, 'The supervisor was not installed.');
  const { service, path } = serviceAt(context, change.platform);
  if (!(await succeed([service.probe], context))) throw INSTALL_ERRORS.no_service();
  const text = service.text({
    command: [stableNodePath(await nodePath(context.env), context.env.PATH), program, '--stay'],
    environment: serviceEnvironment(context),
    errors: supervisorPaths(context.home, context.host).errors,
  });
  const isSame = (await ifExists(readFile(path, 'utf8'))) === text;
  const services = [service.name];
  if (isSame && (await succeed(service.running, context)))
    return { outcome: 'nothing_to_do', services, steps: [] };
  const write = {
    words: `write ${path}:\n${text}`,
    async run() {
      makeFolder(dirname(path));
      await writeWhole(path, text);
    },
  };
  const report = await carryOut([write, ...commandSteps(service.start(path), context)], services, change);
  const next = [service.afterwards, await noteOfLocalVariables(context)].filter(Boolean).join(' ');
  return { ...report, next };
}

/** Removes what `installSupervisor` wrote. */
export async function uninstallSupervisor(
  change: ServiceChange,
  context: ActionContext,
): Promise<SupervisorInstallReport> {
  await refuseFromInside(context);
  const { service, path } = serviceAt(context, change.platform);
  if ((await ifExists(readFile(path))) === undefined)
    return { outcome: 'nothing_to_do', services: [], steps: [] };
  const stop = service.stop.map((command) => ({ ...command, mayFail: true }));
  const remove = { words: `remove ${path}`, run: () => rm(path, { force: true }) };
  return await carryOut([...commandSteps(stop, context), remove], [service.name], change);
}

/** The command with which the service manager runs the supervisor; undefined when it is not installed. */
export async function installedSupervisor(
  context: ActionContext,
): Promise<{ service: string; command: readonly string[] } | undefined> {
  const { service, path } = serviceAt(context);
  const command = service.commandIn((await ifExists(readFile(path, 'utf8'))) ?? '');
  return command.length > 0 ? { service: service.name, command } : undefined;
}

function serviceAt(context: ActionContext, platform: NodeJS.Platform = process.platform) {
  const service = platform === 'darwin' ? launchdService : systemdService;
  return { service, path: resolve(context.home, ...service.file(context)) };
}

/** Runs the steps in order, or lists them. */
async function carryOut(
  steps: readonly Step[],
  services: SupervisorInstallReport['services'],
  { dryRun }: ServiceChange,
): Promise<SupervisorInstallReport> {
  if (!dryRun) for (const step of steps) await step.run();
  const outcome = dryRun ? 'would_change' : 'changed';
  return { outcome, services, steps: steps.map(({ words }) => words) };
}

function commandSteps(commands: readonly ServiceCommand[], context: ActionContext): Step[] {
  return commands.map((each) => {
    const command = [each.program, ...each.args].join(' ');
    return {
      words: `run ${command}`,
      async run() {
        const { exitCode, stderr } = await ask(each, context);
        if (exitCode === 0 || each.mayFail) return;
        const cause = new Error(stderr.slice(-2000));
        throw INSTALL_ERRORS.service_command_failed({ command }, { cause });
      },
    };
  });
}

async function succeed(commands: readonly ServiceCommand[], context: ActionContext): Promise<boolean> {
  for (const command of commands) if ((await ask(command, context)).exitCode !== 0) return false;
  return true;
}

const LIMIT_MS = 20_000;

async function ask({ program, args }: ServiceCommand, { env }: ActionContext): Promise<CommandResult> {
  return await runCommand(program, args, { env: definedOnly(env), timeoutMs: LIMIT_MS });
}

/** What the supervisor needs in a service's minimal environment; workers add the login shell's variables. */
function serviceEnvironment({ env: { PATH, SAMOCODE_REVIVE }, home }: ActionContext): Record<string, string> {
  return { HOME: home, ...definedOnly({ PATH, SAMOCODE_REVIVE }) };
}

/** Variables that are no credentials, but affect an agent's connection to its account. */
const NAMES = [
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
];

/** A note about variables that are set here but not in a login shell; undefined if there are none. */
async function noteOfLocalVariables({ env, home }: ActionContext): Promise<string | undefined> {
  const set = [...NAMES, ...allProviders().flatMap(({ credentials }) => credentials)].filter(
    (name) => env[name],
  );
  if (set.length === 0) return undefined;
  const login = await readLoginEnvironment(env, home);
  const names = set.filter((name) => login.kind === 'unknown' || login.env[name] !== env[name]);
  if (names.length === 0) return undefined;
  return `Your login shell sets these differently or not at all: ${names.join(', ')}. Agents of sessions that the supervisor continues get the environment of a login shell: export what they need in your shell's startup file.`;
}
