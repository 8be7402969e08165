import { appendFile, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ChatWork } from '../../../../src/core/acts/sessions/start/work.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { type Clock, systemClock } from '../../../../src/core/kernel/clock.ts';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { openProject } from '../../../../src/core/project/finding/open-project.ts';
import { resolveChat } from '../../../../src/extensions/chats/resolve-chat.ts';
import {
  asLines,
  claudeLines,
  claudePath,
  codexLines,
  codexPath,
  type TurnPlan,
  writeChat,
} from '../../../support/chat-transcripts.ts';
import { ci } from '../../../support/ci.ts';
import { makeProject } from '../../../support/project.ts';
import { ORDINARY_NAMES, SECRET_NAMES } from '../../../support/secret-names.ts';
import { changesOfChat } from '../changes-of-chat.ts';

const CALL = 'toolu_01ABC';
const CALLER = { kind: 'chat', chat: { by: 'caller' } } as const;
const TALK: TurnPlan[] = [
  { person: 'Name the boats after colours', agent: 'Decided: by colour, not by number.' },
  { person: 'Do it', agent: 'I hand it over.', call: CALL },
];

async function scene() {
  const made = await makeProject();
  const { repo, context } = made;
  const project = await openProject({
    filePath: join(repo.path, '.samocode'),
    env: repo.env,
    homeDir: repo.homeDir,
  });
  const acting = (more: Partial<ActionContext> = {}): ActionContext => ({ ...context, ...more });
  return {
    ...made,
    ...{ home: repo.homeDir, path: repo.path },
    resolve: (work: ChatWork, more?: Partial<ActionContext>) => resolveChat(work, project, acting(more)),
    claude: (id: string, turns: readonly TurnPlan[], cwd = repo.path) =>
      writeChat(claudePath(repo.homeDir, cwd, id), claudeLines(cwd, turns)),
    codex: (id: string, turns: readonly TurnPlan[], cwd = repo.path) =>
      writeChat(codexPath(repo.homeDir, id), codexLines(cwd, turns)),
    changes: (work: ChatWork, more?: Partial<ActionContext>) => changesOfChat(work, project, acting(more)),
    [Symbol.asyncDispose]: () => repo[Symbol.asyncDispose](),
  };
}

const byClaude = { chatCall: { client: 'claude', id: CALL } } as const;
const byId = (id: string): ChatWork => ({ kind: 'chat', chat: { by: 'id', id } });
const byBrief = (text: string) => ({ kind: 'chat', chat: { by: 'brief', text } }) as const satisfies ChatWork;

test('the chat of Claude Code that makes the call is quoted, and names the session', ci, async () => {
  await using at = await scene();
  await at.claude('other', [{ person: 'Something else' }]);
  await at.claude('this', TALK);
  const resolved = await at.resolve(CALLER, byClaude);
  expect(resolved).toMatchObject({
    task: 'Carry on the work of the chat that _chat.md quotes.',
    words: 'Name the boats after colours',
    chat: { from: 'Claude Code', id: 'this', turns: 2 },
  });
  expect(resolved.chat?.text).toContain('> Decided: by colour, not by number.');
});

test('a task of the person replaces the sentence, and names the session', async () => {
  await using at = await scene();
  await at.claude('this', TALK);
  const resolved = await at.resolve({ ...CALLER, with: { kind: 'task', task: 'Only the sails' } }, byClaude);
  expect(resolved).toMatchObject({ task: 'Only the sails', words: 'Only the sails', chat: { turns: 2 } });
});

test('a plan that the chat made is carried out, without the secrets that the model copied into it', async () => {
  await using at = await scene();
  await at.claude('this', TALK);
  const secret = `ghp_${'a1B2'.repeat(9)}`;
  const plan = `# Name boats\n\n- [ ] with ${secret}\n`;
  const by = { channel: 'tool' } as const;
  const resolved = await at.resolve({ ...CALLER, with: { kind: 'plan', plan } }, { ...byClaude, by });
  expect(resolved).toMatchObject({ way: 'plan', words: 'Name boats', chat: { id: 'this' } });
  const { name, text = '', hash } = resolved.givenPlan ?? {};
  expect(name).toBe('from this chat');
  expect(text).toContain('- [ ] with ');
  expect(text).not.toContain(secret);
  expect(hash).toBe(fingerprint(text));
});

