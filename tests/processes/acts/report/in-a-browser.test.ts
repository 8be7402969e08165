import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../../../src/base/processes/run-command.ts';
import { PAYLOADS } from '../../../acts/report/payloads.ts';
import { typed } from '../../../cli/typed.ts';
import { type ReportedSession, reportedSession } from '../../../support/report-session.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

/** No session file, commit subject or tool name holds a NUL or a half character; those that do have rows of their own. */
const also = PAYLOADS.filter((payload) => !/[\0\ud800]/.test(payload)).join(' ');

let session: ReportedSession;
let profile: TempDir;
let page: string;

beforeAll(async () => {
  profile = await tempDir();
  session = await reportedSession({ iterations: 10, also, transcriptChars: 400 });
  // One transcript is a file beside the page.
  const { repo } = session.project;
  const { stdout, exitCode } = await typed(['report', session.folder], {
    cwd: repo.path,
    home: repo.homeDir,
  });
  expect(exitCode).toBe(0);
  page = stdout.trim();
});

afterAll(async () => {
  await session.project.repo[Symbol.asyncDispose]();
  await profile[Symbol.asyncDispose]();
});

/** What a browser makes of a page, once its scripts had their time. One that has a profile takes no second page. */
async function opened(path: string, fragment = ''): Promise<string> {
  const quiet = ['no-first-run', 'disable-background-networking', 'disable-component-update', 'disable-sync'];
  const flags = [
    'headless',
    'no-sandbox',
    'disable-gpu',
    'disable-quic',
    ...quiet,
    'virtual-time-budget=2000',
  ];
  const userData = await mkdtemp(join(profile.path, 'browser-'));
  const args = [...flags.map((flag) => `--${flag}`), `--user-data-dir=${userData}`, '--dump-dom'];
  const url = `${pathToFileURL(path).href}${fragment}`;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const { stdout, notFound } = await runCommand(name, [...args, url], { timeoutMs: 120_000 });
    if (!notFound) return stdout;
  }
  throw new Error('This test opens a page in Chromium: install it (apt-get install chromium).');
}

const titleOf = (dom: string) => /<title>([^<]*)<\/title>/.exec(dom)?.[1];

test.concurrent('a browser would show that a script had run', async () => {
  const path = join(profile.path, 'page.html');
  await writeFile(path, `<!doctype html><title>before</title><p>${PAYLOADS[5]}`);
  expect(titleOf(await opened(path))).toBe('ran');
});

test.concurrent('nothing that a session holds runs, and what it says is there', async () => {
  const dom = await opened(page, '#i6');
  expect(titleOf(dom)).toBe('boat-names · samocode');
  // Our own script has run: it opens what a link leads to.
  expect(dom).toMatch(/<details class="it [^"]*" id="i6" open="">/);
  expect(dom).toContain('&lt;script&gt;');
  expect(dom.match(/<(?:iframe|form|base|link|math|object|embed)\b/g)).toBe(null);
  expect(dom.match(/<script>/g)).toHaveLength(1);
});

test.concurrent('markup that got into a page would not run either', async () => {
  const path = join(profile.path, 'broken-in.html');
  const text = await readFile(page, 'utf8');
  await writeFile(path, text.replace('<h1>', `${PAYLOADS.slice(0, 12).join('')}<h1>`));
  const dom = await opened(path);
  expect(dom.match(/<script>/g)?.length).toBeGreaterThan(1);
  expect(titleOf(dom)).not.toBe('ran');
});

test.concurrent('the page over all sessions and a transcript beside a page run nothing either', async ({
  expect,
}) => {
  const { repo } = session.project;
  const output = join(repo.root, 'morning.html');
  await typed(['report', '--all', '--output', output], { cwd: repo.path, home: repo.homeDir });
  const beside = join(page.replace(/\.html$/, '-files'), 'iteration-006.html');
  const doms = await Promise.all([output, beside].map((path) => opened(path)));
  expect(doms.map(titleOf)).toEqual(['Sessions · samocode', 'boat-names, iteration 6 · samocode']);
});
