import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { loginPlaces } from '../../../../src/core/sandbox/cli-state.ts';
import { tempDir } from '../../../support/temp-dir.ts';

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
