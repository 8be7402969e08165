import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ChatPiece, personsWords, piecesInFile } from '../../../../src/extensions/chats/clients/chat.ts';
import { readClaudeLine } from '../../../../src/extensions/chats/clients/claude-chats.ts';
import { readCodexLine } from '../../../../src/extensions/chats/clients/codex-chats.ts';
import { piecesInExport } from '../../../../src/extensions/chats/clients/opencode-chats.ts';
import { TurnCollector } from '../../../../src/extensions/chats/document/turns.ts';
import { asLines, claudeLines, codexLines } from '../../../support/chat-transcripts.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const TURNS = [
  { person: 'Which database?', agent: 'PostgreSQL.' },
  { person: 'Why?', agent: 'It is there already.', changes: ['/repo/a.ts'] },
];

function turnsOf(pieces: Iterable<ChatPiece>) {
  const collector = new TurnCollector((text) => text);
  for (const piece of pieces) collector.take(piece);
  return collector.turns.map(({ number, person, agent }) => [number, person, agent]);
}

const claude = (...lines: object[]) => turnsOf(lines.flatMap((line) => readClaudeLine(JSON.stringify(line))));
const codex = (...payloads: object[]) =>
  turnsOf(payloads.flatMap((payload) => readCodexLine(JSON.stringify({ type: 'event_msg', payload }))));

test.each([
  ['Claude Code', readClaudeLine, claudeLines('/repo', TURNS)],
  ['Codex', readCodexLine, codexLines('/repo', TURNS)],
] as const)('a transcript of %s has the texts, the folder and the changed files', (_, read, lines) => {
  const pieces = lines.flatMap((line) => read(JSON.stringify(line)));
  expect(turnsOf(pieces)).toEqual([
    [1, 'Which database?', 'PostgreSQL.'],
    [2, 'Why?', 'It is there already.'],
  ]);
  expect(pieces).toContainEqual({ kind: 'place', cwd: '/repo' });
  expect(pieces).toContainEqual(expect.objectContaining({ kind: 'changed', paths: ['/repo/a.ts'] }));
});

const said = (text: unknown, fields: object = {}) => ({
  type: 'user',
  message: { role: 'user', content: text },
  ...fields,
});
const answered = (text: string, fields: object = {}) => ({
  type: 'assistant',
  message: { id: `msg-${text}`, content: [{ type: 'text', text }] },
  ...fields,
});

test.each([
  ['a subagent', said('Look around', { isSidechain: true })],
  ['a hook or a command', said('Expanded', { isMeta: true })],
  ['the summary of a shortened chat', said('This session is being continued', { isCompactSummary: true })],
  ['a text that only a screen shows', said('Shown', { isVisibleInTranscriptOnly: true })],
  ['a background task', said('Done', { origin: { kind: 'task-notification' } })],
  ['a tool', said([{ type: 'tool_result', tool_use_id: 't', content: 'secret output' }])],
  ['a reminder', said('<system-reminder>\nRemember\n</system-reminder>')],
  ['the output of a command', said('<local-command-stdout>ok</local-command-stdout>')],
  [
    'a command without words',
    said(
      '<command-name>/clear</command-name>\n<command-message>clear</command-message>\n<command-args></command-args>',
    ),
  ],
  ['a teammate', said('<teammate-message teammate_id="b">\nReady\n</teammate-message>')],
  ['another program', said('<channel source="mail">\nHello\n</channel>')],
  ['a hook before the words', said('<user-prompt-submit-hook>\nBranch: main\n</user-prompt-submit-hook>')],
  ['a hook at the end', said('Stop hook feedback:\n- run the tests')],
  ['an older summary', said('This session is being continued from a previous conversation that ran out')],
  ['an interruption', said([{ type: 'text', text: '[Request interrupted by user for tool use]' }])],
  [
    'a task that ended while the agent worked',
    {
      type: 'attachment',
      attachment: { type: 'queued_command', prompt: 'x', commandMode: 'task-notification' },
    },
  ],
])('a line of %s begins no turn of a chat of Claude Code', (_, line) => {
  expect(claude(said('First'), answered('Yes.'), line)).toEqual([[1, 'First', 'Yes.']]);
});

test.each([
  ['an error of the service', answered('API Error: 500', { isApiErrorMessage: true })],
  ['a subagent', answered('Found it.', { isSidechain: true })],
  ['reasoning', { type: 'assistant', message: { content: [{ type: 'thinking', thinking: 'Hm.' }] } }],
])('a line of %s is not taken for the answer in a chat of Claude Code', (_, line) => {
  expect(claude(said('First'), answered('Yes.'), line)).toEqual([[1, 'First', 'Yes.']]);
});

test('of a turn the last text counts, with all blocks of its message', () => {
  const part = (text: string) => ({
    type: 'assistant',
    message: { id: 'last', content: [{ type: 'text', text }] },
  });
  expect(claude(said('First'), answered('I look.'), part('One.'), part('Two.'))).toEqual([
    [1, 'First', 'One.\n\nTwo.'],
  ]);
});

