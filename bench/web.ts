import { execFileSync } from 'node:child_process';
import { appendFile, readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { readEvents } from '../src/session/events/event-log.ts';
import { sessionPaths } from '../src/session/layout/paths.ts';
import { sessionFolders } from '../src/session/session-list.ts';
import { openBrowser } from '../tests/clis/web/browser.ts';
import { freePort } from '../tests/support/free-port.ts';
import { openTerminal } from '../tests/support/terminal.ts';
import { type Bench, round, rounded } from './bench.ts';
import { preparedSessions } from './prepared-sessions.ts';

const PROGRAM = join(import.meta.dirname, '../dist/samocode.js');
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const EVENTS = 60;
const PAINTS = 5;
const FIRST_LOOK_MS = 5000;

/** The page in a browser: how late it is, and what it costs. */
export const webBench: Bench = {
  name: 'web',
  title: 'Page in the browser',
  about: 'samocode web with 50 sessions and one open tab, and the board of 1,000 sessions in Chromium',
  runsOnce: true,
  means: {
    eventMs: 'ms from an event in a log to its card at a client',
    eventP99Ms: 'ms of that, 99th percentile',
    paintMs: 'ms from the address to the cards of 1,000 sessions in Chromium',
    cpuPercent: '% of a core with 50 sessions and one open tab',
    mb: 'MB of the process (RSS) after that',
    mb1000: 'MB with 1,000 sessions',
  },
  async run({ isBrief }) {
    const small = await withPage(50, (page) => measureEvents(page, isBrief ? 20 : EVENTS));
    const large = await withPage(1000, measurePaint);
    return {
      values: { ...small, ...large },
      goals: [
        { value: 'eventP99Ms', atMost: 300 },
        { value: 'paintMs', atMost: 500 },
        { value: 'cpuPercent', atMost: 1 },
        { value: 'mb', atMost: 120 },
      ],
    };
  },
};

interface ServedPage {
  address: string;
  sessionsDir: string;
  pid: number;
}

async function withPage<T>(count: number, measure: (page: ServedPage) => Promise<T>): Promise<T> {
  const { repo, sessionsDir } = await preparedSessions(count);
  await using _repo = repo;
  const port = await freePort();
  const program = `'${process.execPath}' '${PROGRAM}' web --port ${port}`;
  await using terminal = await openTerminal(program, { dir: repo.root, cwd: repo.path, env: repo.env });
  await terminal.until('Ctrl-C ends it');
  const [address = ''] = /http:\/\/\S+#t=[\w-]+/.exec(terminal.shown()) ?? [];
  const pid = terminal.pid();
  try {
    return await measure({ address, sessionsDir, pid });
  } finally {
    terminal.signal('SIGINT');
    await terminal.end();
  }
}

async function measureEvents({ address, sessionsDir, pid }: ServedPage, count: number) {
  let told = () => {};
  const { origin, hash } = new URL(address);
  const headers = { authorization: `Bearer ${hash.slice('#t='.length)}` };
  const tab = get(`${origin}/live?at=/`, { headers }, (answer) => answer.on('data', () => told()));
  await systemClock.sleep(FIRST_LOOK_MS);
  const quietFrom = await cpuMs(pid);
  const seconds = 20;
  await systemClock.sleep(seconds * 1000);
  const cpuPercent = round((((await cpuMs(pid)) - quietFrom) / (seconds * 1000)) * 100, 2);
  // Those that ask: the logs of finished sessions are only polled.
  const folders = (await sessionFolders(sessionsDir)).sort().filter((_, index) => index % 4 === 0);
  const times: number[] = [];
  for (let round = 0; round < count; round += 1) {
    const paths = sessionPaths(sessionsDir, folders[(round * 7) % folders.length] ?? '');
    const last = (await readEvents(paths, 0)).at(-1);
    const at = new Date(Date.UTC(2026, 0, 10) + round * 60_000).toISOString();
    const begun = performance.now();
    const told1 = new Promise<void>((resolve) => {
      told = resolve;
    });
    await appendFile(paths.events, `${JSON.stringify({ ...last, n: (last?.n ?? 0) + 1, at })}\n`);
    await told1;
    times.push(performance.now() - begun);
    await systemClock.sleep(300 + ((round * 37) % 500));
  }
  tab.destroy();
  const sorted = times.toSorted((a, b) => a - b);
  const eventP99Ms = round(sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN);
  return { eventMs: rounded(times), eventP99Ms, cpuPercent, mb: await megabytesOf(pid) };
}

async function measurePaint({ address, pid }: ServedPage) {
  const paintMs: number[] = [];
  await using browser = await openBrowser();
  for (let round = 0; round < PAINTS; round += 1) {
    const page = await browser.tab();
    const begun = performance.now();
    await page.goto(address);
    await page.locator('.card').first().waitFor();
    paintMs.push(performance.now() - begun);
    await page.close();
  }
  return { paintMs: rounded(paintMs), mb1000: await megabytesOf(pid) };
}

async function cpuMs(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
}

async function megabytesOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return round(Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]) / 1024);
}
