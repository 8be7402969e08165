import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { ifThere, systemErrorCode } from '../errors.ts';
import { statsAt } from '../files/path-stats.ts';
import { runCommand } from './run-command.ts';

export interface ProcessEntry {
  pid: number;
  ppid: number;
  pgid: number;
  sid: number;
  /** One letter: R running, S sleeping, T stopped, Z zombie, X dead, … */
  state: string;
  /** Start time in the system's own unit: together with the pid, it identifies a process until reboot. */
  startTicks: string;
  /** CPU time used so far, in clock ticks (1/100 s). */
  cpuTicks: number;
  /** A kernel thread: it has no program, no environment and is never ours. */
  isKernel?: true;
}

/** Access to the operating system's processes; tests pass their own. */
export interface ProcessTable {
  read(pid: number): Promise<ProcessEntry | undefined>;
  list(): Promise<ProcessEntry[]>;
  walk(): Promise<ProcessWalk>;
  /** The value of one environment variable of a process, if we may see it. */
  environmentOf(pid: number, name: string): Promise<string | undefined>;
  commandOf(pid: number): Promise<string | undefined>;
}

/** Reads processes one by one, from parents to children, so that the cost depends on the tree and not on the machine. */
export interface ProcessWalk {
  read(pid: number): ProcessEntry | undefined;
  childrenOf(pid: number): number[];
}

/** For systems that cannot list the children of one process. */
export function listedWalk(all: readonly ProcessEntry[]): ProcessWalk {
  return {
    read: (pid) => all.findLast((entry) => entry.pid === pid),
    childrenOf: (parent) => all.filter(({ ppid }) => ppid === parent).map(({ pid }) => pid),
  };
}

/** True for a process that can still run code, including stopped ones; false for zombies and dead ones. */
export function isRunning(entry: ProcessEntry | undefined): entry is ProcessEntry {
  return entry !== undefined && entry.state !== 'Z' && entry.state !== 'X';
}

/** What a person does about a process that is suspended, as by Ctrl-Z; undefined if it is not. */
export async function suspendedText(processes: ProcessTable, pid: number): Promise<string | undefined> {
  const isSuspended = (await processes.read(pid))?.state === 'T';
  return isSuspended ? `process ${pid} is suspended; "kill -CONT ${pid}" continues it` : undefined;
}

/**
 * Linux: reads /proc. Entries that vanish while being read are skipped. Everything is read in one turn of the event
 * loop: otherwise processes that fork and exit in between would be missed.
 */
export function procTable(root = '/proc'): ProcessTable {
  const read = (pid: number) => {
    const stat = readIfRunning(`${root}/${pid}/stat`);
    return stat && parseStat(stat.toString('latin1'));
  };
  const list = () => {
    const pids = readdirSync(root).filter((name) => /^\d+$/.test(name));
    return pids.map((pid) => read(Number(pid))).filter((entry) => entry !== undefined);
  };
  return {
    read: async (pid) => read(pid),
    list: async () => list(),
    async walk() {
      // Some kernels are built without these files.
      if (statsAt(`${root}/thread-self/children`) === undefined) return listedWalk(list());
      return { read, childrenOf: (pid) => childrenIn(`${root}/${pid}/task`) };
    },
    async environmentOf(pid, name) {
      const environment = readIfRunning(`${root}/${pid}/environ`);
      return environment && valueIn(environment, name);
    },
    async commandOf(pid) {
      const command = readIfRunning(`${root}/${pid}/cmdline`);
      return command?.toString('utf8').split('\0').join(' ').trimEnd();
    },
  };
}

/** Each thread has its own children. */
function childrenIn(tasks: string): number[] {
  const threads = ifRunning(() => readdirSync(tasks)) ?? [];
  const texts = threads.map((thread) => readIfRunning(`${tasks}/${thread}/children`)?.toString('latin1'));
  return texts.flatMap((text) => text?.split(' ').filter(Boolean).map(Number) ?? []);
}

// Most processes lack the variable, so their environments are not even decoded.
function valueIn(environment: Buffer, name: string): string | undefined {
  const prefix = `${name}=`;
  for (let at = environment.indexOf(prefix); at !== -1; at = environment.indexOf(prefix, at + 1)) {
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    return environment.toString('utf8', at + prefix.length, end === -1 ? environment.length : end);
  }
  return undefined;
}

