// @module-tag ci
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../../../../src/core/kernel/processes/run-command.ts';
import { typed } from '../../../../app/unit/cli/typed.ts';
import { type ReportedSession, reportedSession } from '../../../../support/report-session.ts';
import { type TempDir, tempDir } from '../../../../support/temp-dir.ts';
import { PAYLOADS } from '../../unit/report/payloads.ts';

/** Session files, commit subjects and tool names contain no NUL or half a character; other tests cover those. */
const also = PAYLOADS.filter((payload) => !/[\0\ud800]/.test(payload)).join(' ');

let session: ReportedSession;
let profile: TempDir;
let page: string;

beforeAll(async () => {
  profile = await tempDir();
  session = await reportedSession({ iterations: 10, also, transcriptChars: 400 });
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

/** Returns a page as a browser shows it after its scripts have run. Each browser needs its own profile. */
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

test.concurrent('the test detects a script that runs', async () => {
  const path = join(profile.path, 'page.html');
  await writeFile(path, `<!doctype html><title>before</title><p>${PAYLOADS[5]}`);
  expect(titleOf(await opened(path))).toBe('ran');
});

test.concurrent('no content of a session runs as a script, and all of it is shown', async () => {
  const dom = await opened(page, '#i6');
  expect(titleOf(dom)).toBe('boat-names · samocode');
  // The page's own script has run: it opens the target of a link.
  expect(dom).toMatch(/<details class="it" id="i6" open="">/);
  expect(dom).toContain('&lt;script&gt;');
  expect(dom.match(/<(?:iframe|form|base|link|math|object|embed)\b/g)).toBe(null);
  expect(dom.match(/<script>/g)).toHaveLength(1);
});

test.concurrent('markup that reached a page would not run either', async () => {
  const path = join(profile.path, 'broken-in.html');
  const text = await readFile(page, 'utf8');
  await writeFile(path, text.replace('<h1 ', `${PAYLOADS.slice(0, 12).join('')}<h1 `));
  const dom = await opened(path);
  expect(dom.match(/<script>/g)?.length).toBeGreaterThan(1);
  expect(titleOf(dom)).not.toBe('ran');
});
