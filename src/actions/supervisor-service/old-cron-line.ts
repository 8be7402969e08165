import { SamocodeError } from '../../base/errors.ts';
import type { CommandResult } from '../../base/run-command.ts';
import { shellQuoted } from '../../base/shell-quoted.ts';
import type { ActionContext } from '../context.ts';
import { askProgram } from './ask-program.ts';
import { programEnvironment } from './program-environment.ts';
import type { Service, ServiceStep, ServiceWork } from './service.ts';

/** Ends our line, so that it is found again. */
const SIGN = '# samocode monitor';

/** One line in the person's crontab; every other byte of it stays. */
export const cronService: Service = {
  name: 'cron',
  async isThere(context) {
    return !(await askProgram('crontab', ['-l'], context)).notFound;
  },
  async installSteps(work) {
    const before = await readTable(work.context);
    const line = lineFor(work);
    if (before.split('\n').includes(line)) return [];
    const kept = withoutOurs(before);
    const gap = kept === '' || kept.endsWith('\n') ? '' : '\n';
    return [writeTable(`${kept}${gap}${line}\n`)];
  },
  async uninstallSteps(context) {
    const table = await askForTable(context);
    if (table.exitCode !== 0) return [];
    const kept = withoutOurs(table.stdout);
    return kept === table.stdout ? [] : [writeTable(kept)];
  },
  async installedCommand(context) {
    const table = await askProgram('crontab', ['-l'], context);
    const line = table.exitCode === 0 ? table.stdout.split('\n').find(isOurs) : undefined;
    const words = (line ?? '').replaceAll('\\%', '%').match(/(?:'[^']*'|\\.|[^\s'\\])+/g) ?? [];
    const command = words.slice(1).filter((word) => !/^\w+=/.test(word));
    const end = command.indexOf('>/dev/null');
    return command.slice(0, Math.max(0, end)).map((word) => word.replace(/'([^']*)'|\\(.)/g, '$1$2'));
  },
  afterwards: 'It starts with the machine; until then run `samocode monitor` yourself.',
  // Nothing but its parent knows the process that a start of the machine began.
  afterRemoval:
    'A monitor that was begun when the machine started runs on until the machine starts anew; to end it now: pkill -f "samocode.js monitor".',
};

class CrontabUnreadableError extends SamocodeError {
  readonly code = 'crontab_unreadable';

  constructor(said: string) {
    super(
      'Nothing was changed.',
      'Your crontab could not be read, so writing it could lose what stands in it.',
      'See what `crontab -l` says, then try again.',
      { cause: new Error(said) },
    );
  }
}

/** A character for every byte: a crontab need not be UTF-8, and what is no text to us is the person's all the same. */
async function askForTable(context: ActionContext): Promise<CommandResult> {
  return await askProgram('crontab', ['-l'], context, { encoding: 'latin1' });
}

async function readTable(context: ActionContext): Promise<string> {
  const { exitCode, stdout, stderr } = await askForTable(context);
  if (exitCode === 0) return stdout;
  // Every cron says so for a person who has none yet.
  if (/no crontab/i.test(stderr)) return '';
  throw new CrontabUnreadableError(stderr.slice(-500));
}

function writeTable(text: string): ServiceStep {
  return { kind: 'run', program: 'crontab', args: ['-'], input: Buffer.from(text, 'latin1') };
}

function withoutOurs(table: string): string {
  return table
    .split(/(?<=\n)/)
    .filter((line) => !isOurs(line))
    .join('');
}

function isOurs(line: string): boolean {
  return line.trimEnd().endsWith(SIGN);
}

function lineFor({ command, context }: ServiceWork): string {
  const variables = Object.entries(programEnvironment(context)).map(
    ([name, value]) => `${name}=${shellQuoted(value)}`,
  );
  const words = [...variables, ...command.map(shellQuoted), '>/dev/null', '2>&1'];
  // A bare % ends the command in a crontab.
  const line = `@reboot ${words.join(' ').replaceAll('%', '\\%')} ${SIGN}`;
  return Buffer.from(line).toString('latin1');
}
