import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import {
  Command,
  leaveCommand,
  pendingCommandIds,
  readCommand,
  removeCommand,
} from '../../../../src/core/session/commands/commands.ts';
import { arbitraryOf } from '../../../support/arbitrary-of.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const message = (id: string, text: string): Command => {
  return { v: 1, id, by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z', kind: 'message', text };
};

async function place() {
  const dir = await tempDir();
  const commands = join(dir.path, 'commands');
  return { commands, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

test('a command is written, listed, read and removed', async () => {
  await using paths = await place();
  expect(pendingCommandIds(paths)).toEqual([]);
  const command = message(ulid(), 'hello');
  await leaveCommand(paths, command);
  expect(pendingCommandIds(paths)).toEqual([command.id]);
  expect(await readCommand(paths, command.id)).toEqual({ kind: 'command', id: command.id, command });
  await removeCommand(paths, command.id);
  await removeCommand(paths, command.id);
  expect(pendingCommandIds(paths)).toEqual([]);
  expect(await readCommand(paths, command.id)).toBeUndefined();
});

test('a command that was refused on its way is read as such, under its own id only', async () => {
  await using paths = await place();
  const { v, id, by, at } = message(ulid(), '');
  const error = { code: 'act_only_there', message: 'Not from here.', hint: 'Do it there.' };
  const command = { v, id, by, at, refused: 'merge', error };
  await leaveCommand(paths, command);
  expect(await readCommand(paths, id)).toEqual({ kind: 'refused', id, command });
  await writeFile(join(paths.commands, `${ID}.json`), JSON.stringify(command));
  expect(await readCommand(paths, ID)).toMatchObject({ kind: 'malformed' });
});

test('every kind of command is read back as it was written', async () => {
  await using paths = await place();
  const body = arbitraryOf(Command) as fc.Arbitrary<Command>;
  await fc.assert(
    fc.asyncProperty(body, async (any) => {
      const command = { ...any, id: ulid(), at: '2026-01-08T10:00:00.000Z' };
      await leaveCommand(paths, command);
      const reading = await readCommand(paths, command.id);
      expect(reading).toEqual({
        kind: 'command',
        id: command.id,
        command: JSON.parse(JSON.stringify(command)),
      });
      await removeCommand(paths, command.id);
    }),
    { numRuns: 40 },
  );
});

test('commands are listed oldest first, in whatever order they were written', async () => {
  await using paths = await place();
  const ids = [3, 1, 2].map((at) => ulid(at * 1_000_000));
  for (const id of ids) await leaveCommand(paths, message(id, ''));
  expect(pendingCommandIds(paths)).toEqual([...ids].sort());
});

test('writing the same command again changes nothing', async () => {
  await using paths = await place();
  const id = ulid();
  await leaveCommand(paths, message(id, 'first'));
  await leaveCommand(paths, message(id, 'second'));
  expect(await readCommand(paths, id)).toMatchObject({ command: { text: 'first' } });
  expect(await readdir(paths.commands)).toEqual([`${id}.json`]);
});

const ID = '01KEE000000000000000000001';
test.each([
  ['torn', '{"v":1', 'not JSON'],
  ['null', 'null', 'expected object'],
  [
    'under another name',
    JSON.stringify(message(ulid(), '')),
    'the id inside differs from the name of the file',
  ],
  ['by an unknown channel', JSON.stringify({ ...message(ID, ''), by: { channel: 'owl' } }), 'channel'],
  ['larger than two megabytes', JSON.stringify(message(ID, 'x'.repeat(2_200_000))), 'too large'],
])('a command that is %s reads as malformed, with the reason', async (_, text, problem) => {
  await using paths = await place();
  await mkdir(paths.commands);
  await writeFile(join(paths.commands, `${ID}.json`), text);
  const reading = await readCommand(paths, ID);
  expect(reading).toMatchObject({ kind: 'malformed', id: ID });
  expect(reading?.kind === 'malformed' && reading.problem).toContain(problem);
});

const UNKNOWN = 'with an unknown kind or field';

test.each<[string, object, string]>([
  ['another format', { v: 9 }, 'format 9'],
  ['an unknown kind', { kind: 'dance' }, UNKNOWN],
  ['an unknown field', { loudly: true }, UNKNOWN],
  ['an unknown field of the requester', { by: { channel: 'cli', badge: 7 } }, UNKNOWN],
  [
    'an unknown limit',
    { kind: 'resume', text: undefined, limits: { session: { naps: 3 }, phases: {} } },
    UNKNOWN,
  ],
  [
    'an unknown field of the agent',
    { kind: 'resume', text: undefined, agent: { model: '', mood: 'good' } },
    UNKNOWN,
  ],
  [
    'an unknown field of an answer',
    {
      kind: 'answer',
      text: undefined,
      answers: [{ id: 'Q1', text: 'A', sure: 1 }],
      acceptSuggestions: false,
      confirmTyped: false,
    },
    UNKNOWN,
  ],
  ['a kind with control characters', { kind: '\u001b[31m' }, UNKNOWN],
])(
  'a command with %s is reported as newer, and no part of it is silently dropped',
  async (_, change, problem) => {
    await using paths = await place();
    await mkdir(paths.commands);
    await writeFile(join(paths.commands, `${ID}.json`), JSON.stringify({ ...message(ID, ''), ...change }));
    expect(await readCommand(paths, ID)).toEqual({ kind: 'newer', id: ID, problem });
  },
);

test('a folder, link or pipe is malformed and can be removed; other names are ignored', async () => {
  await using paths = await place();
  await mkdir(paths.commands);
  const ids = [ulid(), ulid(), ulid()];
  const [folder, pipe, link] = ids.map((id) => join(paths.commands, `${id}.json`)) as [
    string,
    string,
    string,
  ];
  await mkdir(join(folder, 'deep'), { recursive: true });
  execFileSync('mkfifo', [pipe]);
  execFileSync('ln', ['-s', '/etc/hostname', link]);
  for (const name of ['note.txt', `.${ulid()}.json.abc.draft`, '../x.json'.slice(3)])
    await writeFile(join(paths.commands, name), '{}');
  expect(pendingCommandIds(paths)).toEqual([...ids].sort());
  for (const id of ids) {
    expect(await readCommand(paths, id)).toMatchObject({ kind: 'malformed', problem: 'not a plain file' });
    await removeCommand(paths, id);
  }
  expect(pendingCommandIds(paths)).toEqual([]);
});
