import { readdir, readFile, readlink } from 'node:fs/promises';
import { ifExists, systemErrorCode } from './errors.ts';
import { runCommand } from './run-command.ts';

/** One process as the operating system shows it. */
export interface ProcessEntry {
  pid: number;
  ppid: number;
  pgid: number;
  sid: number;
  /** One letter: R running, S sleeping, T stopped, Z zombie, X dead, … */
  state: string;
  /** Start time in the system's own unit: with the pid it names one process for as long as the machine is up. */
  startTicks: string;
  /** CPU time used so far, in clock ticks (1/100 s). */
  cpuTicks: number;
}

/** What the program asks of the operating system about processes; tests hand in their own. */
export interface ProcessTable {
  read(pid: number): Promise<ProcessEntry | undefined>;
  list(): Promise<ProcessEntry[]>;
  /** The value of one environment variable of a process, where we may see it. */
  environmentOf(pid: number, name: string): Promise<string | undefined>;
}

/** True for a process that still runs code, stopped ones included; zombies and dead ones do not. */
export function isRunning(entry: ProcessEntry | undefined): entry is ProcessEntry {
  return entry !== undefined && entry.state !== 'Z' && entry.state !== 'X';
}

/** Linux: reads /proc. Entries that vanish while being read are left out. */
export function procTable(root = '/proc'): ProcessTable {
  const read = async (pid: number) => {
    const stat = await readGone(readFile(`${root}/${pid}/stat`, 'latin1'));
    return stat === undefined ? undefined : parseStat(stat);
  };
  return {
    read,
    async list() {
      const pids = (await readdir(root)).filter((name) => /^\d+$/.test(name)).map(Number);
      const entries = await Promise.all(pids.map(read));
      return entries.filter((entry) => entry !== undefined);
    },
    async environmentOf(pid, name) {
      const environment = await readGone(readFile(`${root}/${pid}/environ`, 'utf8'));
      const prefix = `${name}=`;
      return environment
        ?.split('\0')
        .find((line) => line.startsWith(prefix))
        ?.slice(prefix.length);
    },
  };
}

/** macOS and other systems with a BSD or procps `ps`; it also works on Linux, where it is tested. */
export function psTable(ps = 'ps'): ProcessTable {
  const columns = ['-o', 'pid=,ppid=,pgid=,sess=,state=,time=,lstart='];
  const query = async (args: string[]) => {
    const { stdout } = await runCommand(ps, args, { env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } });
    return stdout
      .split('\n')
      .map(parsePsLine)
      .filter((entry) => entry !== undefined);
  };
  return {
    read: async (pid) => (await query([...columns, '-p', String(pid)]))[0],
    list: () => query(['-A', ...columns]),
    async environmentOf(pid, name) {
      const { stdout } = await runCommand(ps, ['eww', '-o', 'command=', '-p', String(pid)], {
        env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      });
      return new RegExp(`(?:^|\\s)${name}=(\\S*)`).exec(stdout)?.[1];
    },
  };
}

export function systemProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  return platform === 'linux' ? procTable() : psTable();
}

/** The kernel's name of a process's pid namespace (`pid:[4026531836]`), or empty where there is none. */
export async function pidNamespace(root = '/proc'): Promise<string> {
  return (await ifExists(readlink(`${root}/self/ns/pid`))) ?? '';
}

// The command name (field 2) may hold blanks and brackets; the numbers begin behind its last bracket.
function parseStat(stat: string): ProcessEntry | undefined {
  const pid = Number.parseInt(stat, 10);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ppid, pgid, sid] = fields;
  const startTicks = fields[19];
  if (!Number.isInteger(pid) || state === undefined || startTicks === undefined) return undefined;
  const cpuTicks = Number(fields[11]) + Number(fields[12]);
  return { pid, ppid: Number(ppid), pgid: Number(pgid), sid: Number(sid), state, startTicks, cpuTicks };
}

function parsePsLine(line: string): ProcessEntry | undefined {
  const [pid, ppid, pgid, sid, state, time, ...start] = line.trim().split(/\s+/);
  if (pid === undefined || state === undefined || time === undefined || start.length === 0) return undefined;
  return {
    pid: Number(pid),
    ppid: Number(ppid),
    pgid: Number(pgid),
    sid: Number.parseInt(sid ?? '0', 10) || 0,
    state: state.charAt(0),
    startTicks: start.join(' '),
    cpuTicks: cpuTicksOf(time),
  };
}

// `[[dd-]hh:]mm:ss[.cc]`
function cpuTicksOf(time: string): number {
  const [days, clock] = time.includes('-') ? time.split('-') : ['0', time];
  const seconds = (clock ?? '0').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 100);
}

// A process may end between two reads: the file is gone, or the read says "no such process".
async function readGone<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}
