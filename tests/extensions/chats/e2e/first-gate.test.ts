import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { readEvents } from '../../../../src/core/session/log/event-log.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import {
  claudeLines,
  claudePath,
  codexLines,
  codexPath,
  type TurnPlan,
  writeChat,
} from '../../../support/chat-transcripts.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { type Connection, connect } from '../../../support/mcp-client.ts';

/** As an agent does: each line of the chat that begins with `Decided:`, with its turn. */
const READS_CHAT = `
import { readFileSync, writeFileSync } from 'node:fs';
const folder = process.env.REHEARSAL_SESSION_DIR;
const turns = readFileSync(folder + '/_chat.md', 'utf8').split(/^## Turn /m);
const found = turns.flatMap((turn) => {
  const decided = /^> (Decided: .*)$/m.exec(turn);
  return decided ? ['- ' + decided[1] + ' (turn ' + parseInt(turn, 10) + '); checked: no file says so yet'] : [];
});
const dive = ['# Dive', '', '## Summary', 'Boats.', '', '## From the chat', ...found, '', '## Key Findings', '1. None.'];
writeFileSync(folder + '/11-27-1000-dive-boats.md', dive.join('\\n') + '\\n');
`;

const SCENARIO = {
  paceMs: 0,
  rules: [
    {
      when: { phase: 'investigation' },
      do: [
        { act: 'script', path: 'reads-chat.mjs' },
        { act: 'end', did: 'Read the chat', signal: { status: 'continue', phase: 'requirements' } },
      ],
    },
  ],
};

const TOKEN = `ghp_${'a1B2'.repeat(9)}`;

/** A talk of so many turns, of which each fiftieth decides something; the last one makes the call. */
function talkOf(count: number, call = ''): TurnPlan[] {
  return Array.from({ length: count }, (_, at) => {
    const turn = { person: `Question ${at + 1} about the boats`, agent: `Answer ${at + 1}, with ${TOKEN}.` };
    const decides = { ...turn, agent: `Decided: boat ${at + 1} is named after a river.` };
    const said = (at + 1) % 50 === 0 ? decides : turn;
    return at + 1 === count && call !== '' ? { ...said, call } : said;
  });
}

interface Scene extends Bench {
  server: Connection;
  /** Starts a session by the tool, as a client that sends this metadata. */
  start(args: object, meta?: object): Promise<{ isError: boolean; json: Record<string, string> }>;
}

async function scene(lines: Record<string, string> = {}): Promise<Scene> {
  const bench = await makeBench({ lines });
  const { repo } = bench;
  await writeFile(join(repo.root, 'scenario.json'), JSON.stringify(SCENARIO));
  await writeFile(join(repo.root, 'reads-chat.mjs'), READS_CHAT);
  const env = { ...repo.env, REHEARSAL_SCENARIO: join(repo.root, 'scenario.json') };
  const server = await connect({ cwd: repo.path, env });
  return {
    ...bench,
    server,
    async start(args, meta = {}) {
      const { isError, content } = await server.client.callTool({
        name: 'start_session',
        arguments: { ...args },
        _meta: { ...meta },
      });
      const [first] = content as { text: string }[];
      return { isError: isError === true, json: JSON.parse(first?.text ?? 'null') };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
    },
  };
}

async function untilGate(
  { view }: Bench,
  session: string,
  gate: 'qa_answers' | 'plan_approval',
): Promise<void> {
  await eventually(async () => {
    const { status } = (await view(session)).state;
    return status.kind === 'waiting' && status.for === gate;
  });
}

const claude = (id: string) => ({ 'claudecode/toolUseId': id });

test(
  'a chat of 200 turns becomes a session whose first gate shows what was decided in it, and no secret',
  ci,
  async () => {
    await using at = await scene();
    const { path, homeDir } = at.repo;
    await writeChat(claudePath(homeDir, path, 'talk'), claudeLines(path, talkOf(200, 'toolu_01Begin')));
    await writeChat(claudePath(homeDir, path, 'other'), claudeLines(path, [{ person: 'Sink them' }]));
    const { json } = await at.start({ from_chat: true }, claude('toolu_01Begin'));
    const session = String(json.session);
    expect(session).toMatch(/question-1-about-the-boats/);
    await untilGate(at, session, 'qa_answers');
    const { from_chat } = await at.server.ask('read_qa', { session });
    for (const turn of [50, 100, 150, 200])
      expect(from_chat).toContain(`Decided: boat ${turn} is named after a river. (turn ${turn}); checked`);
    const { paths, sessionFile } = await at.view(session);
    const quoted = await readFile(paths.chat, 'utf8');
    expect(sessionFile?.chat).toMatchObject({ from: 'Claude Code', id: 'talk', turns: 200 });
    const created = (await readEvents(paths, 0)).find((event) => event.type === 'session_created');
    expect(created?.given).toEqual({ chat: quoted });
    for (const name of await readdir(paths.sessionDir, { recursive: true, withFileTypes: true }))
      if (name.isFile())
        expect(await readFile(join(name.parentPath, name.name), 'utf8')).not.toContain(TOKEN);
  },
);