test('a chat that only quotes the call is not taken for the one that makes it', async () => {
  await using at = await scene();
  await at.claude('this', TALK);
  const quoting = [{ person: `Why did ${CALL} fail?`, agent: `{"type":"tool_use","id":"${CALL}"}` }];
  await at.claude('quoting', quoting);
  expect((await at.resolve(CALLER, byClaude)).chat?.id).toBe('this');
});

test('of two transcripts with the call none is taken, and both are listed', async () => {
  await using at = await scene();
  for (const id of ['this', 'its-copy']) await at.claude(id, TALK);
  await expect(at.resolve(CALLER, byClaude)).rejects.toMatchObject({
    code: 'chat_ambiguous',
    hint: expect.stringMatching(/(?=.* this: )(?=.* its-copy: )/s),
  });
});

/** A clock on which a wait takes no time, and does something. */
function waitingClock(during: () => Promise<void> = async () => {}): { clock: Clock; waited(): number } {
  let waited = 0;
  const sleep = async (ms: number) => {
    waited += ms;
    await during();
  };
  return { clock: { ...systemClock, monotonic: () => waited, sleep }, waited: () => waited };
}

test('the line of the call may be written after the call', async () => {
  await using at = await scene();
  const lines = asLines(claudeLines(at.path, TALK));
  const path = claudePath(at.home, at.path, 'this');
  await writeChat(path, []);
  const half = lines.length - 300;
  await appendFile(path, lines.slice(0, half));
  let isWritten = false;
  const { clock } = waitingClock(async () => {
    if (!isWritten) await appendFile(path, lines.slice(half));
    isWritten = true;
  });
  expect((await at.resolve(CALLER, { ...byClaude, clock })).chat).toMatchObject({ id: 'this', turns: 2 });
});

test('a chat that does not appear is waited for for two seconds, then the chats of this project are listed', async () => {
  await using at = await scene();
  await at.claude('this', TALK.slice(0, 1));
  const { clock, waited } = waitingClock();
  await expect(at.resolve(CALLER, { ...byClaude, clock })).rejects.toMatchObject({
    code: 'chat_not_found',
    hint: expect.stringContaining('this: "Name the boats after colours"'),
  });
  expect(waited()).toBe(2000);
});

test.each([
  ['Claude Code', byClaude, CALLER],
  ['Codex', { chatCall: { client: 'codex', id: 'thread-2' } }, CALLER],
  ['Claude Code, named by a person', {}, byId('elsewhere')],
] as const)('a chat of %s that began in another project is refused', async (_, more, work) => {
  await using at = await scene();
  const elsewhere = `${at.path}-2`;
  await mkdir(elsewhere);
  await at.claude('elsewhere', TALK, elsewhere);
  await at.codex('thread-2', TALK, elsewhere);
  await expect(at.resolve(work, more)).rejects.toMatchObject({ code: 'chat_elsewhere' });
});

test.each<[string, (lines: string) => Buffer | string, RegExp]>([
  ['in UTF-16', (lines) => Buffer.from(`\ufeff${lines}`, 'utf16le'), /in UTF-16/],
  ['without the folder of a line', () => '{"type":"summary"}\n', /names the folder/],
])('a chat %s is named as one that cannot be read', async (_, bytesOf, why) => {
  await using at = await scene();
  const path = claudePath(at.home, at.path, 'odd');
  await writeChat(path, []);
  await writeFile(path, bytesOf(asLines(claudeLines(at.path, TALK))));
  await expect(at.resolve(byId('odd'))).rejects.toMatchObject({
    code: 'chat_unreadable',
    why: expect.stringMatching(why),
  });
});

test('a chat in a folder or a worktree of the project is its own, and one in a worktree of a session is not', async () => {
  await using at = await scene();
  const linked = join(at.repo.root, 'linked');
  await at.repo.git(['worktree', 'add', '--quiet', linked]);
  const below = join(at.path, 'src/app');
  const ofSession = join(at.worktreesDir, '26-11-27-boats');
  for (const cwd of [linked, below, ofSession]) await at.claude(cwd.replaceAll('/', '-'), TALK, cwd);
  for (const cwd of [linked, below])
    expect((await at.resolve(byId(cwd.replaceAll('/', '-')))).chat?.turns).toBe(2);
  await expect(at.resolve(byId(ofSession.replaceAll('/', '-')))).rejects.toMatchObject({
    code: 'chat_elsewhere',
  });
});

