import { execFileSync } from 'node:child_process';
import { mkdir, readFile, readlink, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { PROVIDER_ERRORS } from '../../../../src/core/agents/contract/provider-errors.ts';
import { allProviders } from '../../../../src/core/agents/registry.ts';
import { filesBelow } from '../../../../src/core/kernel/files/path-stats.ts';
import {
  copyState,
  loginPlaces,
  openStates,
  stateCopyIn,
  stateFolderOf,
} from '../../../../src/core/sandbox/cli-state.ts';
import { HAS_EXTENSIONS } from '../../../support/has-extensions.ts';
import { tempDir } from '../../../support/temp-dir.ts';

type Files = Readonly<Record<string, string>>;

/** A home folder with these files, and the place of the copies. */
async function homeWith(files: Files, env: Files = {}) {
  const dir = await tempDir();
  const home = join(dir.path, 'home');
  const folder = join(dir.path, 'copies');
  for (const [name, text] of Object.entries({ '.keep': '', ...files })) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), text);
  }
  return {
    home,
    folder,
    copy: (cli: string) => copyState(cli, { dir: home, env }, folder),
    copied: () => filesBelow(stateCopyIn(folder)).sort(),
    read: (name: string) => readFile(join(stateCopyIn(folder), name), 'utf8'),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

const JWT = `e30.${Buffer.from(JSON.stringify({ exp: 1_800_000_000 })).toString('base64url')}.x`;

/** What a person has, and what agents get of it. */
const ROWS: readonly {
  cli: string;
  has: Files;
  gets: readonly string[];
  login?: [string, unknown, string?];
}[] = [
  {
    cli: 'claude',
    has: {
      '.claude/settings.json': '{}',
      '.claude/CLAUDE.md': '@RTK.md',
      '.claude/RTK.md': 'x',
      '.claude/skills/a/SKILL.md': 'x',
      '.claude/hooks/check.sh': 'x',
      '.claude/plugins/installed_plugins.json': '{}',
      '.claude/plugins/cache/big/file': 'x',
      '.claude/projects/-work/secret.jsonl': 'x',
      '.claude/shell-snapshots/snapshot-bash-1.sh': 'x',
      '.claude/history.jsonl': 'x',
      '.claude/.credentials.json': JSON.stringify({
        claudeAiOauth: { accessToken: 'a', refreshToken: 'r', expiresAt: 1_800_000_000_000, scopes: ['s'] },
        mcpOAuth: { server: { refreshToken: 'r' } },
      }),
    },
    gets: [
      ...['.credentials.json', 'CLAUDE.md', 'RTK.md', 'hooks/check.sh', 'plugins/installed_plugins.json'],
      ...['settings.json', 'skills/a/SKILL.md'],
    ],
    login: [
      '.credentials.json',
      { claudeAiOauth: { accessToken: 'a', refreshToken: '', expiresAt: 1_800_000_000_000, scopes: ['s'] } },
    ],
  },
  {
    cli: 'codex',
    has: {
      '.codex/config.toml': '',
      '.codex/work.config.toml': '',
      '.codex/AGENTS.md': '',
      '.codex/rules/default.rules': '',
      '.codex/sessions/2026/01/01/rollout-x.jsonl': '',
      '.codex/shell_snapshots/x.sh': '',
      '.codex/history.jsonl': '',
      '.codex/auth.json': JSON.stringify({
        OPENAI_API_KEY: null,
        tokens: { id_token: 'i', access_token: JWT, refresh_token: 'r', account_id: 'c' },
      }),
    },
    gets: ['AGENTS.md', 'auth.json', 'config.toml', 'rules/default.rules', 'work.config.toml'],
    login: [
      'auth.json',
      {
        OPENAI_API_KEY: null,
        tokens: { id_token: 'i', access_token: JWT, refresh_token: '', account_id: 'c' },
      },
    ],
  },
  {
    cli: 'gemini',
    has: {
      '.gemini/settings.json': '{}',
      '.gemini/GEMINI.md': '',
      '.gemini/tmp/x/chats/session.jsonl': '',
      '.gemini/oauth_creds.json': '{"access_token":"a","refresh_token":"r","expiry_date":1}',
    },
    gets: ['GEMINI.md', 'oauth_creds.json', 'settings.json'],
    login: ['oauth_creds.json', { access_token: 'a', refresh_token: 'r', expiry_date: 1 }],
  },
  {
    cli: 'opencode',
    has: {
      '.local/share/opencode/auth.json': JSON.stringify({
        openai: { type: 'oauth', access: 'a', refresh: 'r', expires: 1 },
        'github-copilot': { type: 'oauth', access: 'a', refresh: 'lasting', expires: 1 },
        zai: { type: 'api', key: 'k' },
      }),
      '.local/share/opencode/opencode.db': '',
      '.config/opencode/opencode.json': '{}',
    },
    gets: ['auth.json'],
    login: [
      'auth.json',
      {
        openai: { type: 'oauth', access: 'a', refresh: '', expires: 1 },
        'github-copilot': { type: 'oauth', access: 'a', refresh: 'lasting', expires: 1 },
        zai: { type: 'api', key: 'k' },
      },
    ],
  },
  {
    cli: 'copilot',
    has: { '.copilot/config.json': '{}', '.copilot/session-state/x/events.jsonl': '' },
    gets: ['config.json'],
  },
  {
    cli: 'qwen',
    has: {
      '.qwen/settings.json': '{}',
      '.qwen/tmp/x': '',
      '.qwen/oauth_creds.json': '{"access_token":"a","refresh_token":"r"}',
    },
    gets: ['oauth_creds.json', 'settings.json'],
    login: ['oauth_creds.json', { access_token: 'a' }],
  },
];

test.each(ROWS.filter(({ cli }) => HAS_EXTENSIONS || ['claude', 'codex', 'gemini'].includes(cli)))(
  'an agent of $cli gets named parts of its state and no token that renews the login',
  async (row) => {
    await using home = await homeWith(row.has);
    const mounts = await home.copy(row.cli);
    expect(home.copied()).toEqual([...row.gets].sort());
    const place = stateFolderOf(row.cli, { dir: home.home, env: {} });
    expect(mounts[0]).toEqual({ kind: 'writable', path: place, from: stateCopyIn(home.folder) });
    if (row.login) expect(JSON.parse(await home.read(row.login[0]))).toEqual(row.login[1]);
  },
);

test('the end of an access token is read from the logins of Claude Code and Codex', () => {
  const ends = ROWS.flatMap(({ cli, login }) => {
    const endsAt = allProviders().find(({ name }) => name === cli)?.state?.login?.endsAt;
    return endsAt && login ? [[cli, endsAt(login[1])]] : [];
  });
  expect(ends).toEqual([
    ['claude', 1_800_000_000_000],
    ['codex', 1_800_000_000_000],
  ]);
});

test('a copy is made afresh: what an agent wrote is neither kept nor written back', async () => {
  await using home = await homeWith({ '.claude/settings.json': '{}' });
  await home.copy('claude');
  await writeFile(join(stateCopyIn(home.folder), 'settings.json'), 'written');
  await writeFile(join(stateCopyIn(home.folder), 'planted'), 'written');
  await home.copy('claude');
  expect(home.copied()).toEqual(['settings.json']);
  expect(await home.read('settings.json')).toBe('{}');
  expect(await readFile(join(home.home, '.claude/settings.json'), 'utf8')).toBe('{}');
});

test('copies belong to their user alone, and scripts can still be run', async () => {
  await using home = await homeWith({ '.claude/settings.json': '{}', '.claude/hooks/a.sh': '' });
  execFileSync('chmod', ['755', join(home.home, '.claude/hooks/a.sh')]);
  await home.copy('claude');
  const modeOf = async (name: string) => (await stat(join(stateCopyIn(home.folder), name))).mode & 0o777;
  expect(await Promise.all(['.', 'hooks', 'hooks/a.sh', 'settings.json'].map(modeOf))).toEqual([
    ...[0o700, 0o700, 0o700, 0o600],
  ]);
});

test('a variable that moves the state folder is followed, and so is the file in it that else lies beside', async () => {
  await using outer = await tempDir();
  await using home = await homeWith({ '.claude/CLAUDE.md': 'x' }, { CLAUDE_CONFIG_DIR: outer.path });
  await writeFile(join(outer.path, 'settings.json'), '{}');
  await writeFile(join(outer.path, '.claude.json'), '{}');
  const mounts = await home.copy('claude');
  expect(home.copied()).toEqual(['.claude.json', 'settings.json']);
  expect(mounts).toEqual([{ kind: 'writable', path: outer.path, from: stateCopyIn(home.folder) }]);
});

test('files beside the state folder are copied and mounted one by one, and large plugins only shown', async () => {
  await using home = await homeWith({ '.claude.json': '{"a":1}', '.claude/plugins/cache/x/y': '' });
  const [state, shown, beside] = await home.copy('claude');
  expect(state?.path).toBe(join(home.home, '.claude'));
  const cache = join(home.home, '.claude/plugins/cache');
  expect(shown).toEqual({ kind: 'read_only', path: cache, from: cache });
  expect(beside?.path).toBe(join(home.home, '.claude.json'));
  expect(await readFile(beside?.from ?? '', 'utf8')).toBe('{"a":1}');
});

test('links are followed to files and installed skills, and neither to other folders nor without end', async () => {
  await using home = await homeWith({
    'dotfiles/CLAUDE.md': 'linked',
    '.agents/skills/near/SKILL.md': 'near',
    '.ssh/id': 'key',
    '.claude/skills/own/SKILL.md': 'own',
    '.claude/agents/a.md': 'a',
  });
  const at = (name: string) => join(home.home, name);
  await symlink(at('dotfiles/CLAUDE.md'), at('.claude/CLAUDE.md'));
  await symlink(at('.agents/skills/near'), at('.claude/skills/near'));
  await symlink(at('.ssh'), at('.claude/skills/own/far'));
  await symlink(at('.claude'), at('.claude/skills/round'));
  await symlink('..', at('.claude/skills/own/up'));
  await symlink('itself', at('.claude/skills/itself'));
  await symlink('nothing', at('.claude/skills/nothing'));
  await symlink(at('.claude/agents'), at('.claude/skills/own/inner'));
  await home.copy('claude');
  expect(home.copied()).toEqual([
    ...['CLAUDE.md', 'agents/a.md', 'skills/near/SKILL.md', 'skills/own/SKILL.md', 'skills/own/inner/a.md'],
  ]);
  expect(await home.read('CLAUDE.md')).toBe('linked');
  await expect(readlink(join(stateCopyIn(home.folder), 'CLAUDE.md'))).rejects.toThrow('EINVAL');
});

test('folders that link to each other end', async () => {
  await using home = await homeWith({ '.claude/skills/a/x': '', '.claude/skills/b/y': '' });
  const at = (name: string) => join(home.home, '.claude/skills', name);
  await symlink(at('b'), at('a/to-b'));
  await symlink(at('a'), at('b/to-a'));
  await home.copy('claude');
  expect(home.copied()).toContain('skills/a/to-b/y');
});

test('sockets and pipes are skipped', async () => {
  await using home = await homeWith({ '.claude/skills/a/x': '' });
  execFileSync('mkfifo', [join(home.home, '.claude/skills/pipe')]);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(home.home, '.claude/skills/socket'), resolve));
  await home.copy('claude');
  server.close();
  expect(home.copied()).toEqual(['skills/a/x']);
});

