import type { ActionContext } from '../../actions/acting/context.ts';
import { shellQuoted } from '../../base/shell-quoted.ts';
import { askProgram } from './ask-program.ts';
import type { ServiceStep, ServiceWork } from './service.ts';
import { serviceEnvironment } from './service-environment.ts';

/** Ends the line that `samocode monitor --install` of 0.1 wrote. */
const SIGN = '# samocode monitor';

/** Removes the line of samocode 0.1 for this home from the person's crontab; every other byte of it stays. */
export async function cronRemovalSteps(context: ActionContext): Promise<ServiceStep[]> {
  // A character for every byte: a crontab need not be UTF-8.
  const { exitCode, stdout } = await askProgram('crontab', ['-l'], context, { encoding: 'latin1' });
  if (exitCode !== 0) return [];
  const home = inTable(`HOME=${shellQuoted(context.home)}`);
  const kept = stdout
    .split(/(?<=\n)/)
    .filter((line) => !(line.trimEnd().endsWith(SIGN) && line.includes(home)))
    .join('');
  if (kept === stdout) return [];
  return [{ kind: 'run', program: 'crontab', args: ['-'], input: Buffer.from(kept, 'latin1') }];
}

/** Only its parent knows the process that a start of the machine began. */
export const AFTER_CRON_REMOVAL =
  'A monitor of samocode 0.1 that cron started keeps running until the machine restarts; to end it now: pkill -f "samocode.js monitor".';

/** A line with which a person lets cron start the supervisor. */
export function cronLine({ command, context }: ServiceWork): string {
  const variables = Object.entries(serviceEnvironment(context)).map(
    ([name, value]) => `${name}=${shellQuoted(value)}`,
  );
  const words = [...variables, ...command.map(shellQuoted), '>/dev/null', '2>&1'];
  return `@reboot ${escaped(words.join(' '))}`;
}

// A bare % ends the command in a crontab.
function escaped(text: string): string {
  return text.replaceAll('%', '\\%');
}

function inTable(text: string): string {
  return Buffer.from(escaped(text)).toString('latin1');
}
