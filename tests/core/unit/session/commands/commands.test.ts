import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { gateRuleOf } from '../../../../../src/core/caller/commands/early-refusal.ts';
import { commandRefused } from '../../../../../src/core/caller/commands/send-command.ts';
import { CHANNELS } from '../../../../../src/core/kernel/phases/channels.ts';
import { COMMAND_ROWS, canSend, judgeKind } from '../../../../../src/core/session/commands/command-rows.ts';
import {
  Command,
  leaveCommand,
  pendingCommandIds,
  readCommand,
  removeCommand,
} from '../../../../../src/core/session/commands/commands.ts';
import {
  judgeArchive,
  judgeDiscard,
  judgeMerge,
  judgePublish,
  judgeUnarchive,
} from '../../../../../src/core/session/commands/judge-finish.ts';
import {
  judgeAnswer,
  judgeApprove,
  judgeRequestChanges,
} from '../../../../../src/core/session/commands/judge-gates.ts';
import { judgeRewind } from '../../../../../src/core/session/commands/judge-rewind.ts';
import { judgeRound } from '../../../../../src/core/session/commands/judge-round.ts';
import {
  judgeMessage,
  judgeResume,
  judgeStart,
  judgeStop,
  judgeWithdraw,
} from '../../../../../src/core/session/commands/judge-running.ts';
import type { Refused, SentBy } from '../../../../../src/core/session/commands/refused.ts';
import { planHash } from '../../../../../src/core/session/documents/plan.ts';
import { questionHash, questionsHash } from '../../../../../src/core/session/documents/qa.ts';
import type { SessionEvent } from '../../../../../src/core/session/events/events.ts';
import { nextRound } from '../../../../../src/core/session/events/rounds.ts';
import type { SessionState } from '../../../../../src/core/session/events/state.ts';
import { arbitraryOf } from '../../../../support/arbitrary-of.ts';
import { personsArbitrary, rulesArbitrary, statesArbitrary } from '../../../../support/random-states.ts';
import { sessionFileSample } from '../../../../support/session-file-sample.ts';
import { STATES } from '../../../../support/session-states.ts';
import { tempDir } from '../../../../support/temp-dir.ts';
import { codeOf, since } from '../verdicts.ts';

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

type Kind = Command['kind'];
type Verdict = { kind: 'accepted' } | Refused;

const PLAN = '# Plan\n\n## Phase 1: Float\n- [ ] Build\n';
const HASH = planHash(PLAN);
const FREE = { into: 'main', ahead: 1, sinceBase: 1, isTaken: false, names: [] };
const EVENTS = [{ type: 'iteration_started', n: 1 }] as unknown as readonly SessionEvent[];
const KEPT = { commits: new Set(['c']), start: 'c', beforeRewinds: new Map<number, string>() };
const ask = (id: string) => ({ id, text: `Which ${id}?`, options: [], round: 1, number: 1 });
const ON_RECORD = ask('Q9');

