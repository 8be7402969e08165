import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stopSession } from '../../../../../src/core/acts/sessions/stop-session.act.ts';
import { sessionFolders } from '../../../../../src/core/session/folder/session-list.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { readSessionFile } from '../../../../../src/core/session/log/read-session-file.ts';
import { type Bench, makeBench } from '../../../../support/bench.ts';
import { ci } from '../../../../support/ci.ts';
import { eventually } from '../../../../support/eventually.ts';
import { makeProject } from '../../../../support/project.ts';
import { serveWeb, type WebRig, webOf } from '../../../../support/web-rig.ts';

/** The bench, its page, and the form's value for its project. */
function formOf(bench: Bench, web: WebRig) {
  const { repo, sessionsDir } = bench;
  const send = (fields: object) => web.act('/start', { project: join(repo.path, '.samocode'), ...fields });
  const fileOf = async (folder: string) => await readSessionFile(sessionPaths(sessionsDir, folder));
  return { send, fileOf };
}

/** The form as a new tab gets it. */
async function formIn(web: WebRig): Promise<string> {
  const tab = await web.open('/new');
  await eventually(async () => tab.parts.has('p-new'));
  tab.close();
  return tab.parts.get('p-new') ?? '';
}

test('a start answers with the place of the new session, which the page then shows', ci, async () => {
  await using bench = await makeBench({ here: true });
  await using web = await serveWeb(bench.context);
  const { send } = formOf(bench, web);
  const { status, text, headers } = await send({ task: 'Name the boats', model: '', after: '' });
  expect([status, text.split('\n')[0]]).toEqual([200, 'name-the-boats has been started.']);
  expect(headers['x-open']).toMatch(/^\/s\/[0-9a-f]{12}$/);
  const shown = await web.open(String(headers['x-open']));
  await eventually(async () => shown.parts.has('p-head'));
  expect(shown.updates.filter(({ end }) => end)).toEqual([]);
  shown.close();
});

test('the same form within ten minutes starts nothing: it gets the link of its session, and can start a second one', async () => {
  await using bench = await makeBench({ here: true });
  await using web = await serveWeb(bench.context);
  const { send } = formOf(bench, web);
  const task = { task: 'Name the boats' };
  const first = await send(task);
  const again = await send(task);
  expect(again.status).toBe(409);
  expect(again.text).toMatch(/name-the-boats was started \d+ s ago by the same form, so no second one was/);
  expect(again.text).toContain(`href="#${first.headers['x-open']}"`);
  expect(again.text).toContain('name="again" value="yes"');
  expect(again.headers).not.toHaveProperty('x-open');
  expect(await sessionFolders(bench.sessionsDir)).toHaveLength(1);
  const second = await send({ ...task, again: 'yes' });
  expect(second.text).toMatch(/^name-the-boats-2 has been started\./);
});

test('every choice of the form reaches the session, and a plan is found from the repository', async () => {
  await using bench = await makeBench({ here: true });
  await bench.repo.write({ 'plans/boats.md': '# Boats\n\n- [ ] Name them\n' });
  await using web = await serveWeb({ ...bench.context, cwd: bench.repo.homeDir });
  const { send, fileOf } = formOf(bench, web);
  const first = await send({ task: 'Paint the boats', at: '2099-01-01T07:00', base: 'main' });
  expect(first.status).toBe(200);
  const [before = ''] = await sessionFolders(bench.sessionsDir);
  const limits = { maxCostUsd: '3', maxHours: '2.5', maxIterations: '9', maxTokens: '40000' };
  const { status, text } = await send({
    ...{ plan: 'plans/boats.md', after: before, group: 'Boats', model: 'some-model' },
    ...limits,
  });
  expect([status, text.split('\n')[0]]).toEqual([200, 'boats has been started.']);
  const folders = await sessionFolders(bench.sessionsDir);
  const file = await fileOf(folders.find((folder) => folder !== before) ?? '');
  expect(file).toMatchObject({
    group: 'boats',
    order: { after: before },
    givenPlan: { name: 'boats.md' },
    settings: {
      model: 'some-model',
      limits: { session: { usd: 3, hours: 2.5, iterations: 9, tokens: 40_000 } },
    },
  });
  expect(await formIn(web)).toContain(`<option value="${before}">${before}</option>`);
  await stopSession({ session: before, when: 'now' }, bench.context);
  await eventually(async () => !(await formIn(web)).includes(`<option value="${before}">`));
});

test('the form offers three ways, and only the chosen one counts', async () => {
  await using bench = await makeBench({ here: true });
  await bench.repo.write({ 'boats.md': '# Boats\n\n- [ ] Name them\n' });
  await using web = await serveWeb(bench.context);
  const { send, fileOf } = formOf(bench, web);
  const form = await formIn(web);
  for (const way of ['full', 'quick', 'plan']) {
    expect(form).toContain(`<input type="radio" name="way" value="${way}"`);
    expect(form).toContain(`<span class="for-${way}">`);
  }
  const given = { task: 'Name the boats', plan: 'boats.md', at: '2099-01-01T07:00' };
  for (const way of ['full', 'quick', 'plan']) await send({ ...given, way, group: way });
  const files = await Promise.all((await sessionFolders(bench.sessionsDir)).map(fileOf));
  expect(files.map((file) => [file?.group, file?.way, file?.givenPlan?.name])).toEqual(
    expect.arrayContaining([
      ['full', undefined, undefined],
      ['quick', 'quick', undefined],
      ['plan', 'plan', 'boats.md'],
    ]),
  );
});

/** A refusal changes nothing, so all rows share one project. */
let refusing: Bench;
beforeAll(async () => {
  refusing = await makeBench({ here: true });
});
afterAll(() => refusing[Symbol.asyncDispose]());

test.each<[string, object, RegExp]>([
  ['no work', { task: ' ' }, /neither a task nor a topic/],
  ['an unknown base', { task: 'x', base: 'nowhere' }, /nowhere/],
  ['a plan that is not there', { plan: 'plans/none.md' }, /there is no such file/],
  ['a time that is past', { task: 'x', at: '2020-01-01T07:00' }, /has passed/],
  ['a session that is not there', { task: 'x', after: 'none' }, /none/],
  ['a limit that is not a number', { task: 'x', maxHours: 'two' }, /two/],
])('%s is refused by core, and nothing is started', async (_what, fields, words) => {
  await using web = await serveWeb(refusing.context);
  const { send } = formOf(refusing, web);
  const { status, text, headers } = await send(fields);
  expect([status, text]).toEqual([409, expect.stringMatching(words)]);
  expect(headers).not.toHaveProperty('x-open');
  expect(await sessionFolders(refusing.sessionsDir)).toEqual([]);
});

test('without a project the page says how to make one', async () => {
  await using web = await webOf(await makeProject({ bare: true }));
  const form = await formIn(web);
  expect(form).toContain('Run <code>samocode init</code> in the folder of a repository');
  expect(form).not.toContain('<form');
});
