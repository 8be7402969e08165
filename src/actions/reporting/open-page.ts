import { definedOnly } from '../../base/defined-only.ts';
import { runCommand } from '../../base/processes/run-command.ts';
import type { ActionContext } from '../acting/context.ts';

/** Shows a file in the person's browser. @returns false where there is no desktop, or it knows no program for pages */
export async function openPage(path: string, { env }: Pick<ActionContext, 'env'>): Promise<boolean> {
  const isMac = process.platform === 'darwin';
  if (!isMac && !env.DISPLAY && !env.WAYLAND_DISPLAY) return false;
  const options = { env: definedOnly(env), leavesBehind: true };
  const { exitCode } = await runCommand(isMac ? 'open' : 'xdg-open', [path], options);
  return exitCode === 0;
}
