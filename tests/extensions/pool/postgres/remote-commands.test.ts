import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { textToSign } from '../../../../src/extensions/pool/board/signed-command.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { PROJECT } from '../../../support/board-contract.ts';
import { ci } from '../../../support/ci.ts';
import { heldSession } from '../../../support/held-session.ts';
import { query, sharedPostgres } from '../../../support/postgres-server.ts';
import { boardAt } from './postgres-boards.ts';

const server = sharedPostgres();

/** A stopped session that anna has on a board with a database, on which bert is, too. */
async function heldOnBoard() {
  const database = await server.database();
  await boardAt(database).prepare();
  const scene = await heldSession({ at: 'stopped' }, { settle: (acts) => anna.settle(acts) });
  const { signing, hostInfo, held } = scene;
  const anna = boardAt(database, new HandClock(), signing.anna);
  const bert = boardAt(database, new HandClock(), signing.bert);
  await anna.offer({ id: held.id, project: PROJECT, folder: held.folder, needs: [] });
  await anna.renew(hostInfo);
  await anna.claim(hostInfo, 1);
  const login = `mini-${ulid()}`;
  await query(database, `create role "${login}" login in role samocode_hosts`);
  const asMini = database.replace('postgres@', `${login}@`);
  return {
    ...{ ...scene, login, database, anna, bert, session: held.id },
    /** Writes a row of the table of acts, as any login of the database may. */
    insert: (id: string, text: string, session = held.id) =>
      query(asMini, 'insert into samocode_pool.acts (id, session, command) values ($1, $2, $3)', [
        ...[id, session, text],
      ]),
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

test(
  'only what a member signed for this session and this command is carried out, and the rest leaves the database',
  ci,
  async () => {
    await using scene = await heldOnBoard();
    const { session, signing, rig } = scene;
    const signed = (by: 'bert' | 'eve', id: string, of = session) =>
      signing[by].envelope(textToSign({ session: of, id, command: message(id) }));
    const [unsigned, stranger, foreign, other, torn] = [ulid(), ulid(), ulid(), ulid(), ulid()];
    const rows: [id: string, text: string, code: string][] = [
      [unsigned, message(unsigned), 'act_unsigned'],
      [stranger, await signed('eve', stranger), 'act_untrusted'],
      [foreign, await signed('bert', foreign, ulid()), 'act_misplaced'],
      [other, await signed('bert', ulid()), 'act_misplaced'],
      [torn, (await signed('bert', torn)).replace('Push it', 'Drop it'), 'act_untrusted'],
    ];
    for (const [id, text] of rows) await scene.insert(id, text);
    const { n } = await rig.state();
    await scene.meet();
    expect(scene.reports).toMatchObject(
      rows.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, , code]) => ({ code })),
    );
    const events = await rig.events(n);
    expect(events.filter(({ type }) => type === 'message_kept')).toEqual([]);
    expect(events.filter(({ type }) => type === 'command_refused')).toMatchObject([
      { id: unsigned, code: 'act_unsigned', hint: `Update samocode on ${scene.login}, then try again.` },
    ]);
    // That of an older version stays until the published log answers it.
    expect(await scene.rows()).toEqual([{ id: unsigned }]);
  },
);

test('what a member sends arrives once, with its person, however often it is written into the table', async () => {
  await using scene = await heldOnBoard();
  const { anna, bert, session } = scene;
  const id = ulid();
  await bert.act(session, id, message(id));
  const [{ command: envelope } = { command: '' }] = await query<{ command: string }>(
    scene.database,
    'select command from samocode_pool.acts',
  );
  expect(await scene.meet()).toContainEqual(
    expect.objectContaining({ type: 'message_kept', id, by: { channel: 'cli', person: 'bert' } }),
  );
  const { n = 0 } = await scene.rig.state();
  await scene.delivered.settle({ ...scene.held, n });
  expect(await scene.rows()).toEqual([]);
  await scene.insert(id, envelope);
  const again = await scene.meet();
  expect(again.filter(({ type }) => type === 'message_kept' || type === 'command_accepted')).toEqual([]);
  expect((await anna.renew(scene.hostInfo)).acts).toMatchObject([{ id, machine: 'bert' }]);
});

test('a member cannot have a branch merged, a limit lifted or a program run through the database', async () => {
  await using scene = await heldOnBoard();
  const { bert, session } = scene;
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
    asked.map(([, code]) => ({ code, by: { person: 'bert' } })),
  );
  expect(events.filter(({ type }) => type === 'command_accepted')).toEqual([]);
});

test('a long answer is signed and read as it was written', async () => {
  await using scene = await heldOnBoard();
  const id = ulid();
  const text = `${'ä"\\ \u0000\n'.repeat(60_000)}.`;
  await scene.bert.act(scene.session, id, text);
  expect((await scene.anna.renew(scene.hostInfo)).acts).toMatchObject([{ id, command: text }]);
});