test('too much to copy is an error that names the part', async () => {
  await using home = await homeWith({ '.claude/skills/a/x': '' });
  await truncate(join(home.home, '.claude/skills/a/x'), 201 * 1024 ** 2);
  const error = await home.copy('claude').catch((thrown: unknown) => thrown);
  expect(PROVIDER_ERRORS.state_too_large.is(error)).toBe(true);
  expect(String(error)).toContain('.claude/skills');
});

test.each(['', 'no JSON', '"text"', 'null', '{"claudeAiOauth":null}', '[1]'])(
  'a login that is not understood gives agents no token: %j',
  async (text) => {
    await using home = await homeWith({ '.claude/.credentials.json': text });
    await home.copy('claude');
    const got = home.copied().includes('.credentials.json') ? await home.read('.credentials.json') : '';
    expect(['', '{}', '{"claudeAiOauth":null}']).toContain(got);
  },
);

const ofExtensions = HAS_EXTENSIONS ? ['kiro'] : [];

test.each(ofExtensions)(
  'a CLI whose login is in a database keeps its folder open, which is said: %s',
  async (cli) => {
    await using home = await homeWith({
      '.kiro/settings/cli.json': '{}',
      '.local/share/kiro-cli/data.sqlite3': '',
    });
    const mounts = await home.copy(cli);
    expect(mounts).toEqual([
      { kind: 'writable', path: join(home.home, '.local/share/kiro-cli'), ifThere: true },
      { kind: 'writable', path: join(home.home, '.kiro'), from: join(home.folder, 'beside-0') },
    ]);
    expect(openStates(['claude', 'kiro'])).toEqual([
      { title: 'Kiro CLI', why: 'its login is in a database' },
    ]);
  },
);

