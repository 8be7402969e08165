import type { ActionContext } from '../../actions/acting/context.ts';
import { installSupervisor, serviceOf } from './install-supervisor.ts';
import { cronRemovalSteps } from './old-cron-line.ts';
import { carryOut } from './service.ts';

export interface ReplaceMonitorInput {
  program: string;
  platform?: NodeJS.Platform;
  /** It was started as `samocode monitor`, as a unit or a crontab of samocode 0.1 does: only then the crontab is read. */
  isMonitor?: boolean;
}

export interface MonitorReplacement {
  /** Whether the supervisor's service runs now in place of the monitor's. */
  isService: boolean;
  /** What was done, for the supervisor's log. */
  notes: string[];
}

/**
 * Puts the supervisor's service in the place of the monitor's that samocode 0.1 installed, and removes its line from the
 * crontab. Without them it costs one look at a file. What fails is reported and tried again at the next start.
 */
export async function replaceMonitor(
  { program, platform, isMonitor = false }: ReplaceMonitorInput,
  context: ActionContext,
): Promise<MonitorReplacement> {
  const service = serviceOf(platform);
  const notes: string[] = [];
  let isService = false;
  if (service.hasMonitor(context)) {
    try {
      await installSupervisor({ program, dryRun: false, platform }, context);
      isService = true;
      notes.push(
        `The ${service.name} service of the monitor was replaced with the service of the supervisor.`,
      );
    } catch (error) {
      notes.push(`The ${service.name} service of the monitor could not be replaced: ${wordsOf(error)}`);
    }
  } else if (isMonitor) {
    try {
      const steps = await cronRemovalSteps(context);
      await carryOut(steps, ['cron'], { dryRun: false, context });
      if (steps.length > 0)
        notes.push(
          'The line of the monitor was removed from the crontab. To run the supervisor as a service: samocode supervisor --install',
        );
    } catch (error) {
      notes.push(`The line of the monitor could not be removed from the crontab: ${wordsOf(error)}`);
    }
  }
  return { isService, notes };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
