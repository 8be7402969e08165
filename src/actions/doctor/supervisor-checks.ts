import { access, constants } from 'node:fs/promises';
import type { ActionContext } from '../context.ts';
import { type DoctorCheck, ok, warn } from './check.ts';

/** Whether a monitor that this machine was told to run still can be: an upgrade of node or of us may have moved it. */
export async function monitorChecks(context: ActionContext): Promise<DoctorCheck[]> {
  const { installedMonitor } = await import('../install-supervisor.ts');
  const monitor = await installedMonitor(context);
  if (monitor === undefined) return [];
  const [node = '', program = ''] = monitor.command;
  const isGone = async (path: string, mode: number) =>
    await access(path, mode).then(
      () => false,
      () => true,
    );
  const gone = [
    ...((await isGone(node, constants.X_OK)) ? [node] : []),
    ...((await isGone(program, constants.R_OK)) ? [program] : []),
  ];
  return [
    gone.length === 0
      ? ok('monitor', `${monitor.service} runs it`)
      : warn(
          'monitor',
          `${monitor.service} was told to run the monitor by ${gone.join(' and ')}, which is not there.`,
          'Run: samocode monitor --install.',
        ),
  ];
}