test('a settings file that an editor removes while it is copied is left out', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `.claude/commands/${index}.md`);
  await using home = await homeWith(Object.fromEntries(names.map((name) => [name, 'x'])));
  const paths = names.map((name) => join(home.home, name));
  const editor = new Worker(
    `const { rmSync, writeFileSync } = require('node:fs');
    const { workerData } = require('node:worker_threads');
    for (;;) for (const path of workerData) { rmSync(path, { force: true }); writeFileSync(path, 'x'); }`,
    { eval: true, workerData: paths },
  );
  try {
    for (let round = 0; round < 30; round += 1) await home.copy('claude');
  } finally {
    await editor.terminate();
  }
  await Promise.all(paths.map((path) => writeFile(path, 'x')));
  await home.copy('claude');
  expect(home.copied()).toHaveLength(names.length);
});

const ALL = ['.aws/config', '.config/gcloud/x.json', 'bin/print-key', 'keys/google.json'];

async function placesWith(
  env: Record<string, string>,
  settings: object = {},
  settingsPath = '.claude/settings.json',
): Promise<string[]> {
  await using dir = await tempDir();
  const files = {
    ...Object.fromEntries(ALL.map((name) => [name, 'x'])),
    [settingsPath]: JSON.stringify(settings),
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir.path, name)), { recursive: true });
    await writeFile(join(dir.path, name), text);
  }
  await mkdir(join(dir.path, '.claude'), { recursive: true });
  if (settingsPath !== '.claude/settings.json')
    await symlink(join('..', settingsPath), join(dir.path, '.claude/settings.json'));
  const named = Object.fromEntries(
    Object.entries(env).map(([key, value]) => [key, value.replace('~', dir.path)]),
  );
  const found = await loginPlaces({ dir: dir.path, env: named }, ['claude']);
  return found.map((path) => path.replace(`${dir.path}/`, ''));
}