const EXPORT = {
  messages: [
    { info: { id: 'm1', role: 'user' }, parts: [{ type: 'text', text: 'Name the boats' }] },
    { info: { id: 'm2', role: 'assistant' }, parts: [{ type: 'text', text: 'By colour.' }] },
  ],
};

/** A program that answers as opencode 1.18 does, with a chat of that folder. */
async function fakeOpencode(at: Awaited<ReturnType<typeof scene>>, directory: string) {
  const bin = join(at.repo.root, 'bin');
  await mkdir(bin);
  await mkdir(join(at.home, '.local/share/opencode'), { recursive: true });
  const listed = [{ id: 'ses_1', title: 'Boats', updated: Date.parse('2026-11-25T10:00:00Z'), directory }];
  const script = `#!/bin/sh
case "$1 $2" in
  'session list') echo '${JSON.stringify(listed)}';;
  'export ses_1') echo 'Exporting session: ses_1' >&2; echo '${JSON.stringify({ info: { directory }, ...EXPORT })}';;
  *) echo 'Error: Session not found' >&2; exit 1;;
esac
`;
  await writeFile(join(bin, 'opencode'), script, { mode: 0o755 });
  return { env: { ...at.repo.env, PATH: `${bin}:${at.repo.env.PATH}` } };
}

test('a call without a chat lists those of this project, newest first and without secrets, and takes none', async () => {
  await using at = await scene();
  await at.claude('this', [{ person: 'Use ghp_abcdefghijklmnop1234 for it' }]);
  await at.codex('thread-1', TALK);
  await at.codex('thread-2', TALK, '/elsewhere');
  await utimes(claudePath(at.home, at.path, 'this'), 0, Date.parse('2026-11-26T10:00:00Z') / 1000);
  await utimes(codexPath(at.home, 'thread-1'), 0, Date.parse('2026-11-27T09:05:00Z') / 1000);
  const refused = at.resolve(CALLER, await fakeOpencode(at, at.path));
  const list = [
    '- Codex, 2026-11-27 09:05 UTC, thread-1: "Name the boats after colours"',
    '- Claude Code, 2026-11-26 10:00 UTC, this: "Use [removed: token] for it"',
    '- opencode, 2026-11-25 10:00 UTC, ses_1: "Boats"',
  ];
  await expect(refused).rejects.toMatchObject({
    code: 'chat_id_missing',
    hint: expect.stringMatching(new RegExp(`newest first:\n${list.join('\n').replace(/[[\].]/g, '\\$&')}$`)),
  });
});

test('without any chat, the refusal says so', async () => {
  await using at = await scene();
  await expect(at.resolve(CALLER)).rejects.toMatchObject({
    code: 'chat_id_missing',
    hint: expect.stringContaining('No chat of Claude Code, Codex or opencode was found'),
  });
});

test('a person names a chat of Codex or opencode by its id', async () => {
  await using at = await scene();
  await at.codex('thread-1', TALK);
  expect((await at.resolve(byId('thread-1'))).chat).toMatchObject({
    from: 'Codex',
    id: 'thread-1',
    turns: 2,
  });
  const env = await fakeOpencode(at, at.path);
  expect((await at.resolve(byId('ses_1'), env)).chat).toMatchObject({
    from: 'opencode',
    id: 'ses_1',
    turns: 1,
  });
  await expect(at.resolve(byId('ses_2'), env)).rejects.toMatchObject({ code: 'chat_unreadable' });
  await expect(at.resolve(byId('../../etc/passwd'))).rejects.toMatchObject({ code: 'chat_not_found' });
});

test('opencode that is not installed, or a chat of it in another project, is refused', async () => {
  await using at = await scene();
  const PATH = join(at.repo.root, 'nothing');
  await expect(at.resolve(byId('ses_1'), { env: { ...at.repo.env, PATH } })).rejects.toMatchObject({
    code: 'chat_unreadable',
    why: 'The program opencode is not on PATH.',
  });
  const elsewhere = await fakeOpencode(at, '/elsewhere');
  await expect(at.resolve(byId('ses_1'), elsewhere)).rejects.toMatchObject({ code: 'chat_elsewhere' });
});

