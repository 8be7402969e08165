import { expect, test } from 'vitest';
import { ASKING, CREATED, PREPARED } from '../../../core/unit/session/events.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { cursorFor } from '../../../support/cursor-for.ts';
import { eventually } from '../../../support/eventually.ts';
import { startSession } from '../../../support/start-session.ts';
import { askTool } from '../../unit/server/ask-tool.ts';
import { makeServerRig } from '../../unit/server/server-rig.ts';

const NOTICE = { type: 'notice', code: 'x', text: 'Something was seen' } as const;

async function prepared(bench: Bench, name: string): Promise<string> {
  return (await startSession({ task: 'x', name, run: false }, bench.context)).view.folder;
}

async function wait(bench: Bench, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  return (await askTool('wait', args, bench.context)).json;
}

test(
  'waiting for several sessions returns which one changed and one cursor for all, even with short names',
  ci,
  async () => {
    await using bench = await makeBench();
    const [one, two] = [await prepared(bench, 'one'), await prepared(bench, 'two')];
    const answer = await wait(bench, { sessions: ['one', 'two'], until: 'done' });
    expect(answer).toMatchObject({ changed: true, state: 'stopped' });
    expect([one, two]).toContain(answer.session);
    const { cursor } = answer;
    const idle = await wait(bench, { sessions: ['one', 'two'], cursor, timeout_s: 0 });
    expect(idle).toEqual({
      summary: 'Nothing new in any of them.',
      next: 'wait',
      changed: false,
      cursor,
    });
  },
);

test('a session may have the name of a property of every object', async () => {
  await using bench = await makeBench();
  await prepared(bench, 'constructor');
  const answer = await wait(bench, { sessions: ['constructor'], until: 'done' });
  expect(answer).toMatchObject({ changed: true, cursor: expect.any(String) });
});

test('a short name uses what the cursor says of the session that it refers to, of two with that name', async () => {
  await using serverRig = await makeServerRig();
  for (const [folder, count] of [
    ['26-01-07-boats', 3],
    ['26-01-08-boats', 1],
  ] as const) {
    await serverRig.addSession(folder, [
      CREATED,
      PREPARED,
      ...Array.from({ length: count - 1 }, () => NOTICE),
      ASKING,
    ]);
  }
  const cursor = cursorFor({ '26-01-07-boats': 5, '26-01-08-boats': 2 });
  const args = { sessions: ['boats'], cursor, timeout_s: 0 };
  const { json } = await askTool('wait', args, serverRig.context);
  expect(json).toMatchObject({ changed: true, cursor: '3' });
});

test('events beyond the size limit are counted, and the cursor says that the reader knows of the missing worker', async () => {
  await using serverRig = await makeServerRig();
  await serverRig.addSession('26-01-08-boats', [
    CREATED,
    PREPARED,
    ...Array.from({ length: 45 }, () => NOTICE),
  ]);
  const { json } = await askTool('wait', { session: 'boats', cursor: 2, timeout_s: 0 }, serverRig.context);
  expect(json).toMatchObject({ changed: true, left_out: 25, cursor: '47!' });
});

test('a session is named once, by session or by sessions', async () => {
  await using bench = await makeBench();
  for (const args of [{}, { session: 'one', sessions: ['two'] }, { sessions: [] }]) {
    expect(await wait(bench, args)).toMatchObject({ code: 'bad_input' });
  }
  expect(await wait(bench, { sessions: ['none'] })).toMatchObject({ code: 'session_not_found' });
});

test('the result of a wait for one session repeats nothing', async () => {
  await using bench = await makeBench();
  const session = await prepared(bench, 'one');
  const answer = await wait(bench, { session, until: 'done' });
  expect(Object.keys(answer).sort()).toEqual(['changed', 'cursor', 'next', 'says', 'state', 'summary']);
});

test('a wait for the end of several sessions reports that one of them waits for a person', async () => {
  await using bench = await makeBench();
  const stopped = await prepared(bench, 'one');
  const asking = (await startSession({ task: 'x', name: 'two' }, bench.context)).view.folder;
  await eventually(async () => (await bench.view(asking)).state.status.kind === 'waiting');
  const { n } = (await bench.view(stopped)).state;
  const cursor = cursorFor({ [stopped]: n, [asking]: 0 });
  const answer = await wait(bench, { sessions: ['one', 'two'], cursor, until: 'done', timeout_s: 0 });
  expect(answer).toMatchObject({
    changed: false,
    session: asking,
    state: 'waiting',
    next: expect.stringContaining('read_qa'),
  });
});
