import type { ActionContext } from '../../actions/acting/context.ts';
import { refuseFromInside } from '../../actions/acting/refuse-from-inside.ts';
import { nodePath } from '../../providers/starting/node-path.ts';
import { INSTALL_ERRORS } from '../install/install-errors.ts';
import { refuseIfPassing, stableNodePath } from '../install/stable-node-path.ts';
import { launchdService } from './launchd.ts';
import { AFTER_CRON_REMOVAL, cronLine, cronRemovalSteps } from './old-cron-line.ts';
import { carryOut, type Service, type SupervisorInstallReport } from './service.ts';
import { setHereAlone } from './service-environment.ts';
import { systemdService } from './systemd.ts';

/** The service manager that a system may have. */
export function serviceOf(platform: NodeJS.Platform = process.platform): Service {
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
 * Makes the supervisor a service of this person's, in place of a monitor of samocode 0.1. Doing it twice changes nothing more.
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
  const cron = await cronRemovalSteps(context);
  const steps = [...(await service.installSteps(work)), ...cron];
  const report = await carryOut(steps, [service.name], { dryRun, context });
  if (steps.length === 0) return report;
  const words = [service.afterwards, await setHereAlone(context), cron.length > 0 ? AFTER_CRON_REMOVAL : ''];
  return { ...report, next: words.filter(Boolean).join(' ') };
}

/** Removes what `installSupervisor` and the `monitor --install` of samocode 0.1 wrote. @throws service_command_failed */
export async function uninstallSupervisor(
  { dryRun, platform }: Pick<InstallSupervisorInput, 'dryRun' | 'platform'>,
  context: ActionContext,
): Promise<SupervisorInstallReport> {
  await refuseFromInside(context);
  const service = serviceOf(platform);
  const own = await service.uninstallSteps(context);
  const cron = await cronRemovalSteps(context);
  const services = [...(own.length > 0 ? [service.name] : []), ...(cron.length > 0 ? ['cron' as const] : [])];
  const report = await carryOut([...own, ...cron], services, { dryRun, context });
  return cron.length > 0 ? { ...report, next: AFTER_CRON_REMOVAL } : report;
}

/** The command by which the service manager runs the supervisor; undefined when it is not installed. */
export async function installedSupervisor(
  context: ActionContext,
): Promise<{ service: string; command: readonly string[] } | undefined> {
  const service = serviceOf();
  const command = await service.installedCommand(context);
  return command.length > 0 ? { service: service.name, command } : undefined;
}
