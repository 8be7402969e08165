import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { systemErrorCode } from '../../../../core/kernel/errors.ts';
import { runCommand } from '../../../../core/kernel/processes/run-command.ts';
import type { ShowDigits } from './confirmed-tabs.ts';

/** Shows digits in the terminal of this process, if a person has it before them. */
export const showInTerminal: ShowDigits = async (digits) => {
  if (digits === undefined) return true;
  if (!(await isInForeground())) return false;
  try {
    // Not stdout, which another program may read. A terminal that is stopped (Ctrl-S) must not stop the server.
    const terminal = openSync('/dev/tty', constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
    try {
      writeSync(terminal, `\n  ${digits}\n${EXPLAINED}\n`);
    } finally {
      closeSync(terminal);
    }
    return true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
};

const EXPLAINED = `  Six digits for the tab that asks for them. Type them there yourself, and only if you have just decided something
  on the page: a program that gets them decides as you.`;

/** A process in the background has a terminal too, but whoever sits there works on something else. */
async function isInForeground(): Promise<boolean> {
  const [ours, foreground] =
    process.platform === 'linux' ? groupsInStat(readFileSync('/proc/self/stat', 'utf8')) : await groupsByPs();
  return Number(ours) > 0 && ours === foreground;
}

/** The name of the program is in parentheses and may contain any character; then: state, parent, group, session, terminal. */
function groupsInStat(stat: string): (string | undefined)[] {
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [group, foreground];
}

async function groupsByPs(): Promise<(string | undefined)[]> {
  const { stdout } = await runCommand('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)]);
  return stdout.trim().split(/\s+/);
}