test('secrets planted in texts are in no document, no task and no name', ci, async () => {
  await using at = await scene();
  const secrets = {
    environment: 'swordfish-of-the-environment',
    project: 'pa$$word"of.the project',
    nested: 'value-of-a-nested-file',
    machine: 'value-of-the-machine',
    named: 'value-of-prod.env',
    linked: 'value-behind-a-link',
    utf16: 'value-in-utf-16',
    worktree: 'value-of-a-linked-worktree',
    word: 'correcthorse',
    token: 'sk-ant-api03-abcdefghijklmnopqrstuvwxyz',
  };
  await at.repo.write({
    '.env': `# The key\nAPI_KEY='${secrets.project}'\nPORT=8080\n`,
    'prod.env': `KEY=${secrets.named}\nDB_PASSWORD=${secrets.word}\n`,
    'services/api/.env.local': `export DB_PASSWORD=${secrets.nested}\n`,
  });
  const shared = join(at.repo.root, 'shared');
  await writeFile(shared, `A_KEY=${secrets.linked}\n`);
  await symlink(shared, join(at.path, '.env.shared'));
  await symlink('nowhere', join(at.path, '.env.gone'));
  await writeFile(join(at.path, '.env.windows'), Buffer.from(`\uFEFFA_KEY=${secrets.utf16}\r\n`, 'utf16le'));
  const linked = join(at.repo.root, 'linked');
  await at.repo.git(['worktree', 'add', '--quiet', linked]);
  await writeFile(join(linked, '.env'), `A_KEY=${secrets.worktree}\n`);
  await mkdir(join(at.home, '.config/samocode'), { recursive: true });
  await appendFile(join(at.home, '.config/samocode/.env'), `TELEGRAM_TOKEN=${secrets.machine}\n`);
  const all = Object.values(secrets).join(' and ');
  const long = `${'x'.repeat(11_990)} ${all}`;
  await at.claude('this', [
    { person: all, agent: long },
    { person: long, agent: all, call: CALL },
  ]);
  const env = { ...at.repo.env, SERVICE_AUTH: secrets.environment };
  const brief = byBrief(`Decided: ${all}`);
  const task = `Use ${all}`;
  const added: ChatWork = { ...brief, with: { kind: 'task', task, dive: task } };
  for (const [work, more] of [
    [CALLER, { ...byClaude, env }],
    [brief, { env }],
    [added, { env }],
  ] as const) {
    const resolved = await at.resolve(work, more);
    const recorded = JSON.stringify(resolved);
    for (const secret of Object.values(secrets))
      expect(recorded).not.toContain(JSON.stringify(secret).slice(1, -1));
    // Nor the beginning of one, where a text was shortened.
    expect(recorded).not.toContain('swordfish');
    expect(resolved.chat?.text).toMatch(/SERVICE_AUTH ×\d.* token ×\d/);
    // Where files are is no secret.
    expect(resolved.words).not.toContain('removed');
  }
});

const WORDS = {
  ...{ RAILS_ENV: 'development', AWS_PROFILE: 'production', AWS_REGION: 'eu-central-1' },
  ...{ GIT_AUTHOR_NAME: 'Ada Lovelace', PGDATABASE: 'customers_production', DIALECT: 'postgresql' },
  ...{ DATABASE_URL: 'postgres://postgres:postgres@localhost/customers_production' },
};

test.each([
  ['the environment', { env: WORDS, file: '' }],
  [
    'a file',
    {
      env: {},
      file: Object.entries(WORDS)
        .map(([name, value]) => `${name}="${value}"\n`)
        .join(''),
    },
  ],
])('ordinary values of %s stay in the chat, and in its name', ci, async (_, { env, file }) => {
  await using at = await scene();
  await at.repo.write({ '.env': file });
  const person =
    'Deploy to production from eu-central-1 only. In development the table customers_production of postgresql stays empty, says Ada Lovelace.';
  await at.claude('this', [{ person, call: CALL }]);
  const resolved = await at.resolve(CALLER, { ...byClaude, env: { ...at.repo.env, ...env } });
  expect(resolved.words).toBe(person);
  expect(resolved.chat?.text).toContain(`> ${person}`);
  expect(resolved.chat?.text).not.toContain('emoved');
});

test('no chat has a value of a variable that is named like a secret, in the environment or in a file', async () => {
  await using at = await scene();
  const valueFor = (name: string, place: string) => `swordfish ${place} ${SECRET_NAMES.indexOf(name)} end`;
  await at.repo.write({
    '.env': SECRET_NAMES.map((name) => `${name}="${valueFor(name, 'file')}"\n`).join(''),
  });
  const ofShell = Object.fromEntries(SECRET_NAMES.map((name) => [name, valueFor(name, 'shell')]));
  const text = SECRET_NAMES.flatMap((name) => ['file', 'shell'].map((place) => valueFor(name, place))).join(
    '\n',
  );
  const env = { ...at.repo.env, ...ofShell };
  const resolved = await at.resolve(byBrief(text), { env });
  expect(resolved.chat?.text).toContain(
    `Removed from it as secrets: ${SECRET_NAMES.map((name) => `${name} ×2`).join(', ')}.`,
  );
  expect(resolved.chat?.text).not.toContain('swordfish');
});

