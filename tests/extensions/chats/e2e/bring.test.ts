import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import type { FormOutcome } from '../../../../src/core/faces/mcp/form.ts';
import type { ToolContext } from '../../../../src/core/faces/mcp/tool.ts';
import { definedOnly } from '../../../../src/core/kernel/defined-only.ts';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { refNameOf } from '../../../../src/core/session/layout/names.ts';
import { iterationPaths } from '../../../../src/core/session/layout/paths.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { bytesOfCheckout } from '../../../support/bytes-of-checkout.ts';
import { claudeLines, claudePath, writeChat } from '../../../support/chat-transcripts.ts';
import { BROUGHT, CALL, FILES, ofFiles, TALKED, talk } from '../../../support/chat-with-changes.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { connect } from '../../../support/mcp-client.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import type { TempRepo } from '../../../support/temp-repo.ts';
import { typedDigits } from '../../../support/type-digits.ts';

async function startFromChat(
  answer?: FormOutcome,
  also?: { settings: Record<string, string>; files: Record<string, string> },
) {
  const bench = await makeBench({ here: true, files: FILES });
  await talk(bench.repo);
  await bench.repo.write(also?.files ?? {});
  for (const [key, value] of Object.entries(also?.settings ?? {}))
    await bench.repo.git(['config', key, value]);
  const before = bytesOfCheckout(bench.repo.path);
  const forms: string[] = [];
  const ask: ToolContext['ask'] = async ({ message }) => {
    forms.push(message);
    return answer ?? { kind: 'unanswered' };
  };
  const actions = { ...bench.context, chatCall: { client: 'claude', id: CALL } } as const;
  const start = async () =>
    (await askTool('start_session', { from_chat: true }, actions, answer && { ask })).json;
  return { bench, before, forms, start, begun: await start() };
}

const filesIn = async ({ git }: TempRepo, commit: string) =>
  (await git(['diff-tree', '-r', '--no-commit-id', '--name-only', commit])).split('\n');

test(
  'the uncommitted files of a chat are offered in a form and become the first commit, and the main checkout stays as it was',
  ci,
  async () => {
    const { bench, before, forms, start, begun } = await startFromChat({
      kind: 'filled',
      filled: { files: 'copy' },
    });
    await using _ = bench;
    const { repo } = bench;
    expect(forms).toEqual([
      'The chat has changed 2 files without a commit: a.txt, new.txt.\nThe session can begin with copies of them, as they are when you answer. Your own files stay as they are.',
    ]);
    expect(ofFiles(begun.warnings)).toEqual([]);
    expect(bytesOfCheckout(repo.path)).toEqual(before);
    const [first = ''] = (await repo.git(['rev-list', '--reverse', `main..${begun.branch}`])).split('\n');
    expect(await filesIn(repo, first)).toEqual(['a.txt', 'new.txt']);
    expect(await repo.git(['show', `${first}:a.txt`])).toBe('of the chat');
    const { sessionFile } = await bench.view(String(begun.session));
    // Among the checkpoints, so that it goes with them.
    expect(
      await repo.git(['for-each-ref', '--format=%(refname)', '--contains', first, 'refs/samocode']),
    ).toContain(`refs/samocode/${sessionFile && refNameOf(sessionFile)}/brought/`);
    // The same call again finds the session and asks nothing.
    expect(await start()).toMatchObject({ session: begun.session });
    expect(forms.length).toBe(1);
  },
);

test.each<[string, FormOutcome | undefined]>([
  ['leaves them in the form', { kind: 'filled', filled: { files: 'leave' } }],
  ['closes the form', { kind: 'unanswered' }],
  ['is not shown the form', { kind: 'not_shown' }],
  ['has a client without forms', undefined],
])('where the person %s, the files are left and a warning names them', async (_, answer) => {
  const { bench, before, begun } = await startFromChat(answer);
  await using __ = bench;
  expect(ofFiles(begun.warnings)).toEqual([
    'The session begins without a.txt, new.txt, which the chat has changed and not committed. They stay in the main checkout as they are.',
  ]);
  expect(bytesOfCheckout(bench.repo.path)).toEqual(before);
  expect(await bench.repo.git(['rev-list', '--max-parents=0', 'main'])).toBe(
    await bench.repo.git(['rev-parse', `${begun.branch}`]),
  );
});