/** macOS and other systems with a BSD or procps `ps`; it also works on Linux, where it is tested. */
export function psTable(ps = 'ps'): ProcessTable {
  const linesOf = async (args: readonly string[]) => {
    const env = { LC_ALL: 'C', PATH: '/usr/bin:/bin', TZ: 'UTC0' };
    const { exitCode, stdout } = await runCommand(ps, args, { env, maxBytes: 64 * 1024 * 1024 });
    if (exitCode === null) throw new UnansweredError(ps);
    return stdout.split('\n').filter((line) => line.trim() !== '');
  };
  const query = async (args: readonly string[]) => {
    const lines = await linesOf([...args, ...PS_COLUMNS]);
    return lines.map(parsePsLine).filter((entry) => entry !== undefined);
  };
  const readAllEnvironments = async () => {
    const [plain, withEnvironment] = await Promise.all([
      linesOf(['-A', '-ww', '-o', 'pid=', '-o', 'command=']),
      linesOf(['axeww', '-o', 'pid=', '-o', 'command=']),
    ]);
    return psEnvironments(plain, withEnvironment);
  };
  let asked: Promise<Map<number, string>> | undefined;
  return {
    read: async (pid) => (await query(['-p', String(pid)]))[0],
    list: () => query(['-A']),
    walk: async () => listedWalk(await query(['-A'])),
    async environmentOf(pid, name) {
      // A scan of a tree asks about every process at once: all share one answer.
      asked ??= readAllEnvironments().finally(() => {
        asked = undefined;
      });
      return new RegExp(`(?:^|\\s)${name}=(\\S*)`).exec((await asked).get(pid) ?? '')?.[1];
    },
    commandOf: async (pid) =>
      (await linesOf(['-ww', '-p', String(pid), '-o', 'command='])).join('\n') || undefined,
  };
}

/** An interrupted `ps` proves nothing about processes that it did not list. Temporary, hence EAGAIN. */
class UnansweredError extends Error {
  readonly code = 'EAGAIN';

  constructor(ps: string) {
    super(`${ps} was ended before it printed its result.`);
  }
}

// One column per option: some systems take everything after the first "=" as a heading.
const PS_COLUMNS = ['pid', 'ppid', 'pgid', 'sess', 'state', 'time', 'lstart'].flatMap((name) => [
  '-o',
  `${name}=`,
]);

/**
 * The environment of each process, by pid: the part of the output of `ps e` after the command. The command itself
 * is removed, because an argument can look like a variable.
 */
export function psEnvironments(
  plain: readonly string[],
  withEnvironment: readonly string[],
): Map<number, string> {
  const commands = new Map(plain.map(pidAndText));
  const environments = withEnvironment.map(pidAndText).flatMap(([pid, text]): [number, string][] => {
    const command = commands.get(pid);
    return command !== undefined && text.startsWith(command) ? [[pid, text.slice(command.length)]] : [];
  });
  return new Map(environments);
}

function pidAndText(line: string): [number, string] {
  const [, pid, text = ''] = /^\s*(\d+) (.*)$/.exec(line.trimEnd()) ?? [];
  return [Number(pid), text];
}

export function systemProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  return platform === 'linux' ? procTable() : psTable();
}

/** The kernel's name of our pid namespace (`pid:[4026531836]`); empty on systems without namespaces. */
export function pidNamespace(root = '/proc'): string {
  return ifThere(() => readlinkSync(`${root}/self/ns/pid`)) ?? '';
}

// The command name (field 2) can contain blanks and parentheses; field 3 starts after the last parenthesis.
export function parseStat(stat: string): ProcessEntry | undefined {
  const pid = Number.parseInt(stat, 10);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [letter, ppid, pgid, sid] = fields;
  const startTicks = fields[19];
  if (!Number.isInteger(pid) || letter === undefined || startTicks === undefined) return undefined;
  // The main thread shows Z while others still run or finish a write: the process is not gone yet.
  const state = letter === 'Z' && Number(fields[17]) > 1 ? 'D' : letter;
  const cpuTicks = Number(fields[11]) + Number(fields[12]);
  const entry = {
    pid,
    ppid: Number(ppid),
    pgid: Number(pgid),
    sid: Number(sid),
    state,
    startTicks,
    cpuTicks,
  };
  return Number(fields[6]) & PF_KTHREAD ? { ...entry, isKernel: true } : entry;
}

/** A flag in /proc/<pid>/stat; programs can't set it. */
const PF_KTHREAD = 0x00200000;

export function parsePsLine(line: string): ProcessEntry | undefined {
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

function readIfRunning(path: string): Buffer | undefined {
  return ifRunning(() => readFileSync(path));
}

/** A process may end between two reads: the file is gone, or the read says "no such process". */
function ifRunning<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}