test('a value of any other name stays', async () => {
  await using at = await scene();
  await at.repo.write({ '.env': ORDINARY_NAMES.map((name) => `${name}=in-production\n`).join('') });
  const ordinary = Object.fromEntries(ORDINARY_NAMES.map((name) => [name, 'in-development']));
  const text = 'We are in-production and in-development';
  const env = { ...ordinary, ...at.repo.env };
  const resolved = await at.resolve(byBrief(text), { env });
  expect(resolved.chat?.text).toContain(text);
});

test('plain words of the settings stay', async () => {
  await using at = await scene();
  await at.repo.write({ '.env': 'DIALECT=postgresql\nNODE_ENV=production-like\n' });
  const text = 'We use postgresql in production-like places';
  const resolved = await at.resolve(byBrief(text));
  expect(resolved.chat?.text).toContain(text);
});

test('a file of secrets that cannot be read is named, and no session is started', async () => {
  await using at = await scene();
  await at.repo.write({ '.env': `A=${'x'.repeat(1024 * 1024)}` });
  await expect(at.resolve(byBrief('x'))).rejects.toMatchObject({
    code: 'secrets_unread',
    what: expect.stringContaining('/.env could not be'),
  });
});

test.each([
  ['an empty brief', ' \n', 'It is empty.'],
  ['a long brief', 'x'.repeat(20_001), 'It has 20001 characters, and a brief has at most 20000.'],
])('%s is refused', async (_, text, why) => {
  await using at = await scene();
  await expect(at.resolve(byBrief(text))).rejects.toMatchObject({
    code: 'brief_unusable',
    why,
  });
});

test('a brief is quoted as the summary of a chat', async () => {
  await using at = await scene();
  const resolved = await at.resolve(byBrief('Name the boats\n# By colour'));
  expect(resolved.chat).toMatchObject({ from: 'summary', turns: 0 });
  expect(resolved.chat?.text).toContain('> Name the boats\n> # By colour');
});

test('a chat without a text of a person is refused', async () => {
  await using at = await scene();
  const [first] = claudeLines(at.path, TALK);
  await writeChat(claudePath(at.home, at.path, 'this'), [{ ...first, isMeta: true }]);
  await expect(at.resolve(byId('this'))).rejects.toMatchObject({ code: 'chat_empty' });
});

test('the files that tool calls changed are those of the main repository, without calls that failed', async () => {
  await using at = await scene();
  const ids = { of: 'edit-1-' };
  const turns = [
    { person: 'One', agent: '1.' },
    {
      person: 'Two',
      agent: '2.',
      changes: ['b.ts', 'src/a.ts', 'denied.ts']
        .map((name) => join(at.path, name))
        .concat('/etc/hosts', `${at.path}-2/c.ts`, 'relative.ts'),
      call: CALL,
    },
  ];
  const failed = { type: 'tool_result', tool_use_id: `${ids.of}2`, is_error: true, content: 'denied' };
  const path = claudePath(at.home, at.path, 'this');
  await writeChat(path, [
    ...claudeLines(at.path, turns),
    { type: 'user', message: { role: 'user', content: [failed] } },
  ]);
  const subagent = path.replace('.jsonl', '/subagents/agent-1.jsonl');
  const bySubagent = claudeLines(at.path, [{ person: 'Look', changes: [join(at.path, 'sub.ts')] }]);
  await writeChat(
    subagent,
    bySubagent.map((line) => ({ ...line, isSidechain: true })),
  );
  await at.codex(
    'thread-1',
    turns.map((each) => ({ ...each, changes: [join(at.path, 'c.ts')] })),
  );
  expect(await at.changes(CALLER, byClaude)).toEqual(['b.ts', 'relative.ts', 'src/a.ts', 'sub.ts']);
  expect(await at.changes(byId('thread-1'))).toEqual(['c.ts']);
  expect((await at.resolve(byBrief('x'))).files).toBeUndefined();
});