test('where git cannot copy the files, the session begins without them, and a warning says why', async () => {
  const attributes = '.git/attributes-of-test';
  const settings = { 'filter.broken.clean': 'false', 'filter.broken.required': 'true' };
  const answer = { kind: 'filled', filled: { files: 'copy' } } as const;
  const { bench, begun } = await startFromChat(answer, {
    settings: { ...settings, 'core.attributesFile': attributes },
    files: { [attributes]: '*.txt filter=broken\n' },
  });
  await using _ = bench;
  expect(ofFiles(begun.warnings)).toEqual([
    expect.stringMatching(/^The session begins without the files .*: git could not copy them\. "git /),
  ]);
  expect(begun.session).toBeDefined();
});

test.each<[string, string | undefined]>([
  ['another base', undefined],
  ['its branch as the base', 'feature'],
])('files that a chat changed in a linked worktree are named with their place, with %s', async (_, base) => {
  await using bench = await makeBench({ here: true, files: FILES });
  const { repo, context } = bench;
  const linked = join(repo.root, 'linked');
  await repo.git(['worktree', 'add', '--quiet', '-b', 'feature', linked]);
  await writeFile(join(linked, 'a.txt'), 'of the chat\n');
  const changes = [join(linked, 'a.txt')];
  const lines = claudeLines(linked, [{ person: 'Name the boats', agent: 'Done.', changes, call: CALL }]);
  await writeChat(claudePath(repo.homeDir, linked, 'this'), lines);
  const actions = { ...context, chatCall: { client: 'claude', id: CALL } } as const;
  const { json } = await askTool('start_session', { from_chat: true, ...(base && { base }) }, actions);
  const hint = base
    ? ''
    : ' To begin with the commits of that branch, start with it as the base (--base feature).';
  expect(ofFiles(json.warnings)).toEqual([
    `The chat has changed files in ${linked}, on the branch "feature". What is not committed there stays there, without a copy: a.txt.${hint}`,
  ]);
});

test('a start that is refused asks nothing and leaves no ref', async () => {
  await using bench = await makeBench({ here: true, ...TALKED });
  let asked = 0;
  const ask: ToolContext['ask'] = async () => {
    asked += 1;
    return { kind: 'filled', filled: { files: 'copy' } };
  };
  const actions = { ...bench.context, chatCall: { client: 'claude', id: CALL } } as const;
  const { json } = await askTool('start_session', { from_chat: true, provider: 'codex' }, actions, { ask });
  expect(json.code).toBe('cli_not_found');
  expect(asked).toBe(0);
  expect(await bench.repo.git(['for-each-ref', 'refs/samocode'])).toBe('');
});

async function notesOf(rig: SessionRig): Promise<string> {
  await rig.untilWaiting('qa_answers');
  const notices = (await rig.events()).flatMap((event) => (event.type === 'notice' ? [event.text] : []));
  const prompt = await readFile(iterationPaths(rig.paths, 1).prompt, 'utf8');
  return notices.filter((text) => prompt.includes(text)).join('\n');
}

test('copies that conflict with the base are left, the agent and the person read why, and the session continues', async () => {
  await using rig = await startRig({
    here: true,
    repo: {
      files: FILES,
      also: ['feature'],
      async rearrange(repo) {
        await repo.commit('later', { 'a.txt': 'of main\n' });
        await repo.git(['checkout', '--quiet', 'feature']);
        await talk(repo);
      },
    },
    start: { ...BROUGHT, base: 'main' },
  });
  const { repo, file } = rig;
  const before = bytesOfCheckout(repo.path);
  expect(await notesOf(rig)).toContain(
    'The branch begins without the files that the chat had changed and not committed (a.txt, new.txt): they conflict with main in a.txt. They are unchanged in the main checkout. Their copies: git show ',
  );
  expect(await repo.git(['show', `${file.chat?.brought?.commit}:a.txt`])).toBe('of the chat');
  expect(await repo.git(['rev-parse', `${file.settings.branch}`])).toBe(
    await repo.git(['rev-parse', 'main']),
  );
  expect(bytesOfCheckout(repo.path)).toEqual(before);
});

test('a branch that exists before does not get the copies, and that is said', async () => {
  await using rig = await startRig({
    here: true,
    repo: { ...TALKED, also: ['boats'] },
    start: { ...BROUGHT, branch: 'boats' },
  });
  expect(await notesOf(rig)).toContain('the branch boats existed before.');
});

test('a branch deleted before the first agent begins with the copies again, and they are not the work that its agent reads', async () => {
  await using rig = await startRig({ here: true, at: 'resting', repo: TALKED, start: BROUGHT });
  const { path = '', branch = '', firstCommit = '' } = (await rig.state()).worktree ?? {};
  expect(await rig.repo.git(['rev-parse', branch])).toBe(firstCommit);
  await rig.repo.git(['worktree', 'remove', '--force', path]);
  await rig.repo.git(['branch', '-D', branch]);
  await rig.resume();
  await rig.untilWaiting('qa_answers');
  expect(await rig.repo.git(['show', `${branch}:new.txt`])).toBe('new');
  expect(await readFile(iterationPaths(rig.paths, 1).prompt, 'utf8')).toContain(
    `The work of this session: \`git diff --no-ext-diff ${firstCommit.slice(0, 12)}\``,
  );
});

test.each<[string, string[] | undefined, string | undefined]>([
  ['a terminal asks, and copies them if the person says yes', ['y'], 'a.txt,new.txt'],
  ['Enter in a terminal leaves them', [''], undefined],
  ['without a terminal they are left', undefined, undefined],
])('of samocode start --chat, %s', async (_, says, brought) => {
  await using bench = await makeBench({ here: true, ...TALKED });
  const { home, cwd, programs, env } = bench.context;
  const before = bytesOfCheckout(bench.repo.path);
  const at = { home, cwd, programs, env: definedOnly(env), ...(says && { says }) };
  const { stdout, stderr } = await typed(['start', '--chat', 'this', '--no-run'], at);
  expect(/2 files without a commit: a.txt, new.txt/.test(stdout + stderr)).toBe(says !== undefined);
  expect(/begins without a.txt, new.txt/.test(stderr)).toBe(brought === undefined);
  const [folder = ''] = await sessionFolders(bench.sessionsDir);
  expect((await bench.view(folder)).sessionFile?.chat?.brought?.files.join()).toBe(brought);
  expect(bytesOfCheckout(bench.repo.path)).toEqual(before);
});

test.each(['before-session', 'after-session'])(
  'after a server dies %s is known, the same start brings the copies',
  async (point) => {
    await using bench = await makeBench(TALKED);
    const before = bytesOfCheckout(bench.repo.path);
    const { server } = await builtPrograms({}, { faults: true });
    const env = { ...bench.repo.env, SAMOCODE_CRASH_AT: point };
    const command = { command: process.execPath, args: [server] };
    const capabilities = { elicitation: {} };
    await using dying = await connect({ cwd: bench.repo.path, env, command, capabilities });
    dying.client.setRequestHandler(
      ElicitRequestSchema,
      ({ params }) => typedDigits(params) ?? { action: 'accept', content: { files: 'copy' } },
    );
    const call = {
      name: 'start_session',
      arguments: { from_chat: true },
      _meta: { 'claudecode/toolUseId': CALL },
    };
    await expect(dying.client.callTool(call)).rejects.toThrow('Connection closed');
    const actions = { ...bench.context, chatCall: { client: 'claude', id: CALL } } as const;
    const ask: ToolContext['ask'] = async () => ({ kind: 'filled', filled: { files: 'copy' } });
    const { json } = await askTool('start_session', { from_chat: true }, actions, { ask });
    expect(await sessionFolders(bench.sessionsDir)).toEqual([json.session]);
    await eventually(async () => (await bench.view(String(json.session))).state.status.kind === 'waiting');
    const branch = String((await bench.view(String(json.session))).sessionFile?.settings.branch);
    expect(await bench.repo.git(['show', `${branch}:new.txt`])).toBe('new');
    expect(bytesOfCheckout(bench.repo.path)).toEqual(before);
  },
);
