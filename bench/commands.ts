import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { preparedSessions } from '../tests/support/prepared-sessions.ts';
import { type Bench, median, round, rounded } from './bench.ts';

const PROGRAM = join(import.meta.dirname, '../dist/samocode.js');
const ROUNDS = 20;

const COMMANDS = {
  version: ['--version'],
  completion: ['__complete', '--', 'sta'],
  completionOfSession: ['__complete', '--', 'status', ''],
  list: ['list'],
  status: ['status', 'boat'],
} as const;
type Name = keyof typeof COMMANDS;
const NAMES = Object.keys(COMMANDS) as Name[]; // of the constant above

/** The CPU time of commands that do little but start: a person waits for them, a shell at each Tab. */
export const commandsBench: Bench = {
  name: 'commands',
  title: 'Short commands',
  about: 'user and system CPU time of short commands with one session, in turn with a Node that does nothing',
  means: {
    bareNodeMs: 'ms of CPU of a Node that does nothing',
    versionTimes: 'times that: `samocode --version`',
    completionTimes: 'times that: the completion of a command',
    completionOfSessionTimes: 'times that: the completion of a session',
    listTimes: 'times that: `samocode list`',
    statusTimes: 'times that: `samocode status`',
  },
  async run() {
    const { repo } = await preparedSessions(1);
    await using _repo = repo;
    // Without the caller's variables, such as certificates that each start of Node would read.
    const place = { cwd: repo.path, env: { PATH: process.env.PATH, HOME: repo.env.HOME } };
    const bare: number[] = [];
    const times: Record<Name, number[]> = {
      version: [],
      completion: [],
      completionOfSession: [],
      list: [],
      status: [],
    };
    for (let index = 0; index <= ROUNDS; index += 1) {
      bare.push(cpuMs(['-e', '0'], place));
      for (const name of NAMES) times[name].push(cpuMs([PROGRAM, ...COMMANDS[name]], place));
    }
    // The first round warms the disk's cache.
    const bareNodeMs = median(bare.slice(1));
    const ratio = (name: Name) => round(median(times[name].slice(1)) / bareNodeMs, 2);
    return {
      values: {
        bareNodeMs: rounded(bare.slice(1)),
        ...Object.fromEntries(NAMES.map((name) => [`${name}Times`, ratio(name)])),
      },
      goals: [
        { value: 'versionTimes', atMost: 2.5 },
        { value: 'completionTimes', atMost: 2.5 },
        { value: 'completionOfSessionTimes', atMost: 2.5 },
        { value: 'listTimes', atMost: 4 },
        { value: 'statusTimes', atMost: 4 },
      ],
    };
  },
};

/** User and system time of one run of Node with these arguments; Node itself does not report that of a child. */
function cpuMs(args: readonly string[], place: { cwd: string; env: NodeJS.ProcessEnv }): number {
  const script = 'exec 3>&2; TIMEFORMAT="%3U %3S"; { time "$@" > /dev/null 2>&3 3>&-; } 2>&1';
  const words = ['-c', script, 'bash', process.execPath, ...args];
  const spent = execFileSync('bash', words, {
    ...place,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [user = Number.NaN, system = Number.NaN] = spent.trim().split(' ').map(Number);
  return (user + system) * 1000;
}