test('the same chat twice within ten minutes is one session, though it has grown; another chat is another', async () => {
  await using at = await scene();
  const { path, homeDir } = at.repo;
  await writeChat(claudePath(homeDir, path, 'talk'), claudeLines(path, talkOf(3, 'toolu_01First')));
  const first = await at.start({ from_chat: true }, claude('toolu_01First'));
  await writeChat(claudePath(homeDir, path, 'talk'), claudeLines(path, talkOf(5, 'toolu_01Second')));
  const second = await at.start({ from_chat: true }, claude('toolu_01Second'));
  expect([second.json.session, String(second.json.warnings)]).toEqual([
    first.json.session,
    expect.stringContaining('The same call started this session'),
  ]);
  await writeChat(claudePath(homeDir, path, 'other'), claudeLines(path, talkOf(2, 'toolu_01Other')));
  const other = await at.start({ from_chat: true }, claude('toolu_01Other'));
  expect(other.json.session).not.toBe(first.json.session);
  expect(await sessionFolders(at.sessionsDir)).toHaveLength(2);
});

test('a thread of Codex becomes a session, with the task that the call adds', async () => {
  await using at = await scene();
  const { path, homeDir } = at.repo;
  const thread = '019ac0de-7a1b-7c3d-8e4f-0123456789ab';
  await writeChat(codexPath(homeDir, thread), codexLines(path, talkOf(50)));
  const meta = { 'x-codex-turn-metadata': { thread_id: thread, workspaces: { [path]: {} } } };
  const { json } = await at.start({ from_chat: true, task: 'Name the boats' }, meta);
  expect(json.session).toMatch(/name-the-boats/);
  const { sessionFile } = await at.view(String(json.session));
  expect(sessionFile).toMatchObject({ task: 'Name the boats', chat: { from: 'Codex', turns: 50 } });
});

test('a brief reaches the approval of the plan where that is the first gate', async () => {
  await using at = await scene({ GATES: 'plan' });
  const { json } = await at.start({ brief: 'We talked.\nDecided: boats are named after rivers.' });
  const session = String(json.session);
  await untilGate(at, session, 'plan_approval');
  expect(await at.server.ask('read_plan', { session })).toMatchObject({
    from_chat: expect.stringContaining('Decided: boats are named after rivers.'),
  });
  const { home, cwd } = at.context;
  const { stdout } = await typed(['plan', session, '--no-pager'], { home, cwd, env: at.repo.env });
  expect(stdout).toMatch(/From the chat, as its agent read it:\n+.*boats are named after rivers/);
});

test('a call without the id of its chat starts nothing, and a person names one of the listed chats', async () => {
  await using at = await scene();
  const { path, homeDir } = at.repo;
  const id = '7c3d8e4f-0123-4567-89ab-019ac0de7a1b';
  await writeChat(claudePath(homeDir, path, id), claudeLines(path, talkOf(2)));
  const refused = await at.start({ from_chat: true });
  expect([refused.isError, refused.json.code]).toEqual([true, 'chat_unnamed']);
  expect(await sessionFolders(at.sessionsDir)).toEqual([]);
  const { home, cwd, programs } = at.context;
  const terminal = { home, cwd, programs, env: at.repo.env };
  const listed = await typed(['start', '--chat'], terminal);
  expect([listed.exitCode === 0, listed.stderr]).toEqual([false, expect.stringContaining(id)]);
  expect(listed.stderr).toContain('--chat without the id of a chat');
  expect(listed.stderr).not.toContain('brief');
  const cancelled = await typed(['start', '--chat'], { ...terminal, says: [''] });
  expect(cancelled.stderr).toContain('--chat without the id of a chat');
  expect(await sessionFolders(at.sessionsDir)).toEqual([]);
  const begun = await typed(['start', '--chat', '--no-run'], { ...terminal, says: ['1'] });
  expect(begun.stdout).toMatch(new RegExp(`^1\\) Claude Code, .* UTC, ${id}: `, 'm'));
  const [session = ''] = await sessionFolders(at.sessionsDir);
  expect([begun.exitCode, (await at.view(session)).sessionFile?.chat]).toEqual([
    0,
    expect.objectContaining({ id, turns: 2 }),
  ]);
});
