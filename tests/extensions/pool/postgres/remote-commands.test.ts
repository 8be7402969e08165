import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { PROJECT } from '../../../support/board-contract.ts';
import { ci } from '../../../support/ci.ts';
import { heldSession } from '../../../support/held-session.ts';
import { query, sharedPostgres } from '../../../support/postgres-server.ts';
import { boardAt, loginOf, poolDatabase } from './postgres-boards.ts';

const server = sharedPostgres();

/** A stopped session that anna has on the board, on which bert is, too. */
async function heldOnBoard() {
  const database = await poolDatabase(server);
  const scene = await heldSession({ at: 'stopped' }, { settle: (acts) => anna.settle(acts) });
  const { hostInfo, held } = scene;
  const [one, two] = [await loginOf(database), await loginOf(database, `bert-${ulid()}`)];
  const anna = boardAt(one.address);
  const bert = boardAt(two.address);
  await anna.offer({ id: held.id, project: PROJECT, folder: held.folder, needs: [], state: 'a'.repeat(40) });
  await anna.renew(hostInfo);
  await anna.claim(hostInfo, 1);
  return {
    ...{ ...scene, database, anna, bert, login: two.login, session: held.id },
    rows: () => query(database, 'select id from samocode_pool.acts'),
    /** Anna renews its leases and does what has come. @returns the events since then */
    async meet() {
      const { acts } = await anna.renew(hostInfo);
      const { n } = await scene.rig.state();
      for (const act of acts) await scene.deliver(act);
      return await scene.rig.events(n);
    },
    async [Symbol.asyncDispose]() {
      for (const board of [anna, bert]) await board[Symbol.asyncDispose]();
      await scene[Symbol.asyncDispose]();
    },
  };
}

const command = (id: string, fields: object) =>
  JSON.stringify({ v: 1, id, by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z', ...fields });
const message = (id: string) => command(id, { kind: 'message', text: 'Push it to my branch.' });

test('what a machine sends arrives once, as its login, however often it is sent', ci, async () => {
  await using scene = await heldOnBoard();
  const { anna, bert, session, login } = scene;
  const id = ulid();
  for (const _ of ['once', 'and once more']) await bert.act(session, id, message(id));
  expect(await scene.meet()).toContainEqual(
    expect.objectContaining({ type: 'message_kept', id, by: { channel: 'cli', person: login } }),
  );
  const { n = 0 } = await scene.rig.state();
  await scene.delivered.settle({ ...scene.held, n });
  expect(await scene.rows()).toEqual([]);
  await bert.act(session, id, message(id));
  const again = await scene.meet();
  expect(again.filter(({ type }) => type === 'message_kept' || type === 'command_accepted')).toEqual([]);
  expect((await anna.renew(scene.hostInfo)).acts).toMatchObject([{ id, machine: login, person: login }]);
});

test('a member cannot have a branch merged, a limit lifted or a program run through the database', async () => {
  await using scene = await heldOnBoard();
  const { bert, session, login } = scene;
  const asked: [object, string][] = [
    [{ kind: 'merge' }, 'act_only_there'],
    [{ kind: 'resume', checks: ['true'] }, 'act_fields'],
    [{ kind: 'resume', agent: { model: '', cliPath: '/tmp/evil' } }, 'act_fields'],
  ];
  for (const [fields] of asked) {
    const id = ulid();
    await bert.act(session, id, command(id, fields));
  }
  const events = await scene.meet();
  expect(events.filter(({ type }) => type === 'command_refused')).toMatchObject(
    asked.map(([, code]) => ({ code, by: { person: login } })),
  );
  expect(events.filter(({ type }) => type === 'command_accepted')).toEqual([]);
});

test('a long answer is read as it was written', async () => {
  await using scene = await heldOnBoard();
  const id = ulid();
  const text = `${'ä"\\ \n'.repeat(60_000)}.`;
  await scene.bert.act(scene.session, id, text);
  expect((await scene.anna.renew(scene.hostInfo)).acts).toMatchObject([{ id, command: text }]);
});