/** What the worker's judge says of the contents that it is most likely to take, where git and the disk allow all. */
const BEST: Partial<Record<Kind, (state: SessionState, sent: SentBy) => Verdict[]>> = {
  start: (state, { by, rule }) => [judgeStart({ by }, state, { ...sessionFileSample().settings, ...rule })],
  answer(state, { by, rule }) {
    const open = state.status.kind === 'waiting' ? state.status.openQuestions : [];
    const facts = { questions: [...open.map(ask), ON_RECORD], open, unconfirmed: [], ...rule };
    const hash = questionsHash(facts);
    const fixed = { by, hash, acceptSuggestions: false, confirmTyped: false };
    const given = (id: string | undefined) => (id ? [{ id, text: 'this' }] : []);
    return [
      judgeAnswer({ ...fixed, answers: given(open[0]) }, state, facts),
      judgeAnswer({ ...fixed, answers: given('Q9'), replace: true }, state, facts),
    ];
  },
  approve(state, { by, rule }) {
    const plan = { name: 'plan.md', text: PLAN, hash: HASH };
    return [judgeApprove({ by, hash: HASH }, state, { plan, ...rule })];
  },
  request_changes: (state, { by, rule }) => [judgeRequestChanges({ by, feedback: 'Longer' }, state, rule)],
  message: (state) => [judgeMessage({ text: 'Mind the sail' }, state)],
  withdraw_message: (state) =>
    (state.messages.waiting.length > 0 ? state.messages.waiting : [{ id: 'm' }]).map(({ id }) =>
      judgeWithdraw({ message: id }, state, []),
    ),
  stop: (state) => [judgeStop(state)],
  resume: (state, { by }) => [judgeResume({ by }, state), judgeResume({ by, goal: 'More' }, state)],
  archive: (state) => [judgeArchive({ what: 'session', keep: [] }, state, FREE)],
  unarchive: (state) => [judgeUnarchive(state, FREE)],
  merge: (state, { by, rule }) => [judgeMerge({ by, ...rule }, state, FREE)],
  publish: (state, { by, rule }) =>
    (['pull_request', 'round', 'issue'] as const).map((what) =>
      judgePublish({ by, what, ...rule }, state, FREE),
    ),
  discard: (state, { by, rule }) => [judgeDiscard({ by, ...rule }, state, FREE)],
  round(state, { by, rule }) {
    const round = { number: nextRound(state), keys: [], head: 'a', base: 'b', threads: [] };
    return [judgeRound({ by, round, byHand: true }, state, rule)];
  },
  rewind: (state) => [judgeRewind({ to: 0 }, state, { events: EVENTS, kept: KEPT })],
};

const answered = personsArbitrary.map((who) => ({
  ...{ id: 'Q9', question: questionHash(ON_RECORD as never), text: 'that', by: who, at: since },
}));
const states = fc
  .tuple(statesArbitrary, fc.array(answered, { maxLength: 1 }))
  .map(([state, answers]): SessionState => ({ ...state, answers }));
const sender = fc.record({ by: personsArbitrary, rule: rulesArbitrary });
const kind = fc.constantFrom(...(Object.keys(BEST) as Kind[]));

test('the judge of what can be sent now refuses only what the judge of every content refuses, and all of that', () => {
  fc.assert(
    fc.property(kind, states, sender, (asked, now, sent) => {
      // A merge and a publication need commits, which only git knows of.
      const placed = asked === 'merge' ? { ...now, worktree: PLACE } : now;
      const refused = canSend(asked, placed, sent);
      const closed = judgeKind(asked, placed);
      const verdicts = closed ? [closed] : (BEST[asked]?.(placed, sent) ?? []);
      const isTaken = verdicts.some((verdict) => verdict.kind === 'accepted');
      const codes = verdicts.map(codeOf);
      expect([asked, codes, refused === undefined]).toEqual([asked, codes, isTaken]);
    }),
    { numRuns: 3000 },
  );
});

const PLACE = { path: '/w', branch: 'b', base: 'main', baseCommit: 'c' };

test('every kind has a judge here, but those whose contents alone are judged', () => {
  const without = Object.keys(COMMAND_ROWS).filter((each) => !(each in BEST));
  expect(without).toEqual(['pull_request', 'services']);
  expect(without.filter((each) => COMMAND_ROWS[each as Kind].now !== undefined)).toEqual([]);
});

test('the rule of a session that cannot be read here is left to its worker', () => {
  const [, report] = STATES[0] ?? expect.fail();
  expect(gateRuleOf({ ...report.view, sessionFile: undefined })).toEqual({ gateChannels: CHANNELS });
});

test.each([
  ['merge', 'Nothing was merged.'],
  ['unreadable', 'The session refused this.'],
  ['toString', 'The session refused this.'],
])('what a worker refused begins with what was not done: %s', (refusedKind, what) => {
  const event = { type: 'command_refused', id: 'x', kind: refusedKind, code: 'busy', message: 'y', hint: '' };
  expect(commandRefused(event as never, '26-01-08-boat').what).toBe(what);
});