test('words of a command, words beside a reminder, and words typed while the agent works are of the person', () => {
  const command =
    '<command-message>plan</command-message>\n<command-name>/plan</command-name>\n<command-args>the login form</command-args>';
  const queued = {
    type: 'attachment',
    attachment: { type: 'queued_command', prompt: 'And fast', commandMode: 'prompt' },
  };
  const beside = said([
    { type: 'text', text: '<ide_selection>x</ide_selection>' },
    { type: 'text', text: 'Rename it' },
  ]);
  expect(claude(said(command), queued, beside).map(([, person]) => person)).toEqual([
    '/plan the login form',
    'And fast',
    'Rename it',
  ]);
});

test('a person who goes back and asks differently replaces the turns since then', () => {
  const lines = [
    said('First', { parentUuid: null }),
    said('Second', { parentUuid: 'a' }),
    answered('Wrong way.'),
    said('Third', { parentUuid: 'b' }),
    said('Second, but smaller', { parentUuid: 'a' }),
  ];
  expect(claude(...lines)).toEqual([
    [1, 'First', ''],
    [2, 'Second, but smaller', ''],
  ]);
});

test('a person who goes back to the first turn replaces the whole chat', () => {
  const lines = [
    said('First', { parentUuid: null }),
    said('Second', { parentUuid: 'a' }),
    said('First, but smaller', { parentUuid: null }),
  ];
  expect(claude(...lines)).toEqual([[1, 'First, but smaller', '']]);
});

const UNFINISHED = ['<system-reminder>', '<system-reminder ', '<command-args>a', '<command-args> '];

test.each(UNFINISHED)(
  'a text of a million characters, %j again and again, takes seconds at most',
  (part) => {
    const startedAt = performance.now();
    for (const begin of ['', '<command-name>/x</command-name>'])
      personsWords(begin + part.repeat(1_000_000 / part.length));
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  },
  20_000,
);

test('older versions of Codex name the same events differently, and turns can be taken back', () => {
  const user = (message: string) => ({ type: 'user_message', message });
  const agent = (message: string) => ({ type: 'agent_message', message });
  expect(
    codex(
      user('One'),
      agent('Working.'),
      agent('1.'),
      user('Two'),
      agent('2.'),
      { type: 'thread_rolled_back', num_turns: 1 },
      user('Three'),
    ),
  ).toEqual([
    [1, 'One', '1.'],
    [2, 'Three', ''],
  ]);
});

test('the state of an editor before a message to Codex is left out', () => {
  const text =
    '# Context from my IDE setup:\n\n## Active file: a.ts\n\n## My request for Codex:\nRename it\n';
  expect(codex({ type: 'user_message', message: text })).toEqual([[1, 'Rename it', '']]);
});

test('an export of opencode has the texts up to the message to which the person went back', () => {
  const message = (id: string, role: string, parts: object[], summary?: unknown) => ({
    info: { id, role, summary },
    parts,
  });
  const text = (words: string, more: object = {}) => ({ type: 'text', text: words, ...more });
  const pieces = piecesInExport({
    info: { directory: '/repo', revert: { messageID: 'm5' } },
    messages: [
      message('m1', 'user', [text('Which database?'), text('attached', { synthetic: true })]),
      message('m2', 'assistant', [text('PostgreSQL.'), { type: 'reasoning', text: 'Hm.' }]),
      message('m3', 'assistant', [
        { type: 'tool', tool: 'edit', state: { status: 'completed', input: { filePath: '/repo/a.ts' } } },
      ]),
      message('m4', 'assistant', [text('A summary.')], true),
      message('m5', 'user', [text('Taken back')]),
    ] as Parameters<typeof piecesInExport>[0]['messages'],
  });
  expect(turnsOf(pieces)).toEqual([[1, 'Which database?', 'PostgreSQL.']]);
  expect(pieces).toContainEqual({ kind: 'changed', paths: ['/repo/a.ts'] });
});

test.each([readClaudeLine, readCodexLine])('%o never throws, whatever a line contains', (read) => {
  const anything = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `{"type":"user","message":${json}}`),
    fc.json().map((json) => `{"type":"event_msg","payload":${json}}`),
  );
  fc.assert(fc.property(anything, (line) => Array.isArray(read(line))));
});

test('a chat that grows while it is read has the lines that it had, without a half-written one', async () => {
  await using dir = await tempDir();
  const path = join(dir.path, 'chat.jsonl');
  const half = JSON.stringify(said('Half')).slice(0, -5);
  await writeFile(path, `${asLines([said('One'), answered('1.'), said('Two')])}${half}`);
  const pieces: ChatPiece[] = [];
  for (const piece of piecesInFile(path, readClaudeLine)) {
    pieces.push(piece);
    await appendFile(path, `${JSON.stringify(said('Later'))}\n`);
  }
  expect(turnsOf(pieces)).toEqual([
    [1, 'One', '1.'],
    [2, 'Two', ''],
  ]);
});

test('a chat of thousands of turns is collected in bounded memory: the first turn and the newest ones', () => {
  const collector = new TurnCollector((text) => text);
  const text = 'x'.repeat(20_000);
  for (let turn = 1; turn <= 3000; turn += 1) {
    collector.take({ kind: 'person', text: `${turn} ${text}` });
    collector.take({ kind: 'agent', text });
  }
  const numbers = collector.turns.map(({ number }) => number);
  expect(numbers).toEqual([1, ...Array.from({ length: 499 }, (_, index) => 2502 + index)]);
  const chars = collector.turns.reduce((sum, { person, agent }) => sum + person.length + agent.length, 0);
  expect(chars).toBeLessThan(5_000_000);
});
