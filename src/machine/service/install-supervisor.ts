import type { ActionContext } from '../../actions/acting/context.ts';
import { refuseFromInside } from '../../actions/acting/refuse-from-inside.ts';
import { shellQuoted } from '../../base/shell-quoted.ts';
import { nodePath } from '../../providers/starting/node-path.ts';
import { INSTALL_ERRORS } from '../install/install-errors.ts';
import { refuseIfPassing, stableNodePath } from '../install/stable-node-path.ts';
import { launchdService } from './launchd.ts';
import { carryOut, type Service, type ServiceWork, type SupervisorInstallReport } from './service.ts';
import { serviceEnvironment, setHereAlone } from './service-environment.ts';
import { systemdService } from './systemd.ts';

/** The service manager that a system may have. */
function serviceOf(platform: NodeJS.Platform = process.platform): Service {
  return platform === 'darwin' ? launchdService : systemdService;
}

export interface InstallSupervisorInput {
  /** The built supervisor file, an absolute path. */
  program: string;
  /** Nothing is changed; the report says what would be. */
  dryRun: boolean;
  /** Another system than this one. */
  platform?: NodeJS.Platform;
}

/**
 * Makes the supervisor a service of this person's. Doing it twice changes nothing more.
 * @throws no_service, program_not_lasting, service_command_failed, inside_session
 */
export async function installSupervisor(
  { program, dryRun, platform }: InstallSupervisorInput,
  context: ActionContext,
): Promise<SupervisorInstallReport> {
  await refuseFromInside(context);
  refuseIfPassing(program, 'The supervisor was not installed.');
  const command = [stableNodePath(await nodePath(context.env), context.env.PATH), program, '--stay'];
  const work = { context, command };
  const service = serviceOf(platform);
  if (!(await service.isThere(context))) throw INSTALL_ERRORS.no_service({ line: cronLine(work) });
  const steps = await service.installSteps(work);
  const report = await carryOut(steps, [service.name], { dryRun, context });
  if (steps.length === 0) return report;
  const words = [service.afterwards, await setHereAlone(context)];
  return { ...report, next: words.filter(Boolean).join(' ') };
}

/** Removes what `installSupervisor` wrote. @throws service_command_failed */
export async function uninstallSupervisor(
  { dryRun, platform }: Pick<InstallSupervisorInput, 'dryRun' | 'platform'>,
  context: ActionContext,
): Promise<SupervisorInstallReport> {
  await refuseFromInside(context);
  const service = serviceOf(platform);
  const steps = service.uninstallSteps(context);
  return await carryOut(steps, steps.length > 0 ? [service.name] : [], { dryRun, context });
}

/** The command by which the service manager runs the supervisor; undefined when it is not installed. */
export async function installedSupervisor(
  context: ActionContext,
): Promise<{ service: string; command: readonly string[] } | undefined> {
  const service = serviceOf();
  const command = await service.installedCommand(context);
  return command.length > 0 ? { service: service.name, command } : undefined;
}

/** A line with which a person lets cron start the supervisor. */
function cronLine({ command, context }: ServiceWork): string {
  const variables = Object.entries(serviceEnvironment(context)).map(
    ([name, value]) => `${name}=${shellQuoted(value)}`,
  );
  const words = [...variables, ...command.map(shellQuoted), '>/dev/null', '2>&1'];
  // A bare % ends the command in a crontab.
  return `@reboot ${words.join(' ').replaceAll('%', '\\%')}`;
}
