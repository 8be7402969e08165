// @module-tag ci
import { once } from 'node:events';
import { appendFile, cp, open, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../../../src/core/kernel/clock.ts';
import { readEvents } from '../../../../../src/core/session/log/event-log.ts';
import { grouped } from '../../../../../src/extensions/pages/html/figures.ts';
import { eventually } from '../../../../support/eventually.ts';
import { preparedSessions } from '../../../../support/prepared-sessions.ts';
import { makeProject } from '../../../../support/project.ts';
import { reportedSession } from '../../../../support/report-session.ts';
import { keysIn, QUICK_CLOCK, serveWeb, type WebRig, webOf } from '../../../../support/web-rig.ts';

const MEGABYTE = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** The bytes in memory that something still refers to. */
function heldNow(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The place of the only session. */
async function placeOfOnly(web: WebRig): Promise<string> {
  const tab = await web.open('/');
  const [key] = await eventually(async () => keysIn(tab).length > 0 && keysIn(tab));
  tab.close();
  return `/s/${key}`;
}

test('twenty tabs are served, another one is told to close one, and a closed tab makes room for one', async () => {
  await using web = await webOf(await makeProject());
  const tabs = await Promise.all(Array.from({ length: 20 }, () => web.open('/')));
  expect(tabs.map(({ status }) => status)).toEqual(Array(20).fill(200));
  for (let round = 0; round < 3; round += 1) {
    const refused = await web.ask('/live');
    expect([refused.status, refused.text]).toEqual([429, 'Too many tabs are open: close one.']);
    tabs.pop()?.close();
    const next = await eventually(async () => {
      const tab = await web.open('/');
      return tab.status === 200 && tab;
    });
    tabs.push(next);
  }
  for (const tab of tabs) tab.close();
  expect(web.failures).toEqual([]);
});

test('a tab that has stopped to read piles up nothing, and is closed', async () => {
  const { project, paths } = await reportedSession({ iterations: 4, ends: 'planned' });
  await using web = await webOf(project, { clock: QUICK_CLOCK });
  const place = await placeOfOnly(web);
  const socket = connect(web.port, '127.0.0.1');
  socket.pause();
  const head = ['Host: localhost', `Authorization: Bearer ${await web.key()}`];
  socket.write(`GET /live?at=${place} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
  const tabs = await Promise.all(Array.from({ length: 19 }, () => web.open('/')));
  expect((await web.ask('/live')).status).toBe(429);
  const path = join(paths.sessionDir, '01-08-1030-plan-names.md');
  const plan = await readFile(path, 'utf8');
  const before = heldNow();
  let held = before;
  // What lies between the two is filled, and then it waits.
  await eventually(
    async () => {
      const long = `At ${systemClock.now()}. `.repeat(20_000);
      await writeFile(path, `${plan}\n${long}\n`);
      await systemClock.sleep(50);
      held = Math.max(held, heldNow());
      const tab = await web.open('/');
      tab.close();
      return tab.status === 200;
    },
    { withinMs: 480_000 },
  );
  expect(held - before).toBeLessThan(50 * MEGABYTE);
  for (const tab of tabs) tab.close();
  socket.destroy();
  await once(socket, 'close');
});

test('of a transcript of 1 GB a page is read, and the page of the session shows its end', async () => {
  const { project, paths } = await reportedSession({ iterations: 6, ends: 'running' });
  await using web = await webOf(project);
  const place = await placeOfOnly(web);
  const { log } = (await readEvents(paths, 0)).findLast((event) => event.type === 'iteration_started') ?? {};
  const path = join(paths.logs, log ?? '');
  const line = (text: string) =>
    `${JSON.stringify({ type: 'assistant', message: { content: [{ type: 'text', text }] } })}\n`;
  await writeFile(path, line('the first words').repeat(5000));
  const file = await open(path, 'r+');
  // Long lines that take no room on the disk.
  for (let at = 1; at < 1024; at += 1) await file.write('\n', at * MEGABYTE);
  await file.close();
  await appendFile(path, line('the last words'));
  const before = process.memoryUsage.rss();
  const tab = await web.open(place);
  await eventually(async () => tab.parts.get('p-now')?.includes('the last words'));
  const first = await web.ask(`${place}/transcript/6`);
  expect(first.text).toContain('the first words');
  expect(first.text.length).toBeLessThan(2 * MEGABYTE);
  for (const from of [400_000, 512 * MEGABYTE, -5, 'x', '1e99', '']) {
    const { status, text } = await web.ask(`${place}/transcript/6?from=${from}`);
    expect([from, status]).toEqual([from, 200]);
    expect(text.length).toBeLessThan(2 * MEGABYTE);
  }
  expect((await web.ask(`${place}/transcript/99`)).status).toBe(409);
  expect((await web.ask(`${place}/transcript/x`)).status).toBe(409);
  expect(process.memoryUsage.rss() - before).toBeLessThan(300 * MEGABYTE);
  expect(web.failures).toEqual([]);
  tab.close();
});

test('of a line of 1 GB that is being written its end is shown at once', async () => {
  const { project, paths } = await reportedSession({ iterations: 6, ends: 'running' });
  await using web = await webOf(project);
  const place = await placeOfOnly(web);
  const { log } = (await readEvents(paths, 0)).findLast((event) => event.type === 'iteration_started') ?? {};
  const path = join(paths.logs, log ?? '');
  await writeFile(path, '');
  await truncate(path, 1024 * MEGABYTE);
  await appendFile(path, `${'x'.repeat(100_000)}the last words`);
  const tab = await web.open(place);
  await eventually(async () => tab.parts.get('p-now')?.includes('the last words'));
  tab.close();
  expect(tab.parts.get('p-now')).toMatch(
    /a line of more than 4 MB, which ends:.*x{1000,2000}the last words/s,
  );
  expect(tab.parts.get('p-now')?.length).toBeLessThan(10_000);
});

test('a list of many sessions comes as its first rows and then the others, each once', async () => {
  await using web = await webOf(await preparedSessions(80));
  const tab = await web.open('/');
  await eventually(async () => keysIn(tab).length === 80);
  const counts = tab.updates.map(({ changed, more }) => [(changed as string[]).length, more]);
  expect(counts.slice(0, 2)).toEqual([
    [60, true],
    [21, undefined],
  ]);
  tab.close();
});

test('the page of a session names its tokens, without those from a cache', async () => {
  const { project, paths } = await reportedSession({ iterations: 10 });
  await using web = await webOf(project);
  const place = await placeOfOnly(web);
  const tab = await web.open(place);
  const figures = await eventually(async () => tab.parts.get('p-strip'));
  const ends = (await readEvents(paths, 0)).flatMap((event) =>
    event.type === 'iteration_ended' ? [(event.cost.inputTokens ?? 0) + (event.cost.outputTokens ?? 0)] : [],
  );
  const tokens = `${grouped(ends.reduce((sum, each) => sum + each, 0))} tokens`;
  expect(figures).toContain(tokens);
  tab.close();
});

test('a waiting session that no supervisor watches says so below its decision, not above', async () => {
  const { project } = await reportedSession({ iterations: 3, ends: 'waiting' });
  await using web = await webOf(project);
  const tab = await web.open(await placeOfOnly(web));
  const figures = await eventually(async () => tab.parts.get('p-strip'));
  const unwatched = "No supervisor watches this machine's sessions";
  expect(figures).toContain(unwatched);
  expect(tab.parts.get('p-head')).not.toContain(unwatched);
  tab.close();
});

test('a session that disappears while its page is open is said once, and comes back with its folder', async () => {
  const { project, paths } = await reportedSession({ iterations: 4 });
  let looks = 0;
  const sleep: Clock['sleep'] = async (ms, signal) => {
    looks += 1;
    await QUICK_CLOCK.sleep(ms, signal);
  };
  await using web = await webOf(project, { clock: { ...QUICK_CLOCK, sleep } });
  const place = await placeOfOnly(web);
  const [tab, board] = [await web.open(place), await web.open('/')];
  await eventually(async () => tab.parts.has('p-tab'));
  const folders = [paths.sessionDir, paths.runDir];
  for (const each of folders) await rename(each, join(project.repo.root, basename(dirname(each))));
  const said = () => tab.updates.flatMap(({ end }) => (end === undefined ? [] : [end]));
  await eventually(async () => said().length > 0);
  await eventually(async () => board.updates.slice(1).some(({ order }) => order !== undefined));
  expect((await web.act(`${place}/stop`, {})).status).toBe(404);
  const before = looks;
  await eventually(async () => looks > before + 20);
  expect(said()).toEqual([expect.stringContaining('no longer here')]);
  for (const each of folders) await rename(join(project.repo.root, basename(dirname(each))), each);
  await eventually(async () => said().at(-1) === '');
  expect(web.failures).toEqual([]);
  for (const each of [tab, board]) each.close();
});

test('without a project the list says why it is empty, and shows one as soon as it is known', async () => {
  const { project } = await reportedSession({ iterations: 2 });
  await using _ = project.repo;
  const { root, homeDir } = project.repo;
  const home = join(root, 'another-home');
  await using web = await serveWeb({ ...project.context, home, cwd: root, clock: QUICK_CLOCK });
  const tab = await web.open('/');
  const said = await eventually(async () => tab.updates.find(({ end }) => end !== undefined));
  expect(said).toMatchObject({ end: expect.stringContaining('samocode init'), needs: 0 });
  await cp(homeDir, home, { recursive: true });
  await eventually(async () => keysIn(tab).length === 1);
  expect(web.failures).toEqual([]);
  tab.close();
});
