import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { askPage } from '../../../../src/core/caller/facts/live-page.ts';
import { makeScene } from '../../../core/guard/guard-scene.ts';
import { USERS } from '../../../core/guard/users.ts';
import { ci } from '../../../support/ci.ts';
import { makeProject } from '../../../support/project.ts';
import { startRig } from '../../../support/session-rig.ts';
import { exchange, keysIn, serveWeb, type WebRig } from '../../../support/web-rig.ts';

// The live page, to an agent that has found its port, and to the gates of sessions that only persons open.

const ROUTES = [
  ...['GET /live', 'GET /live?at=/s/0123456789ab', 'GET /s/0123456789ab/transcript/1'],
  ...['GET /s/0123456789ab/diff?path=x', 'GET /anything', 'POST /start'],
  ...['POST /s/0123456789ab/plan', 'POST /mcp', 'GET /mcp'],
];

/** Asks each route without a token, and prints what it gets. */
const ASK = `
const [port, ...routes] = process.argv.slice(1);
(async () => {
  for (const route of routes) {
    const [method, path] = route.split(' ');
    const answer = await fetch('http://127.0.0.1:' + port + path, { method, body: method === 'POST' ? '{}' : undefined });
    console.log(route, answer.status, await answer.text());
  }
})();`;

/** Wants to exchange a code that it made up. */
const EXCHANGE = `
fetch("http://127.0.0.1:" + process.argv[1] + "/key", { method: "POST", body: JSON.stringify({ code: "x".repeat(32) }) }).then(({ status }) => console.log(status));`;

test.each(USERS)(
  'an agent in the guard of $name finds no key, and gets 401 from every route',
  ci,
  async (user) => {
    const { repo, context } = await makeProject();
    await using _ = repo;
    await using scene = await makeScene(user, { title: '', env: () => ({ NODE: process.execPath }) });
    const home = scene.env.HOME ?? '';
    await using web = await serveWeb({ ...context, home });
    const words = [String(web.port), ...ROUTES].map((word) => `'${word}'`).join(' ');
    const { stdout, stderr } = await scene.inside(`"$NODE" -e '${ASK.replaceAll("'", `'\\''`)}' ${words}`);
    expect([stdout.trim().split('\n'), stderr]).toEqual([
      ROUTES.map((route) => `${route} 401 A token is needed.`),
      '',
    ]);
    const shell = await scene.inside(`"$NODE" -e '${ASK.replaceAll("'", `'\\''`)}' ${web.port} 'GET /'`);
    expect(shell.stdout).toContain('GET / 200 <!doctype html>');
    expect(shell.stdout).not.toContain(await web.key());
    // What knows the key is in a folder that the guard hides; outside it is there.
    const kept = join(home, '.config/samocode/web-key');
    expect((await readFile(kept, 'utf8')).trim()).toBe(await web.key());
    const read = await scene.inside('cat "$HOME/.config/samocode/web-key"; echo tried');
    expect(read.stdout).toBe('tried\n');
    const guess = await scene.inside(`"$NODE" -e '${EXCHANGE}' ${web.port}`);
    expect(guess.stdout.trim()).toBe('403');
    const asked =
      'require("net").connect(process.argv[1]).on("error", ({ code }) => console.log(code)).on("data", String).end("where")';
    const socket = await scene.inside(`"$NODE" -e '${asked}' "$HOME/.config/samocode/web.sock"`);
    expect(socket.stdout.trim()).toMatch(/^E(?:NOENT|ACCES|CONNREFUSED)$/);
  },
);

async function answered(web: WebRig, confirmed?: string): Promise<[number, string]> {
  const tab = await web.open('/');
  await expect.poll(() => keysIn(tab)).toHaveLength(1);
  tab.close();
  const [key] = keysIn(tab);
  const { status, text } = await web.decide(String(key), 'answer', { accept: 'suggestions' }, confirmed);
  return [status, text];
}

const PERSONS_ONLY = { scenario: { paceMs: 0, rules: [] }, lines: { GATE_CHANNELS: 'person' } };

/** Ways in which a program of the same user, such as the shell of the parent chat, gets the key of the page. */
const KEY_WAYS = {
  socket: async (web: WebRig, home: string) =>
    (await exchange(web, (await askPage(home, 'address'))?.code ?? '')).text,
  file: async (_web: WebRig, home: string) =>
    (await readFile(join(home, '.config/samocode/web-key'), 'utf8')).trim(),
};

test(
  'where only persons open gates, a program that gets the key from the socket or the file opens none, and a person in a confirmed tab does',
  ci,
  async () => {
    await using rig = await startRig({ ...PERSONS_ONLY, sandbox: 'guard' });
    await rig.untilWaiting('qa_answers');
    await using web = await serveWeb(rig.context('cli'));
    const key = await web.key();
    const { home } = rig.context();
    for (const way of Object.values(KEY_WAYS)) expect(await way(web, home)).toBe(key);
    // `web` sends that key.
    for (const tab of [undefined, '', key])
      expect(await answered(web, tab)).toEqual([403, expect.stringMatching(/^No answer .*six digits/s)]);
    expect(web.digits).toEqual([]);
    expect((await rig.events()).map(({ type }) => type)).not.toContain('answers_recorded');
    await web.confirm();
    const [digits = ''] = web.digits;
    expect(JSON.stringify([await askPage(home, 'where'), await askPage(home, 'address')])).not.toContain(
      digits,
    );
    const tab = (await web.confirm(digits)).text;
    const folder = join(home, '.config/samocode');
    for (const { name } of (await readdir(folder, { withFileTypes: true })).filter((each) => each.isFile()))
      expect(await readFile(join(folder, name), 'utf8')).not.toContain(tab);
    expect(await answered(web, tab)).toEqual([200, expect.stringMatching(/^Recorded: Q1: /)]);
    const [act] = (await rig.events()).filter(({ type }) => type === 'answers_recorded');
    expect(act).toMatchObject({ by: { channel: 'web' } });
    expect(act).not.toHaveProperty('by.client');
    expect(act).not.toHaveProperty('by.unconfirmed');
  },
);

test('without a guard, where an agent could read the key, the page opens none of them', async () => {
  await using rig = await startRig({ ...PERSONS_ONLY, sandbox: 'off' });
  await rig.untilWaiting('qa_answers');
  await using web = await serveWeb(rig.context('cli'));
  expect(rig.file.settings.gateChannels).not.toContain('web');
  const [status, text] = await answered(web);
  expect([status, text]).toEqual([409, expect.stringContaining('web')]);
  expect((await rig.events()).map(({ type }) => type)).not.toContain('answers_recorded');
});