test.each<[string, Record<string, string>, object, string[]]>([
  ['an account of Anthropic', {}, {}, []],
  ['Bedrock', { CLAUDE_CODE_USE_BEDROCK: '1' }, {}, ['.aws']],
  ['Bedrock, by the settings of Claude Code', {}, { env: { CLAUDE_CODE_USE_BEDROCK: '1' } }, ['.aws']],
  [
    'Vertex with a key file',
    { CLAUDE_CODE_USE_VERTEX: '1', GOOGLE_APPLICATION_CREDENTIALS: '~/keys/google.json' },
    {},
    ['.config/gcloud', 'keys/google.json'],
  ],
  ['a program that prints the key', {}, { apiKeyHelper: '~/bin/print-key --quiet' }, ['bin/print-key']],
  ['a program that is nowhere', {}, { apiKeyHelper: '~/bin/gone' }, []],
])('agents with %s can read what it names, and nothing else', async (_, env, settings, places) => {
  expect(await placesWith(env, settings)).toEqual(places);
});

test('settings are read also where they are a link into a folder under version control', async () => {
  const settings = { env: { CLAUDE_CODE_USE_BEDROCK: '1' } };
  expect(await placesWith({}, settings, 'dotfiles/claude.json')).toEqual(['.aws']);
});
